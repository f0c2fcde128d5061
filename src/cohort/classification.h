#pragma once
// Scores of a cohort against its reference classes, two or more.

#include <string_view>

#include "base/result.h"
#include "cohort/figures.h"
#include "cohort/units.h"
#include "metrics/figures.h"
#include "metrics/statistics/bootstrap.h"

namespace medperf::cohort {

struct ClassificationOptions {
  double threshold = 0.5;  ///< two classes: positive if score >= threshold
  metrics::BootstrapOptions bootstrap;
  /// Also the alternatives and what is asked for less often: the Youden index, likelihood ratios,
  /// trapezoidal AUPRC, kappa, ECE of equal mass, maximum calibration error; of several classes
  /// micro and weighted F1, weighted kappas and AUROC, top-k accuracy.
  bool further = false;
  int top_k = 2;                                     ///< of several classes
  std::int64_t minimum_patients = kMinimumPatients;  ///< of a group
  metrics::ProportionInterval proportions = metrics::ProportionInterval::kWilson;
  metrics::AreaInterval areas = metrics::AreaInterval::kDeLong;
  metrics::FigureOptions figures() const {
    return {threshold, metrics::kCalibrationBins, top_k, {bootstrap.level, proportions, areas}};
  }
};

/// From the text of predictions.csv and labels.csv. Two classes: `case_id,score` and
/// `case_id,label` with 0 or 1. More: a column of probabilities for each class in predictions.csv,
/// named as the labels are. Several labels a case: the same, and a column of 0 and 1 for each in
/// labels.csv. `patients` is the table patients.csv (see UnitRows): where patients repeat, every
/// interval is that of the bootstrap that draws them, since formulas take cases as independent.
/// Figures without a formula have the bootstrap's interval in any case: O(replicates x n log n).
/// Groups have figures of their own (group_figures.h).
/// Calibration and the decision curve are given when all scores are in [0, 1].
/// Errors: invalid for tables that do not fit each other (rows are named, ids are not), too_large.
Result<FigureSet> evaluate_classification(std::string_view predictions, std::string_view labels,
                                          const UnitTable& patients,
                                          const ClassificationOptions& options);

}  // namespace medperf::cohort
