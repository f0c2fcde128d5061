#pragma once
// The tables of a classification task, read and joined: scores or probabilities, reference classes
// and patients.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cohort/keyed_table.h"
#include "cohort/units.h"
#include "metrics/classification/scored_case.h"

namespace medperf::cohort {

/// Two classes: a score and whether the case is positive.
struct ScoredCohort {
  std::vector<metrics::ScoredCase> cases;
  std::vector<std::string> ids;
  Units units;
};
Result<ScoredCohort> read_scored_cohort(std::string_view predictions, std::string_view labels,
                                        const UnitTable& patients);

/// Several classes, one of which a case has, in the order of the columns of predictions.csv.
struct ClassCohort {
  std::vector<std::string> classes;
  std::vector<int> reference;
  std::vector<double> probabilities;  ///< row by row
  std::vector<int> predicted;         ///< the most probable class; a tie counts against
  std::int64_t tied = 0;              ///< cases whose highest probability several classes share
  std::vector<std::string> ids;
  Units units;
};
Result<ClassCohort> read_class_cohort(std::string_view predictions, std::string_view labels,
                                      const UnitTable& patients);

/// Several labels, any of which a case may have, in the order of the columns of predictions.csv.
struct LabelCohort {
  std::vector<std::string> labels;
  std::vector<std::uint8_t> reference;  ///< row by row, 1 for present
  std::vector<double> scores;           ///< row by row
  std::vector<std::string> ids;
  Units units;
  std::size_t cases = 0;
  /// The cases as two classes: whether they have this label.
  std::vector<metrics::ScoredCase> of_label(std::size_t label) const;
};
Result<LabelCohort> read_label_cohort(std::string_view predictions, std::string_view labels,
                                      const UnitTable& patients);

enum class ClassificationTask { kTwoClasses, kClasses, kLabels };
/// By the headers: `case_id,score` is two classes; several columns of probabilities are classes, or
/// labels if labels.csv has a column for each instead of `label`. Errors: those of
/// read_keyed_table.
Result<ClassificationTask> task_of(std::string_view predictions, std::string_view labels);

}  // namespace medperf::cohort
