#pragma once
// Whether a difference is one, or only what rounding left. Internal to this room.

#include <cmath>
#include <limits>

namespace medperf::metrics {

/// Whether `difference`, made of a few numbers whose sizes sum to `size`, is no larger than the
/// rounding of these numbers and of the differences taken: two units in the last place of the sum.
inline bool is_rounding(double difference, double size) {
  return std::abs(difference) <= 2 * std::numeric_limits<double>::epsilon() * size;
}

}  // namespace medperf::metrics
