#pragma once
// Predicted numbers of a cohort against reference numbers.

#include <string_view>

#include "base/result.h"
#include "cohort/figures.h"
#include "metrics/statistics/bootstrap.h"

namespace medperf::cohort {

/// From the text of a table `case_id,prediction,reference` and, if wanted, `patient` and `group`
/// (which is not used here). With several cases of a patient the intervals of the figures are
/// replaced by those of the bootstrap that draws patients. Errors: invalid (columns, a number that
/// is none; rows are named, ids are not), too_large.
Result<FigureSet> evaluate_regression(std::string_view table,
                                      const metrics::BootstrapOptions& options);

}  // namespace medperf::cohort
