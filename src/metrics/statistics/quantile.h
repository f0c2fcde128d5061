#pragma once
// Quantiles of a sample.

#include <span>

namespace medperf::metrics {

/// The p-quantile of values in ascending order by linear interpolation between order statistics at
/// h = (n - 1) p (Hyndman and Fan's type 7: what numpy and R do unless told otherwise).
/// Preconditions: not empty, p in [0, 1]. Source: Hyndman, Fan, Am Stat 50 (1996) 361.
double quantile_of_sorted(std::span<const double> ascending, double p);

}  // namespace medperf::metrics
