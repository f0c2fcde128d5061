#include "metrics/statistics/quantile_interval.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "metrics/statistics/distributions.h"
#include "metrics/statistics/quantile.h"

namespace medperf::metrics {
namespace {

/// P(Bin(n, p) >= k)
double binomial_upper(std::int64_t k, std::int64_t n, double p) {
  if (k <= 0) return 1;
  if (k > n) return 0;
  return beta_cdf(p, static_cast<double>(k), static_cast<double>(n - k + 1));
}

}  // namespace

Result<Estimate> quantile_estimate(std::span<const double> values, double p, double level) {
  if (!(p > 0 && p < 1) || !(level > 0 && level < 1)) {
    return make_error(ErrorKind::kInvalid, "quantile", "p or level lies outside (0, 1)",
                      "The median is p = 0.5; the usual level is 0.95.");
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      return make_error(ErrorKind::kInvalid, "case " + std::to_string(i + 1),
                        "its value is not a finite number",
                        "Leave cases without a value out and count them.");
    }
  }
  Estimate estimate;
  estimate.convention = kQuantileConvention;
  if (values.empty()) {
    estimate.flag = flag::kNoCases;
    return estimate;
  }
  std::vector<double> ascending(values.begin(), values.end());
  std::sort(ascending.begin(), ascending.end());
  estimate.value = quantile_of_sorted(ascending, p);
  const auto n = static_cast<std::int64_t>(values.size());
  const double tail = (1 - level) / 2;
  // Places count from 1. P(Bin < l) = 1 - P(Bin >= l) = P(Bin(n, 1 - p) >= n - l + 1).
  std::int64_t low = 0;
  while (low < n && binomial_upper(n - low, n, 1 - p) <= tail) ++low;
  std::int64_t high = n + 1;
  while (high > 1 && binomial_upper(high - 1, n, p) <= tail) --high;
  if (low < 1 || high > n) {
    estimate.flag = flag::kTooFewForQuantile;
    return estimate;
  }
  estimate.interval = Interval{ascending[static_cast<std::size_t>(low - 1)],
                               ascending[static_cast<std::size_t>(high - 1)]};
  return estimate;
}

}  // namespace medperf::metrics
