#pragma once
// Secrets that the hub gives out and knows again by their hash: 256 random bits each, so that a
// plain SHA-256 cannot be turned back.

#include <string>
#include <string_view>

namespace medperf::hub {

// The prefix tells people and scanners of leaked secrets what they found.
inline constexpr std::string_view kAccessTokenPrefix = "mpat_";
inline constexpr std::string_view kInvitationPrefix = "mpin_";
inline constexpr std::string_view kPasswordResetPrefix = "mprs_";

std::string new_secret(std::string_view prefix = {});
std::string secret_hash(std::string_view secret);

}  // namespace medperf::hub
