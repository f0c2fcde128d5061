#pragma once
// The result document of a binary classification benchmark.

#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "cohort/class_tables.h"
#include "metrics/statistics/bootstrap.h"

namespace medperf::cohort {

struct BinaryOptions {
  double threshold = 0.5;               ///< fixed by the benchmark; positive if score >= threshold
  metrics::BootstrapOptions bootstrap;  ///< its level is that of all intervals
  bool probabilities = true;            ///< scores must lie in [0, 1]
};

/// {"n","n_positive","n_negative","threshold","auc":{"value","se","low","high","flag"},
///  "sensitivity":{"value","low","high","flag"},"specificity":..,"accuracy":..,
///  "counts":{"tp","fp","tn","fn"},"conventions":{"auc","proportions"}}.
/// Numbers are unrounded; an undefined one is null and its flag says why ("ok" when defined).
/// Where patients repeat, DeLong's and Wilson's intervals, which take cases as independent, give
/// way to those of the bootstrap that draws patients, and the conventions say so; keys stay the
/// same. Errors: invalid for a score that is not finite or not a probability (names the position),
/// and for groups, which have no place in this document.
Result<Json> evaluate_binary(const ScoredCohort& cohort, const BinaryOptions& options);

/// evaluate_binary on the text of predictions.csv, labels.csv and patients.csv, if there is one.
Result<Json> evaluate_binary_tables(std::string_view predictions, std::string_view labels,
                                    const UnitTable& patients, const BinaryOptions& options);

}  // namespace medperf::cohort
