#pragma once
// Checks of input, internal to this room.

#include <cstddef>
#include <span>
#include <string>

#include "base/result.h"
#include "metrics/classification/scored_case.h"

namespace medperf::metrics {

/// "case 3": how errors name the case at position 2.
std::string case_name(std::size_t position);
/// Invalid for a score that is not finite.
Status check_finite_scores(std::span<const ScoredCase> cases);
/// Invalid for a score outside [0, 1]: these metrics read it as the probability of being positive.
Status check_probabilities(std::span<const ScoredCase> cases);
/// Invalid for a level outside (0, 1).
Status check_level(double level);

}  // namespace medperf::metrics
