#include "metrics/classification/probability.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "metrics/classification/checks.h"
#include "metrics/statistics/mean.h"

namespace medperf::metrics {

Result<Estimate> brier_score(std::span<const ScoredCase> cases, double level) {
  MEDPERF_CHECK(check_probabilities(cases));
  std::vector<double> losses;
  losses.reserve(cases.size());
  for (const ScoredCase& one : cases) {
    const double error = one.score - (one.positive ? 1 : 0);
    losses.push_back(error * error);
  }
  MEDPERF_TRY(Estimate estimate, mean_estimate(losses, level));
  estimate.convention = kBrierConvention;
  if (estimate.interval) {
    estimate.interval->low = std::max(0.0, estimate.interval->low);
    estimate.interval->high = std::min(1.0, estimate.interval->high);
  }
  return estimate;
}

Result<LogLoss> log_loss(std::span<const ScoredCase> cases, double level) {
  MEDPERF_CHECK(check_probabilities(cases));
  LogLoss result;
  std::vector<double> losses;
  losses.reserve(cases.size());
  for (const ScoredCase& one : cases) {
    const double happened = one.positive ? one.score : 1 - one.score;
    if (happened < kLogLossFloor) ++result.floored;
    // log1p keeps the digits of a small probability of the other class.
    losses.push_back(one.positive || happened < kLogLossFloor
                         ? -std::log(std::max(happened, kLogLossFloor))
                         : -std::log1p(-one.score));
  }
  MEDPERF_TRY(result.estimate, mean_estimate(losses, level));
  result.estimate.convention = kLogLossConvention;
  if (result.estimate.interval) {
    result.estimate.interval->low = std::max(0.0, result.estimate.interval->low);
  }
  return result;
}

}  // namespace medperf::metrics
