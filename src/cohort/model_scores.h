#pragma once
// The predictions of several models on the same cases.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cohort/class_tables.h"
#include "metrics/classification/scored_case.h"

namespace medperf::cohort {

/// One model's predictions.csv.
struct ModelTable {
  std::string model;
  std::string text;
};

/// What each model scored and got right, cases in the order of labels.csv.
struct ModelScores {
  std::vector<std::string> models;
  std::vector<std::vector<metrics::ScoredCase>> cases;  ///< [model]; empty of several classes
  std::vector<std::vector<std::uint8_t>> right;         ///< [model][case]
  Units units;
  std::size_t n_cases = 0;
};

/// Two classes (right: the score is at least `threshold` if and only if positive) or several
/// (right: the most probable one is the label). `patients` is patients.csv, where there is one.
/// Errors: invalid for fewer than two models, two of one name, several labels a case, and those of
/// the tables, which name the model.
Result<ModelScores> read_model_scores(std::span<const ModelTable> models, std::string_view labels,
                                      const UnitTable& patients, double threshold);

}  // namespace medperf::cohort
