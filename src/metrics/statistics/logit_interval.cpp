#include "metrics/statistics/logit_interval.h"

#include <cmath>

#include "metrics/statistics/distributions.h"
#include "metrics/statistics/study.h"

namespace medperf::metrics {

std::optional<Interval> logit_interval(double value, double se, double level) {
  if (!(value > 0 && value < 1) || !(se > 0)) return std::nullopt;
  const double centre = std::log(value) - std::log1p(-value);
  const double half = normal_quantile(0.5 + level / 2) * se / (value * (1 - value));
  return Interval{original_scale(centre - half, Scale::kLogit),
                  original_scale(centre + half, Scale::kLogit)};
}

}  // namespace medperf::metrics
