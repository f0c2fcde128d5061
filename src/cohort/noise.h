#pragma once
// What wrong reference labels would do to the figures: what `medperf-metrics noise` gives.

#include <string_view>
#include <vector>

#include "base/result.h"
#include "cohort/figures.h"
#include "metrics/statistics/bootstrap.h"

namespace medperf::cohort {

struct NoiseOptions {
  std::vector<double> shares = {0.01, 0.05, 0.1};  ///< of wrong labels, each in [0, 1/2]
  double threshold = 0.5;
  metrics::BootstrapOptions bootstrap;  ///< of the simulated figures
};

/// Of two classes. AUROC, sensitivity and specificity by formula: the value is what each tends to,
/// the interval what the worst choice of wrong labels can do. Accuracy, balanced accuracy,
/// precision, NPV, F1 and MCC by simulation: mean, and central share of the replicates. `of` says
/// which, "as given" is the figure of the labels as they are. Errors: those of the tables and of
/// metrics::simulate_label_noise.
Result<FigureSet> doubt_labels(std::string_view predictions, std::string_view labels,
                               const NoiseOptions& options);

}  // namespace medperf::cohort
