#pragma once
// How good probabilities are: proper scores of a predicted probability of the positive class.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "metrics/classification/scored_case.h"
#include "metrics/estimate.h"

namespace medperf::metrics {

inline constexpr std::string_view kBrierConvention = "brier-positive-class";
inline constexpr std::string_view kLogLossConvention = "log-loss-floor-2^-52";

/// No probability of what happened counts as less than this in the log loss, which would be
/// infinite otherwise: one certain and wrong case costs 36.04.
inline constexpr double kLogLossFloor = 0x1p-52;

/// Mean of (p - y)^2, in [0, 1], with the standard error of that mean and its interval after
/// Student (clipped to [0, 1]; none, flag one_case, for n = 1). Undefined (no_cases) without cases.
/// Errors: invalid for a score outside [0, 1] or a level outside (0, 1). Source: Brier, Mon Weather
/// Rev 78 (1950) 1 (who summed over both classes, which is twice this).
Result<Estimate> brier_score(std::span<const ScoredCase> cases, double level = 0.95);

/// Of the log loss: how many cases needed the floor.
struct LogLoss {
  Estimate estimate;
  std::int64_t floored = 0;
};
/// Mean of -log(probability given to what happened), natural logarithm, at least 0.
/// Undefined and errors as brier_score().
Result<LogLoss> log_loss(std::span<const ScoredCase> cases, double level = 0.95);

}  // namespace medperf::metrics
