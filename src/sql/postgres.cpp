// The PostgreSQL driver on libpq.

#include <libpq-fe.h>

#include <charconv>
#include <unordered_map>

#include "base/log.h"
#include "sql/driver.h"

namespace medperf::sql {
namespace {

constexpr std::size_t kCachedStatements = 256;

/// Key of the advisory lock of exclusive transactions: "medperf" in ASCII.
constexpr const char* kTakeExclusiveLock = "SELECT pg_advisory_xact_lock(30792318992869222)";

struct ResultCloser {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, ResultCloser>;

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
  if (state == "40001" || state == "40P01" || state == "55P03" || is_stale_plan(result)) {
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

class Connection {
 public:
  static Result<std::unique_ptr<Connection>> open(const std::string& settings);
  explicit Connection(PGconn* handle) : handle_(handle) {}
  ~Connection() { PQfinish(handle_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Status run_script(const std::string& script, std::string* tag = nullptr);
  Result<Answer> run(std::string_view statement, const Params& params);
  Attempt transaction(const std::string& begin, const std::function<Status(Session&)>& f);
  bool lost() const { return PQstatus(handle_) != CONNECTION_OK; }
  bool in_transaction() const { return PQtransactionStatus(handle_) == PQTRANS_INTRANS; }
  bool idle() const { return PQtransactionStatus(handle_) == PQTRANS_IDLE; }

 private:
  struct Prepared {
    std::string name;
    int parameters = 0;
  };
  Result<const Prepared*> prepared(std::string_view statement);
  Status begin(const std::string& statement);
  Status reconnect();
  Status set_up();
  Error failure(const PGresult* result, std::string_view statement);
  void forget_statements();

  PGconn* const handle_;
  std::unordered_map<std::string, Prepared> statements_;
  std::uint64_t names_ = 0;
  bool stale_ = false;  ///< a prepared statement does not fit its table any more
};

void log_notice(void*, const PGresult* result) {
  log::debug("postgres_notice", {{"message", PQresultErrorMessage(result)}});
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& settings) {
  // Later words win, so the given settings may change these defaults.
  const char* const words[] = {"connect_timeout", "fallback_application_name", "dbname",
                               "client_encoding", nullptr};
  const char* const values[] = {"10", "medperf", settings.c_str(), "UTF8", nullptr};
  auto connection = std::make_unique<Connection>(PQconnectdbParams(words, values, 1));
  if (connection->lost()) return unreachable(PQerrorMessage(connection->handle_));
  MEDPERF_CHECK(connection->set_up());
  return connection;
}

Status Connection::set_up() {
  PQsetNoticeReceiver(handle_, log_notice, nullptr);
  const char* encoding = PQparameterStatus(handle_, "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8") {
    return make_error(ErrorKind::kUnavailable, "database", "its encoding is not UTF8",
                      "Create it with ENCODING 'UTF8'.");
  }
  return run_script(
      "SET standard_conforming_strings = on; SET lock_timeout = '30s';"
      "SET idle_in_transaction_session_timeout = '60s'; SET statement_timeout = '60s'");
}

Status Connection::reconnect() {
  statements_.clear();
  PQreset(handle_);
  if (lost()) return unreachable(PQerrorMessage(handle_));
  return set_up();
}

Error Connection::failure(const PGresult* result, std::string_view statement) {
  stale_ = stale_ || is_stale_plan(result);
  if (lost()) return unreachable(PQerrorMessage(handle_));
  return statement_error(result, statement);
}

void Connection::forget_statements() {
  const Answer answer(PQexec(handle_, "DEALLOCATE ALL"));
  statements_.clear();
  stale_ = false;
}

Status Connection::run_script(const std::string& script, std::string* tag) {
  const Answer answer(PQexec(handle_, script.c_str()));
  const ExecStatusType status = PQresultStatus(answer.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
    return failure(answer.get(), script);
  }
  if (tag != nullptr) *tag = PQcmdStatus(answer.get());
  return {};
}

Result<const Connection::Prepared*> Connection::prepared(std::string_view statement) {
  const auto known = statements_.find(std::string(statement));
  if (known != statements_.end()) return &known->second;
  if (statements_.size() >= kCachedStatements) forget_statements();
  const NumberedStatement numbered = number_placeholders(statement);
  const std::string name = "m" + std::to_string(++names_);
  const Answer answer(PQprepare(handle_, name.c_str(), numbered.text.c_str(), 0, nullptr));
  if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK) return failure(answer.get(), statement);
  const auto added =
      statements_.emplace(std::string(statement), Prepared{name, numbered.parameters});
  return &added.first->second;
}

std::string to_text(double number) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  return {buffer, end};
}

/// The parameter in PostgreSQL's text form; null for NULL. `kept` holds texts made here.
const char* parameter_text(const Value& value, std::string& kept) {
  if (std::holds_alternative<std::nullptr_t>(value)) return nullptr;
  if (const auto* text = std::get_if<std::string>(&value)) return text->c_str();
  if (const auto* flag = std::get_if<bool>(&value)) kept = *flag ? "1" : "0";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) kept = std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&value)) kept = to_text(*number);
  return kept.c_str();
}

Result<Answer> Connection::run(std::string_view statement, const Params& params) {
  MEDPERF_TRY(const Prepared* known, prepared(statement));
  const auto wanted = static_cast<std::size_t>(known->parameters);
  if (wanted != params.size()) return wrong_parameter_count(statement, wanted, params.size());
  std::vector<std::string> kept(params.size());
  std::vector<const char*> texts(params.size());
  for (std::size_t i = 0; i < params.size(); ++i) texts[i] = parameter_text(params[i], kept[i]);
  Answer answer(PQexecPrepared(handle_, known->name.c_str(), known->parameters, texts.data(),
                               nullptr, nullptr, 0));
  const ExecStatusType status = PQresultStatus(answer.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    return failure(answer.get(), statement);
  }
  return answer;
}

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

class PostgresSession final : public DriverSession {
 public:
  explicit PostgresSession(Connection& connection) : connection_(connection) {}
  Dialect dialect() const override { return Dialect::kPostgres; }

 protected:
  Result<Rows> do_query(std::string_view statement, const Params& params) override {
    MEDPERF_TRY(const Answer answer, connection_.run(statement, params));
    Rows rows;
    const int count = PQntuples(answer.get());
    const int columns = PQnfields(answer.get());
    rows.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      std::vector<Value> values;
      values.reserve(static_cast<std::size_t>(columns));
      for (int c = 0; c < columns; ++c) values.push_back(column_value(answer.get(), i, c));
      rows.emplace_back(std::move(values));
    }
    return rows;
  }

  Result<std::int64_t> do_execute(std::string_view statement, const Params& params) override {
    MEDPERF_TRY(const Answer answer, connection_.run(statement, params));
    // A SELECT has a count too, of rows found; none is changed.
    const std::string_view tag = PQcmdStatus(answer.get());
    if (tag.starts_with("SELECT")) return 0;
    const std::string_view count = PQcmdTuples(answer.get());
    std::int64_t changed = 0;
    std::from_chars(count.data(), count.data() + count.size(), changed);
    return changed;
  }

  Status do_run_script(std::string_view script) override {
    MEDPERF_CHECK(connection_.run_script(std::string(script)));
    if (!connection_.in_transaction()) {
      return make_error(ErrorKind::kBug, "database", "a script ended its transaction");
    }
    return {};
  }

 private:
  Connection& connection_;
};

/// Rolls back on every way out but a commit (f may throw).
class Rollback {
 public:
  explicit Rollback(Connection& connection) : connection_(connection) {}
  ~Rollback() {
    if (!connection_.lost() && !connection_.idle()) {
      const Status ignored = connection_.run_script("ROLLBACK");  // a lost connection did it too
    }
  }
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;

 private:
  Connection& connection_;
};

/// Begins, on a new connection when the old one was lost (the server restarted while it was idle).
Status Connection::begin(const std::string& statement) {
  if (lost()) MEDPERF_CHECK(reconnect());
  if (stale_) forget_statements();
  Status begun = run_script(statement);
  if (begun.ok() || !lost()) return begun;
  MEDPERF_CHECK(reconnect());
  return run_script(statement);
}

Attempt Connection::transaction(const std::string& begin_text,
                                const std::function<Status(Session&)>& f) {
  if (Status begun = begin(begin_text); !begun.ok()) {
    const bool again = begun.error().kind == ErrorKind::kBusy;
    return {std::move(begun), again};
  }
  const Rollback rollback(*this);
  PostgresSession session(*this);
  Status returned = f(session);
  if (auto reason = reason_to_roll_back(std::move(returned), session)) {
    // Before COMMIT was sent nothing can have been committed, so a lost connection is tried again.
    if (session.failure() && lost()) reason->again = true;
    return std::move(*reason);
  }
  std::string tag;
  Status committed = run_script("COMMIT", &tag);
  if (committed.ok() && tag == "COMMIT") return {};
  if (committed.ok()) {
    return {make_error(ErrorKind::kBug, "database", "PostgreSQL rolled back instead of committing",
                       {}, tag)};
  }
  if (lost()) {
    return {make_error(ErrorKind::kUnavailable, "database",
                       "the connection was lost while committing: it is not known whether the "
                       "change was stored",
                       "Look before doing it again.", committed.error().cause)};
  }
  const bool again = committed.error().kind == ErrorKind::kBusy;
  return {std::move(committed), again};
}

class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(const PostgresOptions& options)
      : connections_(options.connections > 0 ? options.connections : 1,
                     [settings = options.connection] { return Connection::open(settings); }) {}

  Dialect dialect() const override { return Dialect::kPostgres; }

  Status write_transaction(const std::function<Status(Session&)>& f) override {
    return run("BEGIN ISOLATION LEVEL SERIALIZABLE", f);
  }
  Status read_transaction(const std::function<Status(Session&)>& f) override {
    return run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", f);
  }
  Status exclusive_transaction(const std::function<Status(Session&)>& f) override {
    // READ COMMITTED: what is read after waiting for the lock must be what the last holder wrote; a
    // serialisable transaction would see the state from before the wait.
    // Migrations of large tables may take longer than any request's statement.
    return run("BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 0",
               [&](Session& session) -> Status {
                 MEDPERF_CHECK(session.query(kTakeExclusiveLock));
                 return f(session);
               });
  }

 private:
  Status run(const std::string& begin, const std::function<Status(Session&)>& f) {
    const TransactionMark mark(this);
    MEDPERF_CHECK(mark.check());
    MEDPERF_TRY(auto connection, connections_.take());
    return with_retries([&] { return connection->transaction(begin, f); });
  }

  Pool<Connection> connections_;
};

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const PostgresOptions& options) {
  std::unique_ptr<Database> database = std::make_unique<PostgresDatabase>(options);
  // Wrong settings shall fail at the start, not at the first request.
  MEDPERF_CHECK(database->read_transaction([](Session&) -> Status { return {}; }));
  return database;
}

}  // namespace medperf::sql
