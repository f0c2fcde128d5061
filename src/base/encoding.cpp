#include "base/encoding.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace medperf {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::array<std::int8_t, 256> make_reverse(std::string_view alphabet) {
  std::array<std::int8_t, 256> table{};
  for (auto& entry : table) entry = -1;
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return table;
}

constexpr auto kBase64Values = make_reverse(kBase64);
constexpr auto kBase64UrlValues = make_reverse(kBase64Url);

std::string encode(std::string_view bytes, std::string_view alphabet, bool padding) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const auto group = static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]) << 16 |
                                                  static_cast<unsigned char>(bytes[i + 1]) << 8 |
                                                  static_cast<unsigned char>(bytes[i + 2]));
    text += alphabet[group >> 18];
    text += alphabet[group >> 12 & 63];
    text += alphabet[group >> 6 & 63];
    text += alphabet[group & 63];
  }
  const std::size_t rest = bytes.size() - i;
  if (rest == 0) return text;
  std::uint32_t group = static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << 16;
  if (rest == 2) group |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i + 1])) << 8;
  text += alphabet[group >> 18];
  text += alphabet[group >> 12 & 63];
  if (rest == 2) text += alphabet[group >> 6 & 63];
  if (padding) text += rest == 2 ? "=" : "==";
  return text;
}

Error not_base64(std::string_view name) {
  return make_error(ErrorKind::kInvalid, "", "This is not valid " + std::string(name) + " text",
                    "Check that it was copied whole.");
}

/// Decodes digits without padding; refuses left-over bits, so that each value has one spelling.
Result<std::string> decode(std::string_view digits, const std::array<std::int8_t, 256>& values,
                           std::string_view name) {
  if (digits.size() % 4 == 1) return not_base64(name);
  std::string bytes;
  bytes.reserve(digits.size() / 4 * 3 + 2);
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : digits) {
    const std::int8_t value = values[static_cast<unsigned char>(c)];
    if (value < 0) return not_base64(name);
    group = group << 6 | static_cast<std::uint8_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(group >> bits & 0xff);
      group &= (1U << bits) - 1;
    }
  }
  if (group != 0) return not_base64(name);
  return bytes;
}

/// Length in bytes of the UTF-8 character at `at`, or 0 when it is malformed; its value in `point`.
std::size_t next_character(std::string_view text, std::size_t at, std::uint32_t& point) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) {
    point = first;
    return 1;
  }
  std::size_t length = 0;
  std::uint32_t smallest = 0;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
    smallest = 0x80;
    point = first & 0x1fU;
  } else if ((first & 0xf0) == 0xe0) {
    length = 3;
    smallest = 0x800;
    point = first & 0x0fU;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    smallest = 0x10000;
    point = first & 0x07U;
  } else {
    return 0;
  }
  if (at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    if ((next & 0xc0) != 0x80) return 0;
    point = point << 6 | (next & 0x3fU);
  }
  const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
  if (point < smallest || point > 0x10ffff || is_surrogate) return 0;
  return length;
}

/// Controls of a terminal, line breaks of any kind, and marks that reorder text on screen.
bool is_control(std::uint32_t point) {
  if (point < 0x20 || (point >= 0x7f && point <= 0x9f)) return true;
  if (point == 0x2028 || point == 0x2029 || point == 0x061c || point == 0xfeff) return true;
  if (point >= 0x200b && point <= 0x200f) return true;
  return (point >= 0x202a && point <= 0x202e) || (point >= 0x2060 && point <= 0x206f);
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 15];
  }
  return text;
}

Result<std::string> from_hex(std::string_view text) {
  const Error error = make_error(ErrorKind::kInvalid, "", "This is not hexadecimal text",
                                 "Give an even number of the digits 0-9 and a-f.");
  if (text.size() % 2 != 0) return error;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return error;
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

std::string to_base64(std::string_view bytes) {
  return encode(bytes, kBase64, true);
}

Result<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return not_base64("base64");
  for (int padding = 0; padding < 2 && !text.empty() && text.back() == '='; ++padding)
    text.remove_suffix(1);
  return decode(text, kBase64Values, "base64");
}

std::string to_base64url(std::string_view bytes) {
  return encode(bytes, kBase64Url, false);
}

Result<std::string> from_base64url(std::string_view text) {
  return decode(text, kBase64UrlValues, "base64url");
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  for (;;) {
    const auto end = text.find(separator, start);
    if (end == std::string_view::npos) break;
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  parts.push_back(text.substr(start));
  return parts;
}

bool is_valid_utf8(std::string_view text) {
  std::uint32_t point = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = next_character(text, at, point);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  std::uint32_t point = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = next_character(text, at, point);
    valid += length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(at, length);
    at += std::max<std::size_t>(length, 1);
  }
  return valid;
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string shown;
  shown.reserve(std::min(text.size(), limit) + 3);
  std::uint32_t point = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = next_character(text, at, point);
    std::string_view piece = text.substr(at, std::max<std::size_t>(length, 1));
    const bool is_space = length != 0 && (point == '\n' || point == '\t' || point == '\r');
    if (is_space)
      piece = " ";
    else if (length == 0 || is_control(point))
      piece = "?";
    if (shown.size() + piece.size() > limit) return shown + "...";
    shown += piece;
    at += std::max<std::size_t>(length, 1);
  }
  return shown;
}

}  // namespace medperf
