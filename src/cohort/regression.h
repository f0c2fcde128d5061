#pragma once
// Predicted numbers of a cohort against reference numbers.

#include "base/result.h"
#include "cohort/figures.h"
#include "cohort/number_tables.h"
#include "metrics/statistics/bootstrap.h"

namespace medperf::cohort {

/// Errors and agreement. With several cases of a patient the intervals of the figures are replaced
/// by those of the bootstrap that draws patients. Groups have figures of their own
/// (group_figures.h). Errors: those of the metrics and the bootstrap.
Result<FigureSet> evaluate_regression(const NumberCohort& cohort,
                                      const metrics::BootstrapOptions& options,
                                      std::int64_t minimum_patients = kMinimumPatients);

}  // namespace medperf::cohort
