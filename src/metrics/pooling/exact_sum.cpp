#include "metrics/pooling/exact_sum.h"

#include <bit>
#include <charconv>
#include <cmath>

namespace medperf::metrics {
namespace {

constexpr int kLowestExponent = -1074;                        // of the smallest positive double
constexpr std::int64_t kSettleAfter = std::int64_t{1} << 30;  // digits grow by less than 2^32 each
constexpr int kMantissaBits = 53;
constexpr std::size_t kTextLimit = 560;
constexpr std::string_view kHex = "0123456789abcdef";

Error malformed() {
  return make_error(ErrorKind::kInvalid, "exact sum", "the text is not one that a sum writes",
                    "It is 0, or an odd hexadecimal number, p and a power of two: -1f3p-60.");
}

}  // namespace

void ExactSum::add(double value) {
  if (value == 0) return;
  int exponent = 0;
  const double fraction = std::frexp(std::abs(value), &exponent);  // value = fraction 2^exponent
  auto mantissa = static_cast<std::uint64_t>(std::ldexp(fraction, kMantissaBits));
  int position = exponent - kMantissaBits - kLowestExponent;
  if (position < 0) {  // a subnormal: its low bits are zero
    mantissa >>= -position;
    position = 0;
  }
  add_shifted(mantissa, position, value < 0);
}

void ExactSum::add_product(double a, double b) {
  const double product = a * b;
  add(product);
  add(std::fma(a, b, -product));  // what the product lost, exact in the stated range
}

void ExactSum::add_shifted(std::uint64_t mantissa, int position, bool negative) {
  const auto digit = static_cast<std::size_t>(position / 32);
  const int shift = position % 32;
  const std::uint64_t low = mantissa << shift;
  const std::uint64_t high = shift == 0 ? 0 : mantissa >> (64 - shift);
  const std::array<std::int64_t, 3> parts = {static_cast<std::int64_t>(low & 0xffffffffU),
                                             static_cast<std::int64_t>(low >> 32),
                                             static_cast<std::int64_t>(high)};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] != 0) digits_[digit + i] += negative ? -parts[i] : parts[i];
  }
  if (++unsettled_ >= kSettleAfter) settle();
}

ExactSum::Digits ExactSum::normalised(Digits digits) {
  for (std::size_t i = 0; i + 1 < kDigits; ++i) {
    digits[i + 1] += digits[i] >> 32;  // rounds down, for negative ones too
    digits[i] &= 0xffffffff;
  }
  return digits;
}

ExactSum::Digits ExactSum::negated(const Digits& digits) {
  Digits result{};
  for (std::size_t i = 0; i < kDigits; ++i) result[i] = -digits[i];
  return normalised(result);
}

void ExactSum::merge(const ExactSum& other) {
  const Digits theirs = other.settled();
  settle();
  for (std::size_t i = 0; i < kDigits; ++i) digits_[i] += theirs[i];
  digits_ = normalised(digits_);
}

void ExactSum::add_scaled(const ExactSum& other, double factor) {
  if (factor == 0) return;
  ExactSum rest = other;
  while (const auto part = rest.value()) {
    if (*part == 0) break;
    add_product(*part, factor);
    rest.add(-*part);
  }
}

void ExactSum::negate() {
  digits_ = negated(digits_);
  unsettled_ = 0;
}

int ExactSum::highest_bit(const Digits& digits) {
  for (std::size_t i = kDigits; i-- > 0;) {
    if (digits[i] == 0) continue;
    const auto width = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(digits[i])));
    return static_cast<int>(i) * 32 + width - 1;
  }
  return -1;
}

int ExactSum::lowest_bit(const Digits& digits) {
  for (std::size_t i = 0; i < kDigits; ++i) {
    if (digits[i] == 0) continue;
    return static_cast<int>(i) * 32 + std::countr_zero(static_cast<std::uint64_t>(digits[i]));
  }
  return -1;
}

bool ExactSum::bit(const Digits& digits, int position) {
  // The last digit may be wider than 32 bits.
  const auto digit = std::min(static_cast<std::size_t>(position / 32), kDigits - 1);
  const int within = position - static_cast<int>(digit) * 32;
  return (static_cast<std::uint64_t>(digits[digit]) >> within & 1U) != 0;
}

int ExactSum::sign() const {
  const Digits digits = settled();
  if (digits.back() < 0) return -1;
  return highest_bit(digits) >= 0 ? 1 : 0;
}

int ExactSum::lowest_exponent() const {
  Digits digits = settled();
  if (digits.back() < 0) digits = negated(digits);
  const int lowest = lowest_bit(digits);
  return lowest < 0 ? 0 : lowest + kLowestExponent;
}

std::optional<double> ExactSum::value() const {
  Digits digits = settled();
  const bool negative = digits.back() < 0;
  if (negative) digits = negated(digits);
  const int top = highest_bit(digits);
  if (top < 0) return 0.0;
  const int lowest_kept = std::max(0, top - kMantissaBits + 1);
  std::uint64_t mantissa = 0;
  for (int i = top; i >= lowest_kept; --i) mantissa = mantissa << 1 | (bit(digits, i) ? 1U : 0U);
  if (lowest_kept > 0 && bit(digits, lowest_kept - 1)) {
    const bool beyond_half = lowest_bit(digits) < lowest_kept - 1;
    if (beyond_half || (mantissa & 1U) != 0) ++mantissa;  // a tie goes to the even one
  }
  const double size = std::ldexp(static_cast<double>(mantissa), lowest_kept + kLowestExponent);
  if (!std::isfinite(size)) return std::nullopt;
  return negative ? -size : size;
}

std::string ExactSum::text() const {
  Digits digits = settled();
  const bool negative = digits.back() < 0;
  if (negative) digits = negated(digits);
  const int top = highest_bit(digits);
  if (top < 0) return "0";
  const int lowest = lowest_bit(digits);
  std::string result = negative ? "-" : "";
  const int hex_digits = (top - lowest) / 4 + 1;
  for (int i = hex_digits - 1; i >= 0; --i) {
    unsigned nibble = 0;
    for (int j = 3; j >= 0; --j) {
      const int position = lowest + 4 * i + j;
      nibble = nibble << 1 | (position <= top && bit(digits, position) ? 1U : 0U);
    }
    result += kHex[nibble];
  }
  return result + "p" + std::to_string(lowest + kLowestExponent);
}

Result<ExactSum> ExactSum::parse(std::string_view text) {
  ExactSum sum;
  if (text == "0") return sum;
  if (text.size() > kTextLimit) return malformed();
  const bool negative = !text.empty() && text[0] == '-';
  const std::string_view rest = text.substr(negative ? 1 : 0);
  const std::size_t p = rest.find('p');
  if (p == std::string_view::npos || p == 0 || rest[0] == '0') return malformed();
  int exponent = 0;
  const std::string_view power = rest.substr(p + 1);
  const auto [end, error] = std::from_chars(power.data(), power.data() + power.size(), exponent);
  if (error != std::errc() || end != power.data() + power.size()) return malformed();
  const int highest = static_cast<int>(kDigits - 1) * 32;  // the last digit is left for growth
  if (exponent < kLowestExponent || exponent > highest) return malformed();
  int position = exponent - kLowestExponent;
  for (std::size_t i = p; i-- > 0; position += 4) {
    const std::size_t nibble = kHex.find(rest[i]);
    if (nibble == std::string_view::npos || position + 4 > highest) return malformed();
    if (i + 1 == p && nibble % 2 == 0) return malformed();
    sum.add_shifted(nibble, position, negative);
  }
  sum.settle();
  if (sum.text() != text) return malformed();  // a leading zero, a plus sign in the power
  return sum;
}

bool ExactSum::operator==(const ExactSum& other) const {
  return settled() == other.settled();
}

}  // namespace medperf::metrics
