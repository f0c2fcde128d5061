#pragma once
// What `medperf-metrics segmentation --csv-file` wrote for several models, as one table of values.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cohort/model_scores.h"

namespace medperf::cohort {

/// Which of the figures of a case: what is empty must not be ambiguous in the tables.
struct CaseFigure {
  std::string metric;
  std::string region;
  std::optional<double> tau_mm;
  std::string part;
};

/// The text of a table `case_id,patient,group` with a column for each model, for
/// read_model_values(); cases in the order of the first model. A case that failed, or whose figure
/// is undefined, has an empty cell. Errors: invalid for tables of other columns, models that do not
/// have the same cases with the same patients, a figure that is not in a table or matches several
/// rows of a case; they name the model and rows, never a case.
Result<std::string> values_of_case_tables(std::span<const ModelTable> models,
                                          const CaseFigure& figure);

}  // namespace medperf::cohort
