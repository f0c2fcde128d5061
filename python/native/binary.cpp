// Two classes: figures of a decision, areas, probabilities, curves.

#include "metrics/classification/auc.h"
#include "metrics/classification/auc_bootstrap.h"
#include "metrics/classification/calibration.h"
#include "metrics/classification/confusion_matrix.h"
#include "metrics/classification/curves.h"
#include "metrics/classification/decision.h"
#include "metrics/classification/probability.h"
#include "metrics/statistics/logit_interval.h"
#include "tasks.h"

namespace medperf::python {
namespace {

/// All figures of a table.
Result<Json> figures_of(const metrics::Confusion& table, double level, bool repeat) {
  const auto of = [&](const metrics::Estimate& one) { return figure(one, repeat); };
  return Json::object({{"counts", counts(table)},
                       {"sensitivity", of(metrics::sensitivity(table, level))},
                       {"specificity", of(metrics::specificity(table, level))},
                       {"precision", of(metrics::precision(table, level))},
                       {"npv", of(metrics::negative_predictive_value(table, level))},
                       {"accuracy", of(metrics::accuracy(table, level))},
                       {"balanced_accuracy", of(metrics::balanced_accuracy(table, level))},
                       {"youden", of(metrics::youden_index(table, level))},
                       {"f1", of(metrics::f1(table))},
                       {"mcc", of(metrics::matthews(table))},
                       {"kappa", of(metrics::cohen_kappa(table, level))},
                       {"lr_positive", of(metrics::positive_likelihood_ratio(table, level))},
                       {"lr_negative", of(metrics::negative_likelihood_ratio(table, level))}});
}

/// scores, labels, patients; threshold, level.
Result<Json> binary(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto cases, arguments.scored_cases());
  MEDPERF_TRY(const bool repeat, arguments.patients_repeat(cases.size()));
  MEDPERF_TRY(const double threshold, arguments.number("threshold", 0.5));
  MEDPERF_TRY(const double level, arguments.level());
  MEDPERF_TRY(const auto table, metrics::confusion_at(cases, threshold));
  return figures_of(table, level, repeat);
}

/// counts: tp, fp, fn, tn; level.
Result<Json> binary_counts(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto table, arguments.counts("counts"));
  MEDPERF_TRY(const double level, arguments.level());
  if (table.size() != 4) return wrong("counts", "they are not four: tp, fp, fn, tn");
  for (const std::int64_t one : table) {
    if (one > kMostCases) return wrong("counts", "one is larger than any cohort");
  }
  return figures_of({table[0], table[1], table[3], table[2]}, level, false);
}

/// scores, labels; level, interval (delong, logit).
Result<Json> auroc(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto cases, arguments.scored_cases());
  MEDPERF_TRY(const double level, arguments.level());
  MEDPERF_TRY(const auto method, arguments.choice("interval", {"delong", "logit"}));
  MEDPERF_TRY(metrics::Auc area, metrics::auc(cases, level));
  metrics::Estimate& estimate = area.estimate;
  if (method == "logit") {
    estimate.convention = metrics::kAucLogitConvention;
    estimate.interval = estimate.value && estimate.se
                            ? metrics::logit_interval(*estimate.value, *estimate.se, level)
                            : std::nullopt;
  }
  return figure(estimate);
}

/// scores, labels, patients; stratified and the options of the bootstrap.
Result<Json> auroc_bootstrap(Arguments& arguments, Columns& columns) {
  MEDPERF_TRY(const auto cases, arguments.scored_cases());
  MEDPERF_TRY(const auto patients, arguments.patients(cases.size()));
  MEDPERF_TRY(const auto options, arguments.bootstrap());
  MEDPERF_TRY(const bool stratified, arguments.flag("stratified", true));
  const auto resampling =
      stratified ? metrics::AucResampling::kStratified : metrics::AucResampling::kUnstratified;
  MEDPERF_TRY(const auto drawn, patients
                                    ? metrics::auc_bootstrap(cases, *patients, options, resampling)
                                    : metrics::auc_bootstrap(cases, options, resampling));
  return bootstrapped(drawn, columns);
}

/// scores, labels; interpolation (step, trapezoid).
Result<Json> auprc(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto cases, arguments.scored_cases());
  MEDPERF_TRY(const auto kind, arguments.choice("interpolation", {"step", "trapezoid"}));
  MEDPERF_TRY(const auto area,
              kind == "step" ? metrics::average_precision(cases) : metrics::auprc_trapezoid(cases));
  return figure(area);
}

/// scores, labels, patients; level.
Result<Json> probabilities(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto cases, arguments.probability_cases());
  MEDPERF_TRY(const bool repeat, arguments.patients_repeat(cases.size()));
  MEDPERF_TRY(const double level, arguments.level());
  MEDPERF_TRY(const auto brier, metrics::brier_score(cases, level));
  MEDPERF_TRY(const auto loss, metrics::log_loss(cases, level));
  return Json::object({{"brier", figure(brier, repeat)},
                       {"log_loss", figure(loss.estimate, repeat)},
                       {"floored", loss.floored}});
}

/// scores, labels; bins, binning (width, mass), level.
Result<Json> calibration(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto cases, arguments.probability_cases());
  MEDPERF_TRY(const auto bins, arguments.count("bins", metrics::kCalibrationBins, 1, 100'000));
  MEDPERF_TRY(const auto kind, arguments.choice("binning", {"width", "mass"}));
  MEDPERF_TRY(const double level, arguments.level());
  MEDPERF_TRY(const auto found,
              metrics::calibration(cases,
                                   kind == "width" ? metrics::CalibrationBinning::kEqualWidth
                                                   : metrics::CalibrationBinning::kEqualMass,
                                   static_cast<int>(bins), level));
  Json::Array table;
  for (const metrics::CalibrationBin& bin : found.bins) {
    table.push_back(Json::object({{"low", bin.low},
                                  {"high", bin.high},
                                  {"cases", bin.cases},
                                  {"positives", bin.positives},
                                  {"mean_probability", bin.mean_probability},
                                  {"event_rate", figure(bin.event_rate)}}));
  }
  return Json::object({{"expected_error", figure(found.expected_error)},
                       {"maximum_error", figure(found.maximum_error)},
                       {"bins", Json(std::move(table))}});
}

/// scores, labels, patients; level.
Result<Json> recalibration(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto cases, arguments.probability_cases());
  MEDPERF_TRY(const bool repeat, arguments.patients_repeat(cases.size()));
  MEDPERF_TRY(const double level, arguments.level());
  MEDPERF_TRY(const auto found, metrics::recalibrate(cases, level));
  return Json::object({{"slope", figure(found.slope, repeat)},
                       {"intercept", figure(found.intercept, repeat)},
                       {"in_the_large", figure(found.in_the_large, repeat)}});
}

/// The tables of a curve, one column each.
class CountColumns {
 public:
  void add(const metrics::Confusion& table) {
    tp_.push_back(static_cast<double>(table.tp));
    fp_.push_back(static_cast<double>(table.fp));
    fn_.push_back(static_cast<double>(table.fn));
    tn_.push_back(static_cast<double>(table.tn));
  }
  void write(Json& to, Columns& columns) const {
    to.set("tp", columns.add(tp_));
    to.set("fp", columns.add(fp_));
    to.set("fn", columns.add(fn_));
    to.set("tn", columns.add(tn_));
  }

 private:
  std::vector<double> tp_, fp_, fn_, tn_;
};

/// scores, labels; collapsed. The first point has no threshold: thresholds are one fewer.
Result<Json> operating_points(Arguments& arguments, Columns& columns) {
  MEDPERF_TRY(const auto cases, arguments.scored_cases());
  MEDPERF_TRY(const bool collapsed, arguments.flag("collapsed", false));
  MEDPERF_TRY(const auto points, metrics::operating_points(cases, collapsed));
  std::vector<double> thresholds;
  CountColumns tables;
  for (const metrics::CurvePoint& point : points) {
    if (point.threshold) thresholds.push_back(*point.threshold);
    tables.add(point.table);
  }
  const auto best = metrics::largest_youden(points);
  Json answer = Json::object({{"thresholds", columns.add(thresholds)}});
  tables.write(answer, columns);
  answer.set("largest_youden", best ? metrics::or_null(best->threshold) : Json());
  return answer;
}

/// scores, labels, thresholds.
Result<Json> decision_curve(Arguments& arguments, Columns& columns) {
  MEDPERF_TRY(const auto cases, arguments.probability_cases());
  MEDPERF_TRY(const auto thresholds, arguments.numbers("thresholds"));
  if (cases.empty()) return wrong("scores", "there are none");
  for (const double one : thresholds) {
    if (!(one > 0 && one < 1)) return wrong("thresholds", "one is not between 0 and 1");
  }
  MEDPERF_TRY(const auto curve, metrics::decision_curve(cases, thresholds));
  std::vector<double> model, treat_all;
  CountColumns tables;
  for (const metrics::NetBenefit& point : curve) {
    model.push_back(point.model);
    treat_all.push_back(point.treat_all);
    tables.add(point.table);
  }
  Json answer =
      Json::object({{"model", columns.add(model)}, {"treat_all", columns.add(treat_all)}});
  tables.write(answer, columns);
  return answer;
}

constexpr NamedTask kTasks[] = {{"binary", binary},
                                {"binary_counts", binary_counts},
                                {"auroc", auroc},
                                {"auroc_bootstrap", auroc_bootstrap},
                                {"auprc", auprc},
                                {"probabilities", probabilities},
                                {"calibration", calibration},
                                {"recalibration", recalibration},
                                {"operating_points", operating_points},
                                {"decision_curve", decision_curve}};

}  // namespace

std::span<const NamedTask> binary_tasks() {
  return kTasks;
}

}  // namespace medperf::python
