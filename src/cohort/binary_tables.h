#pragma once
// The two tables of a binary classification task, and their join.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/classification/scored_case.h"

namespace medperf::cohort {

/// A row of labels.csv (`case_id,label`): the reference class of one case.
struct Label {
  std::string case_id;
  bool positive = false;
};

/// A row of predictions.csv (`case_id,score`).
struct Prediction {
  std::string case_id;
  double score = 0;
};

/// Reads labels.csv; the label is 0 or 1. Errors: invalid (columns, an empty or repeated case id,
/// another label), too_large. Errors name rows only, never an id.
Result<std::vector<Label>> read_labels(std::string_view text);

/// Reads predictions.csv; the score is a finite decimal number. Errors as above.
Result<std::vector<Prediction>> read_predictions(std::string_view text);

/// Joins both by case id, in the order of the labels. Errors: invalid, when a label has no
/// prediction or a prediction no label; rows are named, ids are not.
Result<std::vector<metrics::ScoredCase>> pair_cases(const std::vector<Label>& labels,
                                                    const std::vector<Prediction>& predictions);

}  // namespace medperf::cohort
