#pragma once
// Which cases of a cohort a person should look at first.

#include <cstddef>
#include <optional>
#include <vector>

#include "cohort/cohort_result.h"

namespace medperf::cohort {

/// Positions of cases, the worst first; of equal ones the first.
struct WorstCases {
  /// Without a value although a side holds something, e.g. an empty prediction of a distance: worse
  /// than any value. Where both sides are empty, nothing went wrong.
  std::vector<std::size_t> undefined;
  /// With a value: the lowest where higher is better and the reverse, the farthest from the ideal
  /// where a metric may err to both sides.
  std::vector<std::size_t> ranked;
};
/// All cases of a column but the failed ones, in that order. Nothing for a metric of which no value
/// is better than another (a volume).
std::optional<WorstCases> worst_cases(const CohortResult& result, std::size_t column);

}  // namespace medperf::cohort
