#include "hub/store/device_codes.h"

namespace medperf::hub {

namespace {

Result<std::optional<DeviceCode>> find_by(sql::Session& session, const std::string& column,
                                          const std::string& hash) {
  MEDPERF_TRY(auto rows,
              session.query("SELECT client, peer, created_at, expires_at, poll_after, "
                            "poll_interval, denied, approved_by FROM device_codes WHERE " +
                                column + " = ?",
                            {hash}));
  if (rows.empty()) return std::optional<DeviceCode>();
  const sql::Row& row = rows.front();
  DeviceCode code;
  code.client = row.text(0);
  code.peer = row.text(1);
  code.created_at = {row.integer(2)};
  code.expires_at = {row.integer(3)};
  code.poll_after = {row.integer(4)};
  code.poll_interval = row.integer(5);
  code.denied = row.integer(6) != 0;
  if (!row.is_null(7)) code.approved_by = row.integer(7);
  return std::optional<DeviceCode>(std::move(code));
}

}  // namespace

Status add_device_code(sql::Session& session, const std::string& device_hash,
                       const std::string& user_hash, const DeviceCode& added, Timestamp now) {
  MEDPERF_CHECK(
      session.execute("DELETE FROM device_codes WHERE expires_at < ?", {now.microseconds}));
  MEDPERF_CHECK(session.execute(
      "INSERT INTO device_codes (device_hash, user_hash, client, peer, created_at, expires_at, "
      "poll_after, poll_interval) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      {device_hash, user_hash, added.client, added.peer, now.microseconds,
       added.expires_at.microseconds, added.poll_after.microseconds, added.poll_interval}));
  return {};
}

Result<std::int64_t> count_device_codes(sql::Session& session, Timestamp now) {
  MEDPERF_TRY(auto rows, session.query("SELECT COUNT(*) FROM device_codes WHERE expires_at >= ?",
                                       {now.microseconds}));
  return rows.front().integer(0);
}

Result<std::optional<DeviceCode>> find_by_device_hash(sql::Session& session,
                                                      const std::string& hash) {
  return find_by(session, "device_hash", hash);
}

Result<std::optional<DeviceCode>> find_by_user_hash(sql::Session& session,
                                                    const std::string& hash) {
  return find_by(session, "user_hash", hash);
}

Status set_polling(sql::Session& session, const std::string& device_hash, Timestamp poll_after,
                   std::int64_t interval) {
  MEDPERF_CHECK(session.execute(
      "UPDATE device_codes SET poll_after = ?, poll_interval = ? WHERE device_hash = ?",
      {poll_after.microseconds, interval, device_hash}));
  return {};
}

Result<bool> decide_device_code(sql::Session& session, const std::string& user_hash,
                                std::optional<std::int64_t> approved_by) {
  MEDPERF_TRY(auto changed,
              session.execute("UPDATE device_codes SET approved_by = ?, denied = ? WHERE user_hash "
                              "= ? AND denied = 0 AND approved_by IS NULL",
                              {approved_by ? sql::Value(*approved_by) : sql::Value(nullptr),
                               std::int64_t{approved_by ? 0 : 1}, user_hash}));
  return changed > 0;
}

Result<bool> remove_device_code(sql::Session& session, const std::string& device_hash) {
  MEDPERF_TRY(auto removed,
              session.execute("DELETE FROM device_codes WHERE device_hash = ?", {device_hash}));
  return removed > 0;
}

}  // namespace medperf::hub
