#include "ledger/ledger.h"
#include "ledger/line.h"

namespace medperf::ledger {
namespace {

constexpr std::int64_t kPage = 1000;

}  // namespace

std::string_view create_table_script(sql::Dialect dialect) {
  if (dialect == sql::Dialect::kPostgres) {
    return "CREATE TABLE log_lines (n BIGINT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, "
           "line TEXT NOT NULL);";
  }
  return "CREATE TABLE log_lines (n INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, "
         "line TEXT NOT NULL) STRICT;";
}

Status append(sql::Session& session, const Entry& entry, Timestamp time) {
  MEDPERF_TRY(const auto rows,
              session.query("SELECT n, hash FROM log_lines ORDER BY n DESC LIMIT 1"));
  Position last;
  if (!rows.empty()) last = Position{rows[0].integer(0), rows[0].text(1)};
  MEDPERF_TRY(const auto line, make_line(last, entry, time));
  MEDPERF_CHECK(session.execute("INSERT INTO log_lines (n, hash, line) VALUES (?, ?, ?)",
                                {last.n + 1, line.hash, line.text}));
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
