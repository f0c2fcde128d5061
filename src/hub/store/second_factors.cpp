#include "hub/store/second_factors.h"

namespace medperf::hub {

Result<std::optional<SecondFactor>> find_second_factor(sql::Session& session, std::int64_t user) {
  MEDPERF_TRY(auto rows, session.query("SELECT secret, confirmed, last_step FROM second_factors "
                                       "WHERE user_id = ?",
                                       {user}));
  if (rows.empty()) return std::optional<SecondFactor>();
  const sql::Row& row = rows.front();
  return std::optional<SecondFactor>(
      SecondFactor{row.text(0), row.integer(1) != 0, row.integer(2)});
}

Result<bool> start_second_factor(sql::Session& session, std::int64_t user,
                                 const std::string& sealed, Timestamp now) {
  MEDPERF_TRY(auto written,
              session.execute("INSERT INTO second_factors (user_id, secret, confirmed, last_step, "
                              "created_at) VALUES (?, ?, 0, 0, ?) ON CONFLICT (user_id) DO UPDATE "
                              "SET secret = excluded.secret, last_step = 0, created_at = "
                              "excluded.created_at WHERE second_factors.confirmed = 0",
                              {user, sealed, now.microseconds}));
  return written > 0;
}

Result<bool> use_step(sql::Session& session, std::int64_t user, std::int64_t step) {
  MEDPERF_TRY(auto changed, session.execute("UPDATE second_factors SET last_step = ? WHERE user_id "
                                            "= ? AND last_step < ?",
                                            {step, user, step}));
  return changed > 0;
}

Status confirm_second_factor(sql::Session& session, std::int64_t user,
                             const std::vector<std::string>& recovery_hashes) {
  MEDPERF_CHECK(
      session.execute("UPDATE second_factors SET confirmed = 1 WHERE user_id = ?", {user}));
  MEDPERF_CHECK(session.execute("DELETE FROM recovery_codes WHERE user_id = ?", {user}));
  for (const auto& hash : recovery_hashes) {
    MEDPERF_CHECK(session.execute("INSERT INTO recovery_codes (user_id, code_hash) VALUES (?, ?)",
                                  {user, hash}));
  }
  return {};
}

Result<bool> remove_second_factor(sql::Session& session, std::int64_t user) {
  MEDPERF_CHECK(session.execute("DELETE FROM recovery_codes WHERE user_id = ?", {user}));
  MEDPERF_TRY(auto removed,
              session.execute("DELETE FROM second_factors WHERE user_id = ?", {user}));
  return removed > 0;
}

Result<bool> use_recovery_code(sql::Session& session, std::int64_t user, const std::string& hash) {
  MEDPERF_TRY(auto removed,
              session.execute("DELETE FROM recovery_codes WHERE user_id = ? AND code_hash = ?",
                              {user, hash}));
  return removed > 0;
}

Result<std::int64_t> recovery_codes_left(sql::Session& session, std::int64_t user) {
  MEDPERF_TRY(auto rows,
              session.query("SELECT COUNT(*) FROM recovery_codes WHERE user_id = ?", {user}));
  return rows.front().integer(0);
}

Result<bool> any_second_factor(sql::Session& session) {
  MEDPERF_TRY(auto rows, session.query("SELECT user_id FROM second_factors LIMIT 1"));
  return !rows.empty();
}

}  // namespace medperf::hub
