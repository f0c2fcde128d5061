#include "metrics/pooling/merge.h"

#include <cmath>

namespace medperf::metrics {

bool in_range(const ExactSum& sum, int range, int bits) {
  constexpr int kCountBits = 63;
  const auto value = sum.value();
  return value && std::abs(*value) <= std::ldexp(1.0, range + kCountBits) &&
         sum.lowest_exponent() >= -(range + bits);
}

namespace {

/// The sign of cases x squares - sum^2.
int sign_of_excess(std::int64_t cases, const ExactSum& sum, const ExactSum& squares) {
  ExactSum excess;
  excess.add_scaled(squares, static_cast<double>(cases >> 32) * 0x1p32);
  excess.add_scaled(squares, static_cast<double>(cases & 0xffffffff));
  ExactSum rest = sum;
  while (rest.sign() != 0) {
    const double part = *rest.value();
    excess.add_scaled(sum, -part);
    rest.add(-part);
  }
  return excess.sign();
}

}  // namespace

bool possible_sums(std::int64_t cases, const ExactSum& sum, const ExactSum& squares) {
  return sign_of_excess(cases, sum, squares) >= 0;
}

bool equal_values(std::int64_t cases, const ExactSum& sum, const ExactSum& squares) {
  return sign_of_excess(cases, sum, squares) == 0;
}

bool possible_sum(std::int64_t cases, const ExactSum& sum, double low, double high) {
  ExactSum count;
  count.add(static_cast<double>(cases >> 32) * 0x1p32);
  count.add(static_cast<double>(cases & 0xffffffff));
  ExactSum above = sum;
  above.add_scaled(count, -low);
  ExactSum below = sum;
  below.add_scaled(count, -high);
  return above.sign() >= 0 && below.sign() <= 0;
}

}  // namespace medperf::metrics
