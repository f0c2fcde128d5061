#include "cohort/classification.h"

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <span>

#include "cohort/class_tables.h"
#include "metrics/classification/auc.h"
#include "metrics/classification/auc_bootstrap.h"
#include "metrics/classification/calibration.h"
#include "metrics/classification/confusion_matrix.h"
#include "metrics/classification/curves.h"
#include "metrics/classification/decision.h"
#include "metrics/classification/multiclass.h"
#include "metrics/classification/multilabel.h"
#include "metrics/classification/probability.h"
#include "metrics/classification/threshold.h"
#include "metrics/clustered.h"

namespace medperf::cohort {
namespace {

using metrics::Estimate;
using metrics::ScoredCase;

constexpr char kPatientsDrawn[] = "patients drawn";

/// For several cases of a patient: only what the bootstrap drew with whole patients keeps its
/// interval.
void leave_out_intervals(std::span<Figure> figures) {
  for (Figure& one : figures) {
    if (one.of != kPatientsDrawn) metrics::leave_out_interval(one.estimate);
  }
}

Json counts_of(const metrics::Confusion& table) {
  return Json::object({{"tp", table.tp}, {"fp", table.fp}, {"tn", table.tn}, {"fn", table.fn}});
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
  set.more.set("counts", counts_of(table));
}

/// The reliability table: each bin that holds cases, with Wilson's interval of its event rate,
/// which takes cases as independent.
Json reliability_of(const metrics::Calibration& table, bool clustered) {
  Json bins = Json::array();
  for (const metrics::CalibrationBin& bin : table.bins) {
    const auto& interval = clustered ? std::nullopt : bin.event_rate.interval;
    bins.push(Json::object({{"low", bin.low},
                            {"high", bin.high},
                            {"n", bin.cases},
                            {"n_positive", bin.positives},
                            {"mean_probability", bin.mean_probability},
                            {"event_rate", bin.event_rate.value.value_or(0)},
                            {"event_rate_low", interval ? Json(interval->low) : Json()},
                            {"event_rate_high", interval ? Json(interval->high) : Json()}}));
  }
  return bins;
}

Status add_probabilities(std::span<const ScoredCase> cases, double level, bool clustered,
                         FigureSet& set) {
  MEDPERF_TRY(Estimate brier, metrics::brier_score(cases, level));
  MEDPERF_TRY(const metrics::LogLoss loss, metrics::log_loss(cases, level));
  MEDPERF_TRY(const metrics::Calibration table,
              metrics::calibration(cases, metrics::CalibrationBinning::kEqualWidth,
                                   metrics::kCalibrationBins, level));
  MEDPERF_TRY(const metrics::Recalibration line, metrics::recalibrate(cases, level));
  set.figures.push_back({"brier", "", brier});
  set.figures.push_back({"log-loss", "", loss.estimate});
  set.figures.back().altered["floored"] = loss.floored;
  set.figures.push_back({"ece", "", table.expected_error});
  set.figures.push_back({"calibration-slope", "", line.slope});
  set.figures.push_back({"calibration-in-the-large", "", line.in_the_large});
  set.more.set("reliability", reliability_of(table, clustered));
  return {};
}

/// Net benefit at the benchmark's threshold, and at every hundredth for the curve.
Status add_net_benefit(std::span<const ScoredCase> cases, double threshold, FigureSet& set) {
  constexpr int kParts = 100;
  if (threshold > 0 && threshold < 1) {
    MEDPERF_TRY(const auto here, metrics::decision_curve(cases, std::array{threshold}));
    for (const auto& [metric_of, value] :
         {std::pair("", here.empty() ? 0 : here[0].model),
          std::pair("everybody treated", here.empty() ? 0 : here[0].treat_all)}) {
      Estimate estimate;
      estimate.convention = metrics::kNetBenefitConvention;
      if (here.empty()) {
        estimate.flag = metrics::flag::kNoCases;
      } else {
        estimate.value = value;
      }
      set.figures.push_back({"net-benefit", metric_of, estimate});
    }
  }
  std::vector<double> thresholds;
  for (int i = 1; i < kParts; ++i) thresholds.push_back(static_cast<double>(i) / kParts);
  MEDPERF_TRY(const auto curve, metrics::decision_curve(cases, thresholds));
  Json::Array points;
  for (const metrics::NetBenefit& one : curve) {
    points.push_back(Json::array({one.threshold, one.model, one.treat_all}));
  }
  set.more.set("decision_curve", Json(std::move(points)));
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
  MEDPERF_TRY(const ScoredCohort cohort, read_scored_cohort(predictions, labels, patient_table));
  const std::vector<ScoredCase>& cases = cohort.cases;
  const Patients& patients = cohort.patients;
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
  set.figures.push_back({"auroc", clustered ? kPatientsDrawn : "bootstrap", drawn.estimate});
  set.figures.push_back({"auprc", "", precision});
  add_decision(table, level, set);
  set.more.set("n_positive", area.n_positive);
  set.more.set("n_negative", area.n_negative);
  const bool probabilities = std::all_of(cases.begin(), cases.end(), [](const ScoredCase& one) {
    return one.score >= 0 && one.score <= 1;
  });
  if (probabilities) {
    MEDPERF_CHECK(add_probabilities(cases, level, clustered, set));
    MEDPERF_CHECK(add_net_benefit(cases, options.threshold, set));
  }
  if (clustered) leave_out_intervals(set.figures);
  MEDPERF_CHECK(add_curve(cases, set));
  return set;
}

Result<FigureSet> many_classes(std::string_view predictions, std::string_view labels,
                               std::string_view patient_table,
                               const ClassificationOptions& options) {
  MEDPERF_TRY(const ClassCohort tables, read_class_cohort(predictions, labels, patient_table));
  const int classes = static_cast<int>(tables.classes.size());
  MEDPERF_TRY(const auto cases,
              metrics::ClassProbabilities::of(tables.reference, tables.probabilities, classes));
  MEDPERF_TRY(const auto matrix,
              metrics::ConfusionMatrix::of(tables.reference, tables.predicted, classes));
  const double level = options.bootstrap.level;
  const metrics::LogLoss loss = metrics::log_loss(cases, level);
  FigureSet set{
      "multi-class classification", cases.size(), tables.patients.count, {}, Json::object()};
  set.figures = {{"auroc-one-vs-rest", "", metrics::one_vs_rest_auroc(cases)},
                 {"auroc-hand-till", "", metrics::hand_till_auroc(cases)},
                 {"accuracy", "", metrics::accuracy(matrix, level)},
                 {"balanced-accuracy", "", metrics::macro_recall(matrix)},
                 {"f1-macro", "", metrics::macro_f1(matrix)},
                 {"mcc-multiclass", "", metrics::gorodkin(matrix)},
                 {"kappa", "", metrics::cohen_kappa(matrix, metrics::KappaWeights::kNone, level)},
                 {"brier-multiclass", "", metrics::brier_score(cases, level)},
                 {"log-loss", "", loss.estimate}};
  set.figures.back().altered["floored"] = loss.floored;
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
  if (tables.patients.count < cases.size()) leave_out_intervals(set.figures);
  Json::Array names(tables.classes.begin(), tables.classes.end());
  set.more.set("classes", Json(std::move(names)));
  set.more.set("confusion", Json(std::move(rows)));
  return set;
}

/// A figure of a label cohort; the bootstrap draws patients with all of their labels.
using LabelFigure = std::function<Result<Estimate>(const LabelCohort&)>;

/// The cases at these positions, which may repeat.
LabelCohort drawn_labels(const LabelCohort& cohort, std::span<const std::uint32_t> rows) {
  const std::size_t width = cohort.labels.size();
  LabelCohort drawn;
  drawn.labels = cohort.labels;
  drawn.cases = rows.size();
  for (const std::uint32_t row : rows) {
    const auto at = static_cast<std::ptrdiff_t>(row * width);
    const auto end = at + static_cast<std::ptrdiff_t>(width);
    drawn.reference.insert(drawn.reference.end(), cohort.reference.begin() + at,
                           cohort.reference.begin() + end);
    drawn.scores.insert(drawn.scores.end(), cohort.scores.begin() + at,
                        cohort.scores.begin() + end);
  }
  return drawn;
}

Result<metrics::LabelTables> tables_of(const LabelCohort& cohort, double threshold) {
  std::vector<std::uint8_t> called;
  for (const double score : cohort.scores) called.push_back(score >= threshold ? 1 : 0);
  return metrics::label_tables(cohort.reference, called, static_cast<int>(cohort.labels.size()));
}

/// Labels of a case are not independent, so their common figures get the bootstrap's interval.
Status add_label_figure(const LabelCohort& cohort, const char* metric, const LabelFigure& figure,
                        const metrics::BootstrapOptions& options, FigureSet& set) {
  MEDPERF_TRY(Estimate estimate, figure(cohort));
  std::vector<std::int64_t> units = cohort.patients.of_case;
  if (units.empty()) {
    units.resize(cohort.cases);
    std::iota(units.begin(), units.end(), 0);
  }
  MEDPERF_TRY(const auto drawn_units, metrics::ResampleUnits::of(units));
  const auto statistic = [&](std::span<const std::uint32_t> rows) -> std::optional<double> {
    const auto value = figure(drawn_labels(cohort, rows));
    return value.ok() ? value->value : std::nullopt;
  };
  MEDPERF_TRY(const auto drawn, metrics::bootstrap(drawn_units, statistic, options));
  estimate.se = drawn.estimate.se;
  estimate.interval = drawn.estimate.interval;
  if (estimate.flag.empty()) estimate.flag = drawn.estimate.flag;
  set.figures.push_back({metric, "", estimate});
  return {};
}

/// Each label for itself: two classes.
Status add_each_label(const LabelCohort& cohort, const ClassificationOptions& options,
                      FigureSet& set) {
  const double level = options.bootstrap.level;
  MEDPERF_TRY(const auto tables, tables_of(cohort, options.threshold));
  Json counts = Json::object();
  for (std::size_t i = 0; i < cohort.labels.size(); ++i) {
    MEDPERF_TRY(const metrics::Auc auc, metrics::auc(cohort.of_label(i), level));
    const std::string name = "label " + cohort.labels[i];
    const metrics::Confusion& table = tables.labels[i];
    std::vector<Figure> figures = {
        {"auroc", name, auc.estimate},
        {"sensitivity", name, metrics::sensitivity(table, level)},
        {"specificity", name, metrics::specificity(table, level)},
        {"precision", name, metrics::precision(table, level)},
        {"f1", name, metrics::f1(table)},
    };
    if (cohort.patients.count < cohort.cases) leave_out_intervals(figures);
    set.figures.insert(set.figures.end(), figures.begin(), figures.end());
    counts.set(cohort.labels[i], counts_of(table));
  }
  set.more.set("labels", std::move(counts));
  return {};
}

Result<FigureSet> many_labels(std::string_view predictions, std::string_view labels,
                              std::string_view patient_table,
                              const ClassificationOptions& options) {
  MEDPERF_TRY(const LabelCohort cohort, read_label_cohort(predictions, labels, patient_table));
  const int width = static_cast<int>(cohort.labels.size());
  FigureSet set{"multi-label classification", cohort.cases, cohort.patients.count, {}, {}};
  const auto of_tables = [&](Estimate (*figure)(const metrics::LabelTables&)) -> LabelFigure {
    return [figure, &options](const LabelCohort& one) -> Result<Estimate> {
      MEDPERF_TRY(const auto tables, tables_of(one, options.threshold));
      return figure(tables);
    };
  };
  const LabelFigure area = [width](const LabelCohort& one) {
    return metrics::macro_auroc(one.reference, one.scores, width);
  };
  const LabelFigure subset = of_tables(
      [](const metrics::LabelTables& tables) { return metrics::subset_accuracy(tables); });
  MEDPERF_CHECK(add_label_figure(cohort, "auroc-macro-labels", area, options.bootstrap, set));
  MEDPERF_CHECK(add_label_figure(cohort, "f1-macro-labels", of_tables(&metrics::macro_f1),
                                 options.bootstrap, set));
  MEDPERF_CHECK(add_label_figure(cohort, "f1-micro-labels", of_tables(&metrics::micro_f1),
                                 options.bootstrap, set));
  MEDPERF_CHECK(add_label_figure(cohort, "hamming-loss", of_tables(&metrics::hamming_loss),
                                 options.bootstrap, set));
  MEDPERF_CHECK(add_label_figure(cohort, "subset-accuracy", subset, options.bootstrap, set));
  MEDPERF_CHECK(add_each_label(cohort, options, set));
  return set;
}

}  // namespace

Result<FigureSet> evaluate_classification(std::string_view predictions, std::string_view labels,
                                          std::string_view patients,
                                          const ClassificationOptions& options) {
  MEDPERF_TRY(const ClassificationTask task, task_of(predictions, labels));
  if (task == ClassificationTask::kClasses) {
    return many_classes(predictions, labels, patients, options);
  }
  if (task == ClassificationTask::kLabels) {
    return many_labels(predictions, labels, patients, options);
  }
  return two_classes(predictions, labels, patients, options);
}

}  // namespace medperf::cohort
