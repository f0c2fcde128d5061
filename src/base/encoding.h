#pragma once
// Hex, base64 and small text helpers that more than one room needs.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace medperf {

std::string to_hex(std::string_view bytes);
Result<std::string> from_hex(std::string_view text);
std::string to_base64(std::string_view bytes);
Result<std::string> from_base64(std::string_view text);
/// RFC 4648 section 5, without padding.
std::string to_base64url(std::string_view bytes);
Result<std::string> from_base64url(std::string_view text);
std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);
bool is_valid_utf8(std::string_view text);
/// The text with U+FFFD in place of each byte that is not part of a UTF-8 character.
std::string valid_utf8(std::string_view text);
/// Replaces control characters, so that foreign text cannot drive a terminal or forge log lines.
std::string printable(std::string_view text, std::size_t limit = 2000);

}  // namespace medperf
