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

/// The first number in [begin, end] at which `before`, true up to there, is false; `end` if none
/// is.
template <typename Before>
std::int64_t first_place(std::int64_t begin, std::int64_t end, const Before& before) {
  while (begin < end) {
    const std::int64_t middle = begin + (end - begin) / 2;
    if (before(middle)) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
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
  const std::int64_t low = first_place(
      0, n, [&](std::int64_t l) { return l < n && binomial_upper(n - l, n, 1 - p) <= tail; });
  const std::int64_t high =
      first_place(1, n + 1, [&](std::int64_t u) { return binomial_upper(u, n, p) > tail; });
  if (low < 1 || high > n) {
    estimate.flag = flag::kTooFewForQuantile;
    return estimate;
  }
  estimate.interval = Interval{ascending[static_cast<std::size_t>(low - 1)],
                               ascending[static_cast<std::size_t>(high - 1)]};
  return estimate;
}

}  // namespace medperf::metrics
