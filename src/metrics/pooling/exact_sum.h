#pragma once
// Sums of doubles without rounding, so that merging is associative to the last bit.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace medperf::metrics {

/// The exact sum of any finite doubles: a whole number of units of 2^-1074 in 68 digits of 32 bits
/// (a superaccumulator, about 550 bytes). Order and grouping do not matter: the same numbers give
/// the same state, whoever adds them and in which order. Room for 2^62 numbers.
/// Source of the idea: Kulisch, Miranker, Computer Arithmetic in Theory and Practice (1981).
class ExactSum {
 public:
  /// Precondition: finite. O(1).
  void add(double value);
  /// Adds a * b without rounding. Precondition: finite, and the product is 0 or its size lies in
  /// [2^-900, 2^1000].
  void add_product(double a, double b);
  /// Adds other * factor without rounding; every part of the product must lie in the range of
  /// add_product. O(digits x parts of 53 bits).
  void add_scaled(const ExactSum& other, double factor);
  /// Adds the other sum. O(digits).
  void merge(const ExactSum& other);
  void negate();

  /// The nearest double, ties to even; empty if it lies beyond the range of doubles.
  std::optional<double> value() const;
  /// -1, 0 or 1.
  int sign() const;
  /// The power of two of the lowest bit that is set; 0 for a sum of 0.
  int lowest_exponent() const;
  /// "0", or a sign, an odd whole number in hexadecimal digits and a power of two: "-1f3p-60" is
  /// -0x1f3 * 2^-60. Each sum has exactly one text.
  std::string text() const;
  /// Inverse of text(). Errors: invalid for anything that text() cannot write; nothing is allocated
  /// before the length is checked (at most 560 characters).
  static Result<ExactSum> parse(std::string_view text);

  bool operator==(const ExactSum& other) const;

 private:
  static constexpr std::size_t kDigits = 68;
  using Digits = std::array<std::int64_t, kDigits>;

  void add_shifted(std::uint64_t mantissa, int position, bool negative);
  /// Brings every digit but the last into [0, 2^32); the last one keeps the sign. Unique.
  static Digits normalised(Digits digits);
  /// This sum's digits, normalised.
  Digits settled() const { return unsettled_ == 0 ? digits_ : normalised(digits_); }
  void settle() {
    digits_ = settled();
    unsettled_ = 0;
  }
  static Digits negated(const Digits& digits);
  /// Position of the highest bit of a normalised, non-negative number; -1 for 0.
  static int highest_bit(const Digits& digits);
  /// Of the lowest one that is set, likewise.
  static int lowest_bit(const Digits& digits);
  static bool bit(const Digits& digits, int position);

  Digits digits_{};             // digit i counts units of 2^(32 i - 1074)
  std::int64_t unsettled_ = 0;  // additions since the digits were normalised
};

}  // namespace medperf::metrics
