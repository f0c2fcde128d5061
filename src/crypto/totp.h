#pragma once
// One-time codes by time: TOTP (RFC 6238) over HMAC-SHA-1, six digits, steps of 30 seconds: what
// every authenticator app computes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace medperf::crypto {

inline constexpr int kTotpDigits = 6;
inline constexpr std::int64_t kTotpPeriod = 30;  ///< seconds
inline constexpr std::size_t kTotpSecretBytes = 20;

std::int64_t totp_step(Timestamp now);
/// The code of one step (the counter of HOTP, RFC 4226).
std::string totp_code(std::string_view secret, std::int64_t step, int digits = kTotpDigits);
/// The step whose code this is: the current one or one of its neighbours, later than `last_used`
/// (a step is good for one sign-in). Takes equally long for every code of six characters.
std::optional<std::int64_t> matching_totp_step(std::string_view secret, std::string_view code,
                                               Timestamp now, std::int64_t last_used);
/// RFC 4648 section 6 without padding: the form in which apps take a secret.
std::string to_base32(std::string_view bytes);

}  // namespace medperf::crypto
