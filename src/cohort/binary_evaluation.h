#pragma once
// The result document of a binary classification benchmark.

#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "metrics/classification/scored_case.h"

namespace medperf::cohort {

struct BinaryOptions {
  double threshold = 0.5;     ///< fixed by the benchmark; positive if score >= threshold
  double level = 0.95;        ///< of the intervals
  bool probabilities = true;  ///< scores must lie in [0, 1]
};

/// {"n","n_positive","n_negative","threshold","auc":{"value","se","low","high","flag"},
///  "sensitivity":{"value","low","high","flag"},"specificity":..,"accuracy":..,
///  "counts":{"tp","fp","tn","fn"},"conventions":{"auc","proportions"}}.
/// Numbers are unrounded; an undefined one is null and its flag says why ("ok" when defined).
/// Errors: invalid for a score that is not finite or not a probability (names the position).
Result<Json> evaluate_binary(const std::vector<metrics::ScoredCase>& cases,
                             const BinaryOptions& options);

/// evaluate_binary on the text of predictions.csv and labels.csv.
Result<Json> evaluate_binary_tables(std::string_view predictions, std::string_view labels,
                                    const BinaryOptions& options);

}  // namespace medperf::cohort
