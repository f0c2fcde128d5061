#include "cohort/binary_tables.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_map>

#include "base/csv.h"

namespace medperf::cohort {
namespace {

using RowOf = std::unordered_map<std::string_view, std::size_t>;

std::string row_name(std::size_t index) {
  return "row " + std::to_string(index + 1);
}

/// A table of exactly the two columns `case_id` and `value`; ids present and each once.
Result<CsvTable> read_two_columns(std::string_view text, std::string_view file,
                                  std::string_view value) {
  CsvLimits limits;
  limits.columns = 2;
  limits.field = 128;
  auto table = parse_csv(text, limits);
  if (!table.ok()) return std::move(table).error().at(file);
  if (table->header != std::vector<std::string>{"case_id", std::string(value)}) {
    return make_error(ErrorKind::kInvalid, std::string(file) + ": header",
                      "the columns are not case_id and " + std::string(value),
                      "Write the header as case_id," + std::string(value) + ".");
  }
  RowOf seen;
  for (std::size_t i = 0; i < table->rows.size(); ++i) {
    const std::string& id = table->rows[i][0];
    if (id.empty()) {
      return make_error(ErrorKind::kInvalid, std::string(file) + ": " + row_name(i),
                        "the case_id is empty", "Give every row the id of its case.");
    }
    const auto [first, inserted] = seen.emplace(id, i);
    if (!inserted) {
      return make_error(ErrorKind::kInvalid, std::string(file) + ": " + row_name(i),
                        "it repeats the case_id of " + row_name(first->second),
                        "Write each case once.");
    }
  }
  return table;
}

Error missing(std::string_view file, std::size_t index, std::string_view what,
              std::string_view advice) {
  return make_error(ErrorKind::kInvalid, std::string(file) + ": " + row_name(index),
                    std::string(what), std::string(advice));
}

}  // namespace

Result<std::vector<Label>> read_labels(std::string_view text) {
  MEDPERF_TRY(const CsvTable table, read_two_columns(text, "labels.csv", "label"));
  std::vector<Label> labels;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const std::string& value = table.rows[i][1];
    if (value != "0" && value != "1") {
      return missing("labels.csv", i,
                     value.empty() ? "the label is missing" : "the label is neither 0 nor 1",
                     "Write 1 for the condition of the benchmark and 0 for its absence.");
    }
    labels.push_back({table.rows[i][0], value == "1"});
  }
  return labels;
}

Result<std::vector<Prediction>> read_predictions(std::string_view text) {
  MEDPERF_TRY(const CsvTable table, read_two_columns(text, "predictions.csv", "score"));
  std::vector<Prediction> predictions;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const std::string& value = table.rows[i][1];
    const char* const end = value.data() + value.size();
    double score = 0;
    const auto parsed = std::from_chars(value.data(), end, score);
    if (parsed.ec != std::errc() || parsed.ptr != end) {
      return missing("predictions.csv", i,
                     value.empty() ? "the score is missing" : "the score is not a number",
                     "The model must write a decimal number for every case.");
    }
    if (!std::isfinite(score)) {
      return missing("predictions.csv", i, "the score is not a finite number",
                     "The model must write a decimal number for every case.");
    }
    predictions.push_back({table.rows[i][0], score});
  }
  return predictions;
}

Result<std::vector<metrics::ScoredCase>> pair_cases(const std::vector<Label>& labels,
                                                    const std::vector<Prediction>& predictions) {
  RowOf predicted;
  for (std::size_t i = 0; i < predictions.size(); ++i) predicted.emplace(predictions[i].case_id, i);
  std::vector<metrics::ScoredCase> cases;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto found = predicted.find(labels[i].case_id);
    if (found == predicted.end()) {
      return missing("labels.csv", i, "its case has no prediction",
                     "The model must write one prediction for every case it was given.");
    }
    cases.push_back({predictions[found->second].score, labels[i].positive});
    predicted.erase(found);
  }
  if (!predicted.empty()) {
    std::size_t first = predictions.size();
    for (const auto& [id, row] : predicted) first = std::min(first, row);
    return missing("predictions.csv", first, "its case has no label",
                   "The label of every prepared case must be in labels.csv; the model must not "
                   "make up cases.");
  }
  return cases;
}

}  // namespace medperf::cohort
