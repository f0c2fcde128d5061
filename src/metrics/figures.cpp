#include "metrics/figures.h"

#include <vector>

#include "metrics/classification/curves.h"
#include "metrics/classification/decision.h"
#include "metrics/classification/probability.h"
#include "metrics/regression/agreement.h"
#include "metrics/regression/errors.h"
#include "metrics/regression/icc.h"

namespace medperf::metrics {
namespace {

using Options = FigureOptions;
using Scored = std::span<const ScoredCase>;
using Measured = std::span<const MeasuredPair>;
using Matrix = const ConfusionMatrix&;
using Probabilities = const ClassProbabilities&;

// Of the decision at the threshold, by what the figure takes beside the table.

template <Estimate (*kFigure)(const Confusion&, const FormulaIntervals&)>
Result<Estimate> decided(Scored cases, const Options& options) {
  MEDPERF_TRY(const Confusion table, confusion_at(cases, options.threshold));
  return kFigure(table, options.intervals);
}

template <Estimate (*kFigure)(const Confusion&, double)>
Result<Estimate> decided(Scored cases, const Options& options) {
  MEDPERF_TRY(const Confusion table, confusion_at(cases, options.threshold));
  return kFigure(table, options.intervals.level);
}

template <Estimate (*kFigure)(const Confusion&)>
Result<Estimate> decided(Scored cases, const Options& options) {
  MEDPERF_TRY(const Confusion table, confusion_at(cases, options.threshold));
  return kFigure(table);
}

template <CalibrationBinning kBinning, Estimate Calibration::*kError>
Result<Estimate> calibration_error(Scored cases, const Options& options) {
  MEDPERF_TRY(const Calibration table,
              calibration(cases, kBinning, options.bins, options.intervals.level));
  return table.*kError;
}

template <Estimate Recalibration::*kPart>
Result<Estimate> recalibration(Scored cases, const Options& options) {
  MEDPERF_TRY(const Recalibration line, recalibrate(cases, options.intervals.level));
  return line.*kPart;
}

Result<Estimate> net_benefit(Scored cases, const Options& options) {
  MEDPERF_TRY(const auto here,
              decision_curve(cases, std::span<const double>(&options.threshold, 1)));
  Estimate estimate;
  estimate.convention = kNetBenefitConvention;
  if (here.empty()) {
    estimate.flag = flag::kNoCases;
  } else {
    estimate.value = here.front().model;
  }
  return estimate;
}

constexpr ScoredFigure kScored[] = {
    {"accuracy", decided<accuracy_of>},
    {"auprc", [](Scored cases, const Options&) { return average_precision(cases); }},
    {"auprc-trapezoid", [](Scored cases, const Options&) { return auprc_trapezoid(cases); }},
    {"auroc",
     [](Scored cases, const Options& options) { return area_of(cases, options.intervals); }},
    {"balanced-accuracy", decided<balanced_accuracy>},
    {"brier", [](Scored cases,
                 const Options& options) { return brier_score(cases, options.intervals.level); }},
    {"calibration-in-the-large", recalibration<&Recalibration::in_the_large>},
    {"calibration-slope", recalibration<&Recalibration::slope>},
    {"ece", calibration_error<CalibrationBinning::kEqualWidth, &Calibration::expected_error>},
    {"ece-equal-mass",
     calibration_error<CalibrationBinning::kEqualMass, &Calibration::expected_error>},
    {"f1", decided<f1>},
    {"kappa", decided<cohen_kappa>},
    {"log-loss",
     [](Scored cases, const Options& options) -> Result<Estimate> {
       MEDPERF_TRY(const LogLoss loss, log_loss(cases, options.intervals.level));
       return loss.estimate;
     }},
    {"lr-negative", decided<negative_likelihood_ratio>},
    {"lr-positive", decided<positive_likelihood_ratio>},
    {"mcc", decided<matthews>},
    {"mce", calibration_error<CalibrationBinning::kEqualWidth, &Calibration::maximum_error>},
    {"net-benefit", net_benefit},
    {"npv", decided<npv_of>},
    {"precision", decided<precision_of>},
    {"sensitivity", decided<sensitivity_of>},
    {"specificity", decided<specificity_of>},
    {"youden", decided<youden_index>}};

template <Estimate IntraclassCorrelations::*kForm>
Result<Estimate> icc(Measured cases, const Options& options) {
  std::vector<double> ratings;
  ratings.reserve(2 * cases.size());
  for (const MeasuredPair& one : cases) {
    ratings.push_back(one.predicted);
    ratings.push_back(one.reference);
  }
  MEDPERF_TRY(const auto found, intraclass_correlations(ratings, 2, options.intervals.level));
  return found.*kForm;
}

template <Result<Estimate> (*kFigure)(Measured, double)>
Result<Estimate> at_level(Measured cases, const Options& options) {
  return kFigure(cases, options.intervals.level);
}

template <Result<Estimate> (*kFigure)(Measured)>
Result<Estimate> alone(Measured cases, const Options&) {
  return kFigure(cases);
}

constexpr MeasuredFigure kMeasured[] = {{"bias", at_level<mean_error>},
                                        {"ccc", at_level<concordance>},
                                        {"icc-1-1", icc<&IntraclassCorrelations::one_way>},
                                        {"icc-a-1", icc<&IntraclassCorrelations::agreement>},
                                        {"icc-c-1", icc<&IntraclassCorrelations::consistency>},
                                        {"mae", at_level<mean_absolute_error>},
                                        {"pearson", at_level<pearson>},
                                        {"r2", alone<r_squared>},
                                        {"rmse", alone<root_mean_squared_error>},
                                        {"spearman", at_level<spearman>}};

Result<Estimate> accuracy_of_matrix(Matrix matrix, const Options& options) {
  std::int64_t right = 0;
  for (int i = 0; i < matrix.classes(); ++i) right += matrix.count(i, i);
  return chosen_interval(accuracy(matrix, options.intervals.level), right, matrix.total() - right,
                         options.intervals);
}

template <KappaWeights kWeights>
Result<Estimate> kappa(Matrix matrix, const Options& options) {
  return cohen_kappa(matrix, kWeights, options.intervals.level);
}

template <Estimate (*kFigure)(Matrix)>
Result<Estimate> of_counts(Matrix matrix, const Options&) {
  return kFigure(matrix);
}

constexpr MatrixFigure kMatrix[] = {{"accuracy", accuracy_of_matrix},
                                    {"balanced-accuracy", of_counts<macro_recall>},
                                    {"f1-macro", of_counts<macro_f1>},
                                    {"f1-micro", of_counts<micro_f1>},
                                    {"f1-weighted", of_counts<weighted_f1>},
                                    {"kappa", kappa<KappaWeights::kNone>},
                                    {"kappa-linear", kappa<KappaWeights::kLinear>},
                                    {"kappa-quadratic", kappa<KappaWeights::kQuadratic>},
                                    {"mcc-multiclass", of_counts<gorodkin>}};

template <bool kWeighted>
Result<Estimate> one_vs_rest(Probabilities cases, const Options&) {
  return one_vs_rest_auroc(cases, kWeighted);
}

constexpr ProbabilityFigure kProbabilities[] = {
    {"auroc-hand-till",
     [](Probabilities cases, const Options&) -> Result<Estimate> {
       return hand_till_auroc(cases);
     }},
    {"auroc-one-vs-rest", one_vs_rest<false>},
    {"auroc-one-vs-rest-weighted", one_vs_rest<true>},
    {"brier-multiclass",
     [](Probabilities cases, const Options& options) -> Result<Estimate> {
       return brier_score(cases, options.intervals.level);
     }},
    {"log-loss",
     [](Probabilities cases, const Options& options) -> Result<Estimate> {
       return log_loss(cases, options.intervals.level).estimate;
     }},
    {"top-k-accuracy", [](Probabilities cases, const Options& options) {
       return top_k_accuracy(cases, options.top_k, options.intervals.level);
     }}};

}  // namespace

std::span<const ScoredFigure> scored_figures() {
  return kScored;
}

std::span<const MeasuredFigure> measured_figures() {
  return kMeasured;
}

std::span<const MatrixFigure> matrix_figures() {
  return kMatrix;
}

std::span<const ProbabilityFigure> probability_figures() {
  return kProbabilities;
}

}  // namespace medperf::metrics
