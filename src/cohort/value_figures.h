#pragma once
// Values per case as means, quantiles and groups: what `medperf-metrics values` gives.

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cohort/figures.h"
#include "cohort/model_values.h"
#include "metrics/statistics/bootstrap.h"
#include "metrics/vocabulary.h"

namespace medperf::cohort {

enum class MeanInterval { kStudent, kBootstrap };

struct ValueOptions {
  std::vector<double> quantiles = {0.5};  ///< each in (0, 1)
  MeanInterval interval = MeanInterval::kStudent;
  metrics::BootstrapOptions bootstrap;
  std::optional<metrics::Direction> better;          ///< for the worst group; empty: the metric's
  std::int64_t minimum_patients = kMinimumPatients;  ///< of a group
};

/// For each column `mean` and `quantile`, of all cases and the mean of each group. Where patients
/// repeat, means have the bootstrap's interval (patients drawn) and quantiles none. more.groups
/// holds {"column","group","n_cases","n_patients"}, more.worst_groups {"column","group","gap"}
/// where it is known which side is better. Errors: invalid for options out of range, an unknown
/// metric, and those of read_model_values.
Result<FigureSet> summarise_values(std::string_view table, std::string_view metric,
                                   const MissingRule& missing, const ValueOptions& options);

}  // namespace medperf::cohort
