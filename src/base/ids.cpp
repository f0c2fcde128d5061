#include "base/ids.h"

#include <array>
#include <cstdio>

#include "base/encoding.h"

namespace medperf {

Result<std::string> parse_sha256_hex(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  std::string_view digits = text;
  if (digits.substr(0, kPrefix.size()) == kPrefix) digits.remove_prefix(kPrefix.size());
  auto refuse = [&] {
    return make_error(ErrorKind::kInvalid, printable(text, 80), "This is not a SHA-256 digest",
                      "Give 64 hexadecimal digits, with or without \"sha256:\" before them.");
  };
  if (digits.size() != 64) return refuse();
  std::string hex(digits);
  for (char& c : hex) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    const bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (!is_digit) return refuse();
  }
  return hex;
}

std::string to_string(Bytes bytes) {
  if (bytes.value < 1000) return std::to_string(bytes.value) + " B";
  constexpr std::array<const char*, 6> kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double amount = static_cast<double>(bytes.value) / 1000.0;
  std::size_t unit = 0;
  // 999.95 would be printed as 1000.0.
  while (amount >= 999.95 && unit + 1 < kUnits.size()) {
    amount /= 1000.0;
    ++unit;
  }
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1f %s", amount, kUnits.at(unit));
  return buffer.data();
}

}  // namespace medperf
