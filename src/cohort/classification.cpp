#include "cohort/classification.h"

#include <algorithm>
#include <set>

#include "cohort/binary_tables.h"
#include "cohort/keyed_table.h"
#include "metrics/classification/auc.h"
#include "metrics/classification/auc_bootstrap.h"
#include "metrics/classification/calibration.h"
#include "metrics/classification/confusion_matrix.h"
#include "metrics/classification/curves.h"
#include "metrics/classification/decision.h"
#include "metrics/classification/multiclass.h"
#include "metrics/classification/probability.h"
#include "metrics/classification/threshold.h"

namespace medperf::cohort {
namespace {

using metrics::Estimate;
using metrics::ScoredCase;

/// A number for the patient of each case, and how many there are.
struct Patients {
  std::vector<std::int64_t> of_case;
  std::size_t count = 0;
};

Result<Patients> patients_of(std::string_view text, const std::vector<std::string>& ids) {
  Patients patients{{}, ids.size()};
  if (text.empty()) return patients;
  MEDPERF_TRY(const KeyedTable table, read_keyed_table(text, "patients"));
  const auto column = table.table.column("patient");
  if (!column || table.table.header.size() != 2) {
    return make_error(ErrorKind::kInvalid, "patients: header",
                      "the columns are not case_id and patient", "Write case_id,patient.");
  }
  std::map<std::string_view, std::int64_t> numbers;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto row = table.row_of.find(ids[i]);
    if (row == table.row_of.end()) {
      return bad_row("labels.csv", i, "its case is not in the table of patients",
                     "Give the patient of every case.");
    }
    const std::string& name = table.table.rows[row->second][*column];
    const auto next = static_cast<std::int64_t>(numbers.size());
    patients.of_case.push_back(numbers.try_emplace(name, next).first->second);
  }
  patients.count = numbers.size();
  return patients;
}

void add_decision(const metrics::Confusion& table, double level, FigureSet& set) {
  set.figures.push_back({"sensitivity", "", metrics::sensitivity(table, level)});
  set.figures.push_back({"specificity", "", metrics::specificity(table, level)});
  set.figures.push_back({"precision", "", metrics::precision(table, level)});
  set.figures.push_back({"npv", "", metrics::negative_predictive_value(table, level)});
  set.figures.push_back({"accuracy", "", metrics::accuracy(table, level)});
  set.figures.push_back({"balanced-accuracy", "", metrics::balanced_accuracy(table, level)});
  set.figures.push_back({"f1", "", metrics::f1(table)});
  set.figures.push_back({"mcc", "", metrics::matthews(table)});
  set.more.set(
      "counts",
      Json::object({{"tp", table.tp}, {"fp", table.fp}, {"tn", table.tn}, {"fn", table.fn}}));
}

Status add_probabilities(std::span<const ScoredCase> cases, double level, FigureSet& set) {
  MEDPERF_TRY(Estimate brier, metrics::brier_score(cases, level));
  MEDPERF_TRY(const metrics::LogLoss loss, metrics::log_loss(cases, level));
  MEDPERF_TRY(const metrics::Calibration table, metrics::calibration(cases));
  MEDPERF_TRY(const metrics::Recalibration line, metrics::recalibrate(cases, level));
  set.figures.push_back({"brier", "", brier});
  set.figures.push_back({"log-loss", "", loss.estimate});
  set.figures.push_back({"ece", "", table.expected_error});
  set.figures.push_back({"calibration-slope", "", line.slope});
  set.figures.push_back({"calibration-in-the-large", "", line.in_the_large});
  Json::Array bins;
  for (const metrics::CalibrationBin& bin : table.bins) {
    bins.push_back(Json::array({bin.mean_probability, bin.event_rate.value.value_or(0)}));
  }
  set.more.set("reliability", Json(std::move(bins)));
  return {};
}

Status add_curve(std::span<const ScoredCase> cases, FigureSet& set) {
  MEDPERF_TRY(const auto points, metrics::operating_points(cases, true));
  Json::Array curve;
  for (const metrics::CurvePoint& point : points) {
    const auto sensitivity = metrics::sensitivity(point.table).value;
    const auto specificity = metrics::specificity(point.table).value;
    if (sensitivity && specificity) curve.push_back(Json::array({1 - *specificity, *sensitivity}));
  }
  if (!curve.empty()) set.more.set("roc", Json(std::move(curve)));
  return {};
}

Result<FigureSet> two_classes(std::string_view predictions, std::string_view labels,
                              std::string_view patient_table,
                              const ClassificationOptions& options) {
  MEDPERF_TRY(const auto reference, read_labels(labels));
  MEDPERF_TRY(const auto scores, read_predictions(predictions));
  MEDPERF_TRY(const auto cases, pair_cases(reference, scores));
  std::vector<std::string> ids;
  for (const Label& one : reference) ids.push_back(one.case_id);
  MEDPERF_TRY(const Patients patients, patients_of(patient_table, ids));
  const double level = options.bootstrap.level;
  FigureSet set{"binary classification", cases.size(), patients.count, {}, Json::object()};
  MEDPERF_TRY(const metrics::Auc area, metrics::auc(cases, level));
  MEDPERF_TRY(const metrics::Bootstrap drawn,
              patients.of_case.empty()
                  ? metrics::auc_bootstrap(cases, options.bootstrap)
                  : metrics::auc_bootstrap(cases, patients.of_case, options.bootstrap));
  MEDPERF_TRY(Estimate precision, metrics::average_precision(cases));
  MEDPERF_TRY(const metrics::Confusion table, metrics::confusion_at(cases, options.threshold));
  // DeLong's interval takes the cases as independent: with several of a patient it is too narrow.
  const bool clustered = patients.count < cases.size();
  if (!clustered) set.figures.push_back({"auroc", "", area.estimate});
  set.figures.push_back({"auroc", clustered ? "patients drawn" : "bootstrap", drawn.estimate});
  set.figures.push_back({"auprc", "", precision});
  add_decision(table, level, set);
  set.more.set("n_positive", area.n_positive);
  set.more.set("n_negative", area.n_negative);
  const bool probabilities = std::all_of(cases.begin(), cases.end(), [](const ScoredCase& one) {
    return one.score >= 0 && one.score <= 1;
  });
  if (probabilities) MEDPERF_CHECK(add_probabilities(cases, level, set));
  MEDPERF_CHECK(add_curve(cases, set));
  return set;
}

/// The classes in the order of the columns, and what each case has.
struct ClassTables {
  std::vector<std::string> classes;
  std::vector<std::string> ids;
  std::vector<int> reference;
  std::vector<double> probabilities;
  std::vector<int> predicted;  ///< the most probable class, the first of equal ones
};

Result<ClassTables> read_class_tables(const KeyedTable& predictions, std::string_view labels) {
  MEDPERF_TRY(const KeyedTable reference, read_keyed_table(labels, "labels.csv"));
  const auto label = reference.table.column("label");
  if (!label || reference.table.header.size() != 2) {
    return make_error(ErrorKind::kInvalid, "labels.csv: header",
                      "the columns are not case_id and label", "Write case_id,label.");
  }
  ClassTables tables;
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < predictions.table.header.size(); ++i) {
    if (i == predictions.id) continue;
    tables.classes.push_back(predictions.table.header[i]);
    columns.push_back(i);
  }
  for (std::size_t i = 0; i < reference.table.rows.size(); ++i) {
    const auto& row = reference.table.rows[i];
    const auto found = std::find(tables.classes.begin(), tables.classes.end(), row[*label]);
    if (found == tables.classes.end()) {
      return bad_row("labels.csv", i, "its label is no column of predictions.csv",
                     "Name the columns of probabilities as the labels are.");
    }
    const auto predicted = predictions.row_of.find(row[reference.id]);
    if (predicted == predictions.row_of.end()) {
      return bad_row("labels.csv", i, "its case has no prediction",
                     "The model must write one prediction for every case it was given.");
    }
    tables.ids.push_back(row[reference.id]);
    tables.reference.push_back(static_cast<int>(found - tables.classes.begin()));
    for (const std::size_t column : columns) {
      MEDPERF_TRY(const double p,
                  number_in(predictions, predicted->second, column, "predictions.csv"));
      tables.probabilities.push_back(p);
    }
    const auto last = tables.probabilities.end();
    const auto first = last - static_cast<std::ptrdiff_t>(columns.size());
    tables.predicted.push_back(static_cast<int>(std::max_element(first, last) - first));
  }
  if (tables.ids.size() != predictions.table.rows.size()) {
    return make_error(ErrorKind::kInvalid, "predictions.csv",
                      "it has cases that labels.csv does not have",
                      "The model must not make up cases.");
  }
  return tables;
}

Result<FigureSet> many_classes(const KeyedTable& predictions, std::string_view labels,
                               std::string_view patient_table,
                               const ClassificationOptions& options) {
  MEDPERF_TRY(const ClassTables tables, read_class_tables(predictions, labels));
  MEDPERF_TRY(const Patients patients, patients_of(patient_table, tables.ids));
  const int classes = static_cast<int>(tables.classes.size());
  MEDPERF_TRY(const auto cases,
              metrics::ClassProbabilities::of(tables.reference, tables.probabilities, classes));
  MEDPERF_TRY(const auto matrix,
              metrics::ConfusionMatrix::of(tables.reference, tables.predicted, classes));
  const double level = options.bootstrap.level;
  FigureSet set{"multi-class classification", cases.size(), patients.count, {}, Json::object()};
  set.figures = {{"auroc-one-vs-rest", "", metrics::one_vs_rest_auroc(cases)},
                 {"auroc-hand-till", "", metrics::hand_till_auroc(cases)},
                 {"accuracy", "", metrics::accuracy(matrix, level)},
                 {"balanced-accuracy", "", metrics::macro_recall(matrix)},
                 {"f1-macro", "", metrics::macro_f1(matrix)},
                 {"mcc-multiclass", "", metrics::gorodkin(matrix)},
                 {"kappa", "", metrics::cohen_kappa(matrix, metrics::KappaWeights::kNone, level)},
                 {"brier-multiclass", "", metrics::brier_score(cases, level)},
                 {"log-loss", "", metrics::log_loss(cases, level).estimate}};
  Json::Array rows;
  for (int i = 0; i < classes; ++i) {
    const std::string name = "class " + tables.classes[static_cast<std::size_t>(i)];
    const metrics::Confusion one = matrix.one_against_rest(i);
    set.figures.push_back({"sensitivity", name, metrics::sensitivity(one, level)});
    set.figures.push_back({"precision", name, metrics::precision(one, level)});
    Json::Array row;
    for (int j = 0; j < classes; ++j) row.emplace_back(matrix.count(i, j));
    rows.emplace_back(std::move(row));
  }
  Json::Array names(tables.classes.begin(), tables.classes.end());
  set.more.set("classes", Json(std::move(names)));
  set.more.set("confusion", Json(std::move(rows)));
  return set;
}

}  // namespace

Result<FigureSet> evaluate_classification(std::string_view predictions, std::string_view labels,
                                          std::string_view patients,
                                          const ClassificationOptions& options) {
  MEDPERF_TRY(const KeyedTable table, read_keyed_table(predictions, "predictions.csv"));
  if (table.table.header.size() > 2) return many_classes(table, labels, patients, options);
  return two_classes(predictions, labels, patients, options);
}

}  // namespace medperf::cohort
