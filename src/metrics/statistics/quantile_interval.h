#pragma once
// Median and other quantiles of per-case values, with an interval that assumes nothing.

#include <span>
#include <string_view>

#include "base/result.h"
#include "metrics/estimate.h"

namespace medperf::metrics {

inline constexpr std::string_view kQuantileConvention = "quantile-type-7-order-statistics";

namespace flag {
/// Too few cases for an interval of that level: no pair of order statistics reaches it.
inline constexpr std::string_view kTooFewForQuantile = "too_few_cases_for_quantile";
}  // namespace flag

/// The p-quantile (linear interpolation, type 7) with the interval from order statistic l to u: l
/// the highest with P(Bin(n, p) < l) <= (1 - level) / 2, u the lowest with P(Bin(n, p) >= u) <=
/// (1 - level) / 2. It covers at least `level` whatever the distribution; ties make it cover more.
/// Median: six cases are the fewest for 95 %. Undefined without cases (no_cases).
/// Errors: invalid for a value that is not finite, p or level outside (0, 1). O(n log n), with
/// O(log n) calls of the incomplete beta function.
/// Source: Conover, Practical Nonparametric Statistics, 3rd ed. (1999), 3.2.
Result<Estimate> quantile_estimate(std::span<const double> values, double p, double level = 0.95);

}  // namespace medperf::metrics
