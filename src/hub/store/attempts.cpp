#include "hub/store/attempts.h"

#include <string>

namespace medperf::hub {

Result<Attempts> find_attempts(sql::Session& session, std::string_view subject) {
  MEDPERF_TRY(auto rows,
              session.query("SELECT failures, first_failure_at FROM login_attempts WHERE subject "
                            "= ?",
                            {std::string(subject)}));
  if (rows.empty()) return Attempts{};
  return Attempts{rows.front().integer(0), Timestamp{rows.front().integer(1)}};
}

Status put_attempts(sql::Session& session, std::string_view subject, const Attempts& attempts) {
  MEDPERF_CHECK(session.execute(
      "INSERT INTO login_attempts (subject, failures, first_failure_at) VALUES (?, ?, ?) ON "
      "CONFLICT (subject) DO UPDATE SET failures = excluded.failures, first_failure_at = "
      "excluded.first_failure_at",
      {std::string(subject), attempts.count, attempts.first.microseconds}));
  return {};
}

Status take_back_attempt(sql::Session& session, std::string_view subject) {
  MEDPERF_CHECK(session.execute(
      "UPDATE login_attempts SET failures = failures - 1 WHERE subject = ? AND failures > 0",
      {std::string(subject)}));
  MEDPERF_CHECK(session.execute("DELETE FROM login_attempts WHERE subject = ? AND failures = 0",
                                {std::string(subject)}));
  return {};
}

Result<bool> forget_attempts(sql::Session& session, std::string_view subject, Timestamp old) {
  MEDPERF_CHECK(
      session.execute("DELETE FROM login_attempts WHERE first_failure_at < ?", {old.microseconds}));
  MEDPERF_TRY(auto removed, session.execute("DELETE FROM login_attempts WHERE subject = ?",
                                            {std::string(subject)}));
  return removed > 0;
}

}  // namespace medperf::hub
