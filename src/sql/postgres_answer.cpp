// What PostgreSQL answers: errors in our words, values of columns.

#include <charconv>

#include "sql/postgres_connection.h"

namespace medperf::sql::postgres {
namespace {

std::string diagnostic(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text == nullptr ? std::string() : std::string(text);
}

/// "Key (a, b)=(1, 2) already exists." -> "a,b", in any language of the server; empty for
/// expressions.
std::string key_columns(const std::string& detail) {
  const std::size_t middle = detail.find(")=(");
  const std::size_t open = detail.find('(');
  if (middle == std::string::npos || open >= middle) return {};
  std::string columns;
  for (const char c : detail.substr(open + 1, middle - open - 1)) {
    if (c == '(' || c == ':') return {};
    if (c != ' ' && c != '"') columns += c;
  }
  return columns;
}

Error constraint_error(const std::string& state, const PGresult* result,
                       std::string_view statement) {
  // The message may quote values; they go to the cause only.
  const std::string cause = PQresultErrorMessage(result);
  const std::string table = diagnostic(result, PG_DIAG_TABLE_NAME);
  if (state == "23505") {
    const std::string columns = key_columns(diagnostic(result, PG_DIAG_MESSAGE_DETAIL));
    return make_error(
        ErrorKind::kConflict,
        columns.empty() ? diagnostic(result, PG_DIAG_CONSTRAINT_NAME) : table + "." + columns,
        "this value exists already", {}, cause);
  }
  if (state == "23502") {
    return make_error(ErrorKind::kInvalid, table + "." + diagnostic(result, PG_DIAG_COLUMN_NAME),
                      "a value is missing", {}, cause);
  }
  const bool check = state == "23514";
  return make_error(ErrorKind::kInvalid, written_table(statement),
                    check ? "a value is out of its range"
                          : "a row that is referred to does not exist or is still in use",
                    {}, cause);
}

}  // namespace

/// "cached plan must not change result type": a migration changed a table since it was prepared.
bool is_stale_plan(const PGresult* result) {
  return diagnostic(result, PG_DIAG_SQLSTATE) == "0A000" &&
         diagnostic(result, PG_DIAG_SOURCE_FUNCTION) == "RevalidateCachedQuery";
}

Error statement_error(const PGresult* result, std::string_view statement) {
  const std::string state = diagnostic(result, PG_DIAG_SQLSTATE);
  const std::string message = PQresultErrorMessage(result);
  const auto error = [&](ErrorKind kind, std::string what, std::string advice = {}) {
    return make_error(kind, "database", std::move(what), std::move(advice), message);
  };
  const std::string_view category = std::string_view(state).substr(0, 2);
  // 53200: no room for what serialisable transactions note of each other; it frees itself.
  if (state == "40001" || state == "40P01" || state == "55P03" || state == "53200" ||
      is_stale_plan(result)) {
    return error(ErrorKind::kBusy, "other transactions are in the way", "Try again later.");
  }
  if (category == "23") return constraint_error(state, result, statement);
  if (category == "22") return error(ErrorKind::kInvalid, "a value does not fit its column");
  if (state == "25006") return error(ErrorKind::kBug, "a read transaction tried to write");
  if (category == "42" || category == "26") return error(ErrorKind::kBug, "a wrong SQL statement");
  if (category == "54") return error(ErrorKind::kTooLarge, "a value or statement is too large");
  if (category == "XX") return error(ErrorKind::kCorrupt, "the database reports damage");
  if (state == "57014") return error(ErrorKind::kTimedOut, "a statement took too long");
  return error(ErrorKind::kUnavailable, "the database cannot do this now",
               "See its log for the reason.");
}

Error unreachable(std::string cause) {
  return make_error(ErrorKind::kUnavailable, "database", "PostgreSQL cannot be reached",
                    "Check that it runs, and the connection setting.", std::move(cause));
}

namespace {

enum TypeOid : Oid {  // of pg_type.dat; fixed for all versions
  kBool = 16,
  kBytea = 17,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kFloat4 = 700,
  kFloat8 = 701,
  kNumeric = 1700,
};

double to_number(std::string_view text) {
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);  // reads "Infinity", "NaN" too
  return number;
}

Value number_value(std::string_view text) {
  // sum(bigint) is numeric here and an integer in SQLite.
  std::int64_t integer = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), integer);
  if (code == std::errc() && end == text.data() + text.size()) return integer;
  return to_number(text);
}

}  // namespace

Value column_value(const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column) != 0) return nullptr;
  const char* data = PQgetvalue(result, row, column);
  const std::string_view text(data, static_cast<std::size_t>(PQgetlength(result, row, column)));
  switch (PQftype(result, column)) {
    case kBool:
      return std::int64_t{text == "t"};
    case kInt2:
    case kInt4:
    case kInt8:
    case kNumeric:
      return number_value(text);
    case kFloat4:
    case kFloat8:
      return to_number(text);
    case kBytea: {
      std::size_t size = 0;
      unsigned char* bytes = PQunescapeBytea(reinterpret_cast<const unsigned char*>(data), &size);
      std::string copy(reinterpret_cast<const char*>(bytes), size);
      PQfreemem(bytes);
      return copy;
    }
    default:
      return std::string(text);
  }
}

bool is_integer_type(Oid type) {
  return type == kBool || type == kInt2 || type == kInt4 || type == kInt8 || type == kNumeric;
}

std::int64_t integer_value(const PGresult* result, int row, int column) {
  const char* data = PQgetvalue(result, row, column);
  if (PQftype(result, column) == kBool) return *data == 't' ? 1 : 0;
  std::int64_t integer = 0;
  std::from_chars(data, data + PQgetlength(result, row, column), integer);
  return integer;
}

}  // namespace medperf::sql::postgres
