#include "metrics/statistics/mean.h"

#include <cmath>
#include <string>

#include "metrics/statistics/distributions.h"

namespace medperf::metrics {

Estimate mean_from_moments(std::int64_t n, double mean, double squared_deviations, double level) {
  Estimate estimate;
  estimate.convention = kMeanConvention;
  if (n == 0) {
    estimate.flag = flag::kNoCases;
    return estimate;
  }
  estimate.value = mean;
  if (n == 1) {
    estimate.flag = flag::kOneCase;
    return estimate;
  }
  const auto count = static_cast<double>(n);
  const double se = std::sqrt(squared_deviations / (count - 1) / count);
  estimate.se = se;
  if (se == 0) {
    estimate.flag = flag::kNoVariance;
    return estimate;
  }
  const double half = t_quantile(0.5 + level / 2, count - 1) * se;
  estimate.interval = Interval{mean - half, mean + half};
  return estimate;
}

Result<Estimate> mean_estimate(std::span<const double> values, double level) {
  if (!(level > 0 && level < 1)) {
    return make_error(ErrorKind::kInvalid, "level", "it must lie between 0 and 1", "Use 0.95.");
  }
  const auto count = static_cast<double>(values.size());
  double mean = 0;
  bool equal = true;  // told from the values: their mean, and so their sum of squares, may round
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      return make_error(ErrorKind::kInvalid, "case " + std::to_string(i + 1),
                        "its value is not a finite number",
                        "Leave cases without a value out and count them.");
    }
    mean += values[i] / count;
    equal = equal && values[i] == values.front();
  }
  if (equal && !values.empty()) {
    return mean_from_moments(static_cast<std::int64_t>(values.size()), values.front(), 0, level);
  }
  double residue = 0;  // what rounding left of the sum of deviations
  for (const double value : values) residue += value - mean;
  if (!values.empty()) mean += residue / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return mean_from_moments(static_cast<std::int64_t>(values.size()), mean, squares, level);
}

}  // namespace medperf::metrics
