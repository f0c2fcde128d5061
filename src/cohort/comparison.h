#pragma once
// Several models on the same cases, two by two: what `medperf-metrics compare` gives.

#include <span>
#include <string_view>

#include "base/result.h"
#include "cohort/figures.h"
#include "cohort/model_scores.h"
#include "cohort/model_values.h"
#include "metrics/statistics/bootstrap.h"

namespace medperf::cohort {

struct ComparisonOptions {
  double threshold = 0.5;
  metrics::BootstrapOptions bootstrap;
};

/// Of two classes: each model's AUROC and accuracy, and for every pair of models, first less
/// second, `auroc-difference` (DeLong) and `accuracy-difference` (McNemar, mid-p and exact, and the
/// paired bootstrap, which has the interval). Of several classes: the accuracies. Where patients
/// repeat, the tests that take cases as independent are left out and the bootstrap draws patients.
/// `patients` is patients.csv, where there is one. Errors: invalid for fewer than two
/// models, two of one name, several labels a case, and those of the tables.
Result<FigureSet> compare_scores(std::span<const ModelTable> models, std::string_view labels,
                                 const UnitTable& patients, const ComparisonOptions& options);

/// Of values per case (Dice, HD95, absolute errors): each model's mean, and for every pair
/// `mean-difference` by Student, Wilcoxon and the paired bootstrap; the last alone where patients
/// repeat. `metric` is the id of the values, or empty. Errors: invalid for a metric that the
/// vocabulary lacks, and those of read_model_values.
Result<FigureSet> compare_values(std::string_view table, std::string_view metric,
                                 const MissingRule& missing, const ComparisonOptions& options);

}  // namespace medperf::cohort
