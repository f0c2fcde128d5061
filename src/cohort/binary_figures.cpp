// Two classes: figures and curves.
#include <algorithm>

#include "cohort/binary_measures.h"
#include "cohort/classification_tasks.h"
#include "cohort/group_figures.h"
#include "metrics/classification/calibration.h"
#include "metrics/classification/curves.h"
#include "metrics/classification/decision.h"
#include "metrics/classification/probability.h"
#include "metrics/classification/threshold.h"

namespace medperf::cohort {
namespace {

using metrics::ScoredCase;

constexpr IntervalFrom kFormula = IntervalFrom::kFormula, kResamples = IntervalFrom::kResamples;
constexpr Shown kDecisions[] = {
    {"auprc", kResamples},           {"sensitivity", kFormula}, {"specificity", kFormula},
    {"precision", kFormula},         {"npv", kFormula},         {"accuracy", kFormula},
    {"balanced-accuracy", kFormula}, {"f1", kResamples},        {"mcc", kResamples}};
constexpr Shown kFurtherDecisions[] = {{"auprc-trapezoid", kResamples},
                                       {"youden", kFormula},
                                       {"kappa", kFormula},
                                       {"lr-positive", kFormula},
                                       {"lr-negative", kFormula}};
// These take probabilities.
constexpr Shown kProbabilities[] = {{"brier", kFormula},
                                    {"log-loss", kFormula},
                                    {"ece", kResamples},
                                    {"calibration-slope", kFormula},
                                    {"calibration-in-the-large", kFormula}};
constexpr Shown kFurtherCalibration[] = {{"ece-equal-mass", kResamples}, {"mce", kResamples}};

std::vector<Measure> measures_of(const ScoredSample& sample, const Units& units, bool probabilities,
                                 const ClassificationOptions& options) {
  const metrics::FigureOptions figures = options.figures();
  std::vector<Measure> measures;
  const auto add = [&](std::span<const Shown> list) {
    for (const Shown& one : list) measures.push_back(scored_measure(sample, one, figures));
  };
  // A formula takes the cases as independent: with several of a patient its interval is too narrow.
  const bool repeat = units.patients_repeat();
  if (!repeat) measures.push_back(auroc_measure(sample, units, figures, options.bootstrap));
  measures.push_back(
      drawn_auroc(sample, units, options.bootstrap, repeat ? "patients drawn" : "bootstrap"));
  add(kDecisions);
  if (options.further) add(kFurtherDecisions);
  if (!probabilities) return measures;
  add(kProbabilities);
  if (options.threshold > 0 && options.threshold < 1) {
    measures.push_back(scored_measure(sample, {"net-benefit", kResamples}, figures));
    measures.push_back(treat_all_measure(sample, figures));
  }
  if (options.further) add(kFurtherCalibration);
  return measures;
}

Status add_counts(std::span<const ScoredCase> cases, double threshold, FigureSet& set) {
  MEDPERF_TRY(const metrics::Confusion table, metrics::confusion_at(cases, threshold));
  set.more.set("counts", counts_document(table));
  set.more.set("n_positive", table.tp + table.fn);
  set.more.set("n_negative", table.fp + table.tn);
  return {};
}

/// Net benefit at every hundredth.
Status add_decision_curve(std::span<const ScoredCase> cases, FigureSet& set) {
  constexpr int kParts = 100;
  std::vector<double> thresholds;
  for (int i = 1; i < kParts; ++i) thresholds.push_back(static_cast<double>(i) / kParts);
  MEDPERF_TRY(const auto curve, metrics::decision_curve(cases, thresholds));
  Json::Array points;
  for (const metrics::NetBenefit& one : curve) {
    points.push_back(Json::array({one.threshold, one.model, one.treat_all}));
  }
  set.curves.set("decision_curve", Json(std::move(points)));
  return {};
}

/// The reliability table: each bin that holds cases, with Wilson's interval of its event rate,
/// which takes cases as independent.
Json reliability_of(const metrics::Calibration& table, bool repeat) {
  Json bins = Json::array();
  for (const metrics::CalibrationBin& bin : table.bins) {
    const auto& interval = repeat ? std::nullopt : bin.event_rate.interval;
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

/// What beside the figures belongs to probabilities.
Status add_of_probabilities(const ScoredCohort& cohort, double level, FigureSet& set) {
  MEDPERF_TRY(const metrics::Calibration table,
              metrics::calibration(cohort.cases, metrics::CalibrationBinning::kEqualWidth,
                                   metrics::kCalibrationBins, level));
  set.curves.set("reliability", reliability_of(table, cohort.units.patients_repeat()));
  MEDPERF_TRY(const metrics::LogLoss loss, metrics::log_loss(cohort.cases, level));
  for (Figure& one : set.figures) {
    if (one.metric == "log-loss" && one.of.empty()) one.altered["floored"] = loss.floored;
  }
  return add_decision_curve(cohort.cases, set);
}

/// How far each score lies on the wrong side of the threshold.
CaseRows rows_of(const ScoredCohort& cohort, double threshold) {
  const auto called = [&cohort, threshold](std::size_t i) {
    return cohort.cases[i].score >= threshold;
  };
  return case_rows(
      cohort.cases.size(), {"Case", "Reference", "Score", "Called", "Outcome"},
      "the farther a score lies on the wrong side of the threshold, the worse",
      [&cohort, threshold](std::size_t i) {
        const ScoredCase& one = cohort.cases[i];
        return one.positive ? threshold - one.score : one.score - threshold;
      },
      [&cohort, called](std::size_t i) -> std::vector<std::string> {
        const ScoredCase& one = cohort.cases[i];
        const bool right = called(i) == one.positive;
        return {cohort.ids[i], one.positive ? "1" : "0", cell(one.score), called(i) ? "1" : "0",
                right          ? "right"
                : one.positive ? "missed"
                               : "false alarm"};
      });
}

}  // namespace

Result<Json> roc_curve(std::span<const ScoredCase> cases) {
  MEDPERF_TRY(const auto points, metrics::operating_points(cases, true));
  Json::Array curve;
  for (const metrics::CurvePoint& point : points) {
    const auto sensitivity = metrics::sensitivity(point.table).value;
    const auto specificity = metrics::specificity(point.table).value;
    if (sensitivity && specificity) curve.push_back(Json::array({1 - *specificity, *sensitivity}));
  }
  return Json(std::move(curve));
}

Result<FigureSet> figures_of_two_classes(const ScoredCohort& cohort,
                                         const ClassificationOptions& options) {
  const std::vector<ScoredCase>& cases = cohort.cases;
  FigureSet set{"binary classification", cases.size(), cohort.units.patients, {}, Json::object()};
  const bool probabilities = std::all_of(cases.begin(), cases.end(), [](const ScoredCase& one) {
    return one.score >= 0 && one.score <= 1;
  });
  const ScoredSample sample(cases);
  const auto measures = measures_of(sample, cohort.units, probabilities, options);
  MEDPERF_CHECK(add_figures(measures, cohort.units, options.bootstrap, set));
  MEDPERF_CHECK(
      add_group_figures(measures, cohort.units, options.bootstrap, options.minimum_patients, set));
  MEDPERF_CHECK(add_counts(cases, options.threshold, set));
  if (probabilities) MEDPERF_CHECK(add_of_probabilities(cohort, options.bootstrap.level, set));
  MEDPERF_TRY(const Json curve, roc_curve(cases));
  if (!curve.items().empty()) set.curves.set("roc", curve);
  set.rows = rows_of(cohort, options.threshold);
  return set;
}

}  // namespace medperf::cohort
