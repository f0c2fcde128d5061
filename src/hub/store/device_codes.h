#pragma once
// Sign-ins that wait for a person to approve them on another device (RFC 8628).

#include <optional>
#include <string>

#include "base/clock.h"
#include "sql/database.h"

namespace medperf::hub {

struct DeviceCode {
  std::string client;  ///< what the device says it is
  std::string peer;    ///< address it asked from
  Timestamp created_at;
  Timestamp expires_at;
  Timestamp poll_after;            ///< asking earlier is too fast
  std::int64_t poll_interval = 0;  ///< seconds
  bool denied = false;
  std::optional<std::int64_t> approved_by;
};

/// Also drops those that ended before `now`. Error: conflict, when a code is taken.
Status add_device_code(sql::Session& session, const std::string& device_hash,
                       const std::string& user_hash, const DeviceCode& added, Timestamp now);
Result<std::int64_t> count_device_codes(sql::Session& session, Timestamp now);
Result<std::optional<DeviceCode>> find_by_device_hash(sql::Session& session,
                                                      const std::string& hash);
Result<std::optional<DeviceCode>> find_by_user_hash(sql::Session& session, const std::string& hash);
Status set_polling(sql::Session& session, const std::string& device_hash, Timestamp poll_after,
                   std::int64_t interval);
/// Approved by a user, or denied when there is none. False: it was decided before.
Result<bool> decide_device_code(sql::Session& session, const std::string& user_hash,
                                std::optional<std::int64_t> approved_by);
/// False: it was gone already.
Result<bool> remove_device_code(sql::Session& session, const std::string& device_hash);

}  // namespace medperf::hub
