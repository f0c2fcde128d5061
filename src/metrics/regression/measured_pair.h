#pragma once
// The input of regression and counting metrics.

#include <span>

#include "base/result.h"

namespace medperf::metrics {

/// One case: what the reference says and what the model says, in one unit (mm, ml, lesions ...).
struct MeasuredPair {
  double reference = 0;
  double predicted = 0;
};

/// Invalid for a value that is not finite (names the case).
Status check_finite_pairs(std::span<const MeasuredPair> cases);

}  // namespace medperf::metrics
