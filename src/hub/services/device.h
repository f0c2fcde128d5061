#pragma once
// Signing a device in from another one (RFC 8628): the device shows a short code, a person who is
// signed in elsewhere approves it.

#include <optional>
#include <string>
#include <string_view>

#include "hub/services/context.h"
#include "hub/store/accounts.h"
#include "hub/store/device_codes.h"

namespace medperf::hub {

inline constexpr Seconds kDeviceCodeLifetime{600};
inline constexpr std::int64_t kDevicePollInterval = 5;  ///< seconds, at first

struct DeviceSignIn {
  std::string device_code;  ///< secret of the device
  std::string user_code;    ///< "BCDF-GHJK"
};
/// Errors: unauthenticated after too many from this address; busy, when too many wait.
Result<DeviceSignIn> start_device_sign_in(sql::Database& database, std::string_view client,
                                          std::string_view peer, Timestamp now);

/// What a polling device learns: who approved it, or RFC 8628's error code.
struct DevicePoll {
  std::optional<Account> approved;
  std::string_view error;
};
Result<DevicePoll> poll_device_sign_in(sql::Database& database, std::string_view device_code,
                                       Timestamp now);

enum class DeviceDecision { kShow, kApprove, kDeny };
/// The waiting sign-in with this code, decided as the caller wants. Nothing: no sign-in waits with
/// this code.
Result<std::optional<DeviceCode>> decide_device_sign_in(const Context& context,
                                                        std::string_view user_code,
                                                        DeviceDecision decision);

}  // namespace medperf::hub
