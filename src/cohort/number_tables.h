#pragma once
// The tables of a regression task, read and joined: predicted and reference numbers, patients,
// groups.

#include <string_view>
#include <vector>

#include "base/result.h"
#include "cohort/units.h"
#include "metrics/regression/measured_pair.h"

namespace medperf::cohort {

struct NumberCohort {
  std::vector<metrics::MeasuredPair> cases;
  std::vector<std::string> ids;
  Units units;
};

/// One table `case_id,prediction,reference` and, if wanted, `patient` and `group`. Errors: invalid
/// (columns, a number that is none, a blank patient; rows are named, ids are not), too_large.
Result<NumberCohort> read_number_table(std::string_view table);

/// Two tables, `case_id,prediction` of a model and `case_id,reference` of a site, and patients.csv
/// where there is one. A case without a prediction and a prediction without a case are errors, and
/// so is any other column. Errors as above.
Result<NumberCohort> join_numbers(std::string_view predictions, std::string_view labels,
                                  const UnitTable& patients);

}  // namespace medperf::cohort
