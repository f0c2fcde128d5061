#include "ledger/ledger.h"

#include <algorithm>

#include "ledger/line.h"

namespace medperf::ledger {
namespace {

constexpr std::int64_t kPage = 1000;
constexpr std::size_t kLinesAtOnce = 50;

JsonLimits waiting_limits() {
  JsonLimits limits;
  limits.bytes = kLineLimit.value;
  return limits;
}

struct Waiting {
  Entry entry;
  Timestamp time;
};

Result<Waiting> read_waiting(std::string_view text) {
  MEDPERF_TRY(const Json waiting, parse_json(text, waiting_limits()));
  MEDPERF_TRY(const Timestamp time, parse_iso8601(waiting.get_string("time")));
  const Json* body = waiting.find("body");
  return Waiting{
      {waiting.get_string("kind"), waiting.get_string("actor"), body == nullptr ? Json() : *body},
      time};
}

Result<Position> last_position(sql::Session& session) {
  MEDPERF_TRY(const auto rows,
              session.query("SELECT n, hash FROM log_lines ORDER BY n DESC LIMIT 1"));
  if (rows.empty()) return Position{};
  return Position{rows[0].integer(0), rows[0].text(1)};
}

/// Stores lines, given as n, hash and text of each, by one statement for a full batch.
Status store_lines(sql::Session& session, sql::Params& lines) {
  const bool full = lines.size() == 3 * kLinesAtOnce;
  const std::size_t at_once = full ? lines.size() : 3;
  std::string text = "INSERT INTO log_lines (n, hash, line) VALUES (?, ?, ?)";
  for (std::size_t i = 3; i < at_once; i += 3) text += ", (?, ?, ?)";
  for (std::size_t i = 0; i < lines.size(); i += at_once) {
    const auto begin = lines.begin() + static_cast<std::ptrdiff_t>(i);
    const sql::Params params(begin, begin + static_cast<std::ptrdiff_t>(at_once));
    MEDPERF_CHECK(session.execute(text, params));
  }
  lines.clear();
  return {};
}

/// An entry that could not be chained later is refused now.
Status append_waiting(sql::Session& session, const Entry& entry, Timestamp time) {
  MEDPERF_TRY(const auto line, make_line(Position{}, entry, time));
  const Json waiting = Json::object({{"actor", entry.actor},
                                     {"body", entry.body},
                                     {"kind", entry.kind},
                                     {"time", to_iso8601(time)}});
  return session.execute_later("INSERT INTO log_waiting (entry) VALUES (?)",
                               {to_canonical(waiting)});
}

}  // namespace

std::string_view create_table_script(sql::Dialect dialect) {
  if (dialect == sql::Dialect::kPostgres) {
    return "CREATE TABLE log_lines (n BIGINT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, "
           "line TEXT NOT NULL);";
  }
  return "CREATE TABLE log_lines (n INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, "
         "line TEXT NOT NULL) STRICT;";
}

std::string_view create_waiting_script(sql::Dialect dialect) {
  if (dialect == sql::Dialect::kPostgres) {
    return "CREATE TABLE log_waiting (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
           "entry TEXT NOT NULL);";
  }
  return "";
}

Status append(sql::Session& session, const Entry& entry, Timestamp time) {
  if (session.dialect() == sql::Dialect::kPostgres) return append_waiting(session, entry, time);
  MEDPERF_TRY(const Position last, last_position(session));
  MEDPERF_TRY(const auto line, make_line(last, entry, time));
  MEDPERF_CHECK(session.execute("INSERT INTO log_lines (n, hash, line) VALUES (?, ?, ?)",
                                {last.n + 1, line.hash, line.text}));
  return {};
}

Status append_waiting_text(sql::Session& session, std::string_view entry) {
  MEDPERF_TRY(const Waiting waiting, read_waiting(entry));
  return append(session, waiting.entry, waiting.time);
}

Result<bool> has_waiting(sql::Session& session) {
  if (session.dialect() != sql::Dialect::kPostgres) return false;
  MEDPERF_TRY(const auto entries, session.query("SELECT 1 FROM log_waiting LIMIT 1"));
  return !entries.empty();
}

Result<std::int64_t> chain_waiting(sql::Session& session, std::int64_t limit) {
  if (session.dialect() != sql::Dialect::kPostgres) return std::int64_t{0};
  // One statement takes what it returns: what is committed meanwhile stays for the next time.
  MEDPERF_TRY(auto rows,
              session.query("DELETE FROM log_waiting WHERE id IN (SELECT id FROM log_waiting "
                            "ORDER BY id LIMIT ?) RETURNING id, entry",
                            {limit}));
  std::sort(rows.begin(), rows.end(), [](const sql::Row& one, const sql::Row& other) {
    return one.integer(0) < other.integer(0);
  });
  MEDPERF_TRY(Position last, last_position(session));
  sql::Params waiting_lines;
  for (const auto& row : rows) {
    MEDPERF_TRY(const Waiting waiting, read_waiting(row.text(1)));
    MEDPERF_TRY(const auto line, make_line(last, waiting.entry, waiting.time));
    last = Position{last.n + 1, line.hash};
    for (sql::Value value : {sql::Value(last.n), sql::Value(line.hash), sql::Value(line.text)}) {
      waiting_lines.push_back(std::move(value));
    }
    if (waiting_lines.size() == 3 * kLinesAtOnce)
      MEDPERF_CHECK(store_lines(session, waiting_lines));
  }
  MEDPERF_CHECK(store_lines(session, waiting_lines));
  return static_cast<std::int64_t>(rows.size());
}

Status chain_all(sql::Database& database) {
  if (database.dialect() != sql::Dialect::kPostgres) return {};
  std::int64_t chained = kPage;
  while (chained == kPage) {
    MEDPERF_CHECK(database.exclusive_transaction([&](sql::Session& session) -> Status {
      MEDPERF_TRY(chained, chain_waiting(session, kPage));
      return {};
    }));
  }
  return {};
}

Result<Verification> verify_table(sql::Session& session) {
  Verification found;
  Position last;
  found.head = last.hash;
  for (;;) {
    MEDPERF_TRY(const auto rows,
                session.query("SELECT n, hash, line FROM log_lines WHERE n > ? ORDER BY n LIMIT ?",
                              {last.n, kPage}));
    for (const auto& row : rows) {
      auto position = check_line(row.text(2), last);
      std::string problem;
      if (!position.ok())
        problem = position.error().what;
      else if (position->hash != row.text(1) || position->n != row.integer(0))
        problem = "its columns do not match its text";
      if (!problem.empty()) {
        found.first_bad_line = last.n + 1;
        found.problem = std::move(problem);
        return found;
      }
      last = std::move(*position);
      found.lines = last.n;
      found.head = last.hash;
    }
    if (rows.size() < static_cast<std::size_t>(kPage)) break;
  }
  MEDPERF_TRY(const auto count, session.query("SELECT COUNT(*) FROM log_lines"));
  if (count[0].integer(0) != last.n) {
    found.first_bad_line = 1;
    found.problem = "there are rows before the first line";
  }
  return found;
}

}  // namespace medperf::ledger
