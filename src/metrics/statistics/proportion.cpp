#include "metrics/statistics/proportion.h"

#include <cmath>

#include "metrics/statistics/distributions.h"

namespace medperf::metrics {
namespace {

Estimate proportion(std::int64_t events, std::int64_t total, std::string_view convention) {
  Estimate estimate;
  estimate.convention = convention;
  if (total == 0) {
    estimate.flag = flag::kNoCases;
  } else {
    estimate.value = static_cast<double>(events) / static_cast<double>(total);
  }
  return estimate;
}

}  // namespace

Estimate wilson(std::int64_t events, std::int64_t total, double level) {
  Estimate estimate = proportion(events, total, kWilsonConvention);
  if (!estimate.value) return estimate;
  const double n = static_cast<double>(total);
  const double p = *estimate.value;
  const double z = normal_quantile(0.5 + level / 2);
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  // At the ends the bound is exactly 0 or 1; the formula leaves a rounding error there.
  estimate.interval =
      Interval{events == 0 ? 0.0 : centre - half, events == total ? 1.0 : centre + half};
  return estimate;
}

Estimate clopper_pearson(std::int64_t events, std::int64_t total, double level) {
  Estimate estimate = proportion(events, total, kClopperPearsonConvention);
  if (!estimate.value) return estimate;
  const double tail = (1 - level) / 2;
  const double x = static_cast<double>(events);
  const double n = static_cast<double>(total);
  const double low = events == 0 ? 0 : beta_quantile(tail, x, n - x + 1);
  const double high = events == total ? 1 : beta_quantile(1 - tail, x + 1, n - x);
  estimate.interval = Interval{low, high};
  return estimate;
}

}  // namespace medperf::metrics
