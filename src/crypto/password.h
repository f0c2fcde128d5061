#pragma once
// Passwords by argon2id (RFC 9106) through libsodium; about 60 ms and 64 MiB a call.

#include <string>
#include <string_view>

#include "base/result.h"

namespace medperf::crypto {

/// PHC string "$argon2id$...".
Result<std::string> hash_password(std::string_view password);
bool verify_password(std::string_view password, const std::string& hash);
/// Takes as long as a real check, for unknown user names.
void pretend_to_verify_password(std::string_view password);

}  // namespace medperf::crypto
