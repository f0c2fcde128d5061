#pragma once
// The operating system's random numbers.
#include <string>
#include <string_view>

namespace medperf::crypto {

std::string random_bytes(std::size_t count);
/// `bytes` random bytes as base64url text.
std::string random_token(std::size_t bytes = 32);
std::string random_hex(std::size_t bytes = 8);
/// Compares in time that depends on the lengths only.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace medperf::crypto
