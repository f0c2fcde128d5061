#include "cohort/class_tables.h"

#include <algorithm>
#include <span>

#include "cohort/binary_tables.h"

namespace medperf::cohort {
namespace {

constexpr char kOnePrediction[] =
    "The model must write one prediction for every case it was given.";

/// predictions.csv as columns of numbers beside the rows of labels.csv.
struct Joined {
  KeyedTable predictions;
  KeyedTable labels;
  std::vector<std::string> names;    ///< of the columns of predictions
  std::vector<std::size_t> columns;  ///< where they are
};

Result<Joined> join(std::string_view predictions, std::string_view labels) {
  Joined joined;
  MEDPERF_TRY(joined.predictions, read_keyed_table(predictions, "predictions.csv"));
  MEDPERF_TRY(joined.labels, read_keyed_table(labels, "labels.csv"));
  const auto& header = joined.predictions.table.header;
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (i == joined.predictions.id) continue;
    joined.names.push_back(header[i]);
    joined.columns.push_back(i);
  }
  if (joined.labels.table.rows.size() < joined.predictions.table.rows.size()) {
    return make_error(ErrorKind::kInvalid, "predictions.csv",
                      "it has cases that labels.csv does not have",
                      "The model must not make up cases.");
  }
  return joined;
}

/// Appends the numbers of the case in row `i` of labels.csv.
Status append_numbers(const Joined& joined, std::size_t i, std::vector<double>& out) {
  const auto row = joined.predictions.row_of.find(joined.labels.table.rows[i][joined.labels.id]);
  if (row == joined.predictions.row_of.end()) {
    return bad_row("labels.csv", i, "its case has no prediction", kOnePrediction);
  }
  for (const std::size_t column : joined.columns) {
    MEDPERF_TRY(const double number,
                number_in(joined.predictions, row->second, column, "predictions.csv"));
    out.push_back(number);
  }
  return {};
}

std::vector<std::string> ids_of(const KeyedTable& table) {
  std::vector<std::string> ids;
  for (const auto& row : table.table.rows) ids.push_back(row[table.id]);
  return ids;
}

struct Answer {
  int predicted = 0;
  bool tied = false;
};

/// The most probable class. A tie counts against: of equal ones it is the first by name that is not
/// the case's own, so that neither a constant answer nor the order of the columns gains anything.
Answer answer_of(std::span<const double> row, int reference,
                 const std::vector<std::string>& classes) {
  const double most = *std::max_element(row.begin(), row.end());
  Answer answer{reference, std::count(row.begin(), row.end(), most) > 1};
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i] != most) continue;
    const int one = static_cast<int>(i);
    if (!answer.tied) return {one, false};
    if (one == reference) continue;
    const bool none_yet = answer.predicted == reference;
    if (none_yet || classes[i] < classes[static_cast<std::size_t>(answer.predicted)]) {
      answer.predicted = one;
    }
  }
  return answer;
}

}  // namespace

Result<ScoredCohort> read_scored_cohort(std::string_view predictions, std::string_view labels,
                                        const UnitTable& patients) {
  MEDPERF_TRY(const auto reference, read_labels(labels));
  MEDPERF_TRY(const auto scores, read_predictions(predictions));
  ScoredCohort cohort;
  MEDPERF_TRY(cohort.cases, pair_cases(reference, scores));
  for (const Label& one : reference) cohort.ids.push_back(one.case_id);
  MEDPERF_TRY(cohort.units, units_of(patients, cohort.ids, "labels.csv"));
  return cohort;
}

Result<ClassCohort> read_class_cohort(std::string_view predictions, std::string_view labels,
                                      const UnitTable& patients) {
  MEDPERF_TRY(const Joined joined, join(predictions, labels));
  const auto label = joined.labels.table.column("label");
  if (!label || joined.labels.table.header.size() != 2) {
    return make_error(ErrorKind::kInvalid, "labels.csv: header",
                      "the columns are not case_id and label",
                      "Write case_id,label; or, where a case may have several labels, case_id and "
                      "the columns of predictions.csv.");
  }
  ClassCohort cohort;
  cohort.classes = joined.names;
  for (std::size_t i = 0; i < joined.labels.table.rows.size(); ++i) {
    const auto& row = joined.labels.table.rows[i];
    const auto found = std::find(cohort.classes.begin(), cohort.classes.end(), row[*label]);
    if (found == cohort.classes.end()) {
      return bad_row("labels.csv", i, "its label is no column of predictions.csv",
                     "Name the columns of probabilities as the labels are.");
    }
    cohort.reference.push_back(static_cast<int>(found - cohort.classes.begin()));
    MEDPERF_CHECK(append_numbers(joined, i, cohort.probabilities));
    const auto width = joined.columns.size();
    const Answer answer = answer_of(std::span(cohort.probabilities).last(width),
                                    cohort.reference.back(), cohort.classes);
    cohort.predicted.push_back(answer.predicted);
    if (answer.tied) ++cohort.tied;
  }
  cohort.ids = ids_of(joined.labels);
  MEDPERF_TRY(cohort.units, units_of(patients, cohort.ids, "labels.csv"));
  return cohort;
}

Result<LabelCohort> read_label_cohort(std::string_view predictions, std::string_view labels,
                                      const UnitTable& patients) {
  MEDPERF_TRY(const Joined joined, join(predictions, labels));
  const CsvTable& table = joined.labels.table;
  std::vector<std::size_t> columns;
  for (const std::string& name : joined.names) {
    const auto column = table.column(name);
    if (!column || table.header.size() != joined.names.size() + 1) {
      return make_error(ErrorKind::kInvalid, "labels.csv: header",
                        "its columns are not those of predictions.csv",
                        "Write case_id and, for each label, a column of the same name.");
    }
    columns.push_back(*column);
  }
  LabelCohort cohort;
  cohort.labels = joined.names;
  cohort.cases = table.rows.size();
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    for (const std::size_t column : columns) {
      const std::string& value = table.rows[i][column];
      if (value != "0" && value != "1") {
        return bad_row("labels.csv", i, "a label is neither 0 nor 1",
                       "Write 1 for a label that the case has, and 0 for one that it has not.");
      }
      cohort.reference.push_back(value == "1" ? 1 : 0);
    }
    MEDPERF_CHECK(append_numbers(joined, i, cohort.scores));
  }
  cohort.ids = ids_of(joined.labels);
  MEDPERF_TRY(cohort.units, units_of(patients, cohort.ids, "labels.csv"));
  return cohort;
}

std::vector<metrics::ScoredCase> LabelCohort::of_label(std::size_t label) const {
  std::vector<metrics::ScoredCase> result;
  result.reserve(cases);
  for (std::size_t row = 0; row < cases; ++row) {
    const std::size_t at = row * labels.size() + label;
    result.push_back({scores[at], reference[at] != 0});
  }
  return result;
}

Result<ClassificationTask> task_of(std::string_view predictions, std::string_view labels) {
  MEDPERF_TRY(const KeyedTable scores, read_keyed_table(predictions, "predictions.csv"));
  if (scores.table.header.size() <= 2) return ClassificationTask::kTwoClasses;
  MEDPERF_TRY(const KeyedTable classes, read_keyed_table(labels, "labels.csv"));
  const bool one_label = classes.table.header.size() == 2 && classes.table.column("label");
  return one_label ? ClassificationTask::kClasses : ClassificationTask::kLabels;
}

}  // namespace medperf::cohort
