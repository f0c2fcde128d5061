#include <algorithm>
#include <cmath>

#include "metrics/classification/calibration.h"
#include "metrics/classification/confusion_matrix.h"
#include "metrics/classification/decision.h"
#include "metrics/clustered.h"
#include "metrics/pooling/site_summary.h"
#include "metrics/regression/errors.h"

namespace medperf::metrics {
namespace {

/// Of errors, whose mean is the bias.
Estimate root_mean_square(const MomentSummary& errors) {
  Estimate estimate;
  estimate.convention = kRmseConvention;
  const std::optional<double> squares = errors.squares().value();
  if (errors.cases() == 0 || !squares) {
    estimate.flag = flag::kNoCases;
  } else {
    estimate.value = std::sqrt(*squares / static_cast<double>(errors.cases()));
  }
  return estimate;
}

/// What a part of each type says.
struct Figures {
  const SummaryPart& part;
  double level;
  std::vector<PooledFigure>& out;

  void say(std::string_view metric, const Estimate& estimate, double bound = 0) const {
    out.push_back({std::string(metric), part.of, estimate, bound});
  }

  void operator()(const MomentSummary& one) const {
    Estimate estimate = one.estimate(level);
    if (estimate.interval && is_share(part.metric)) {
      estimate.interval->low = std::max(0.0, estimate.interval->low);
      estimate.interval->high = std::min(1.0, estimate.interval->high);
    }
    say(part.metric, estimate);
    if (part.metric == "bias") say("rmse", root_mean_square(one));
  }
  void operator()(const RatioSummary& one) const { say(part.metric, one.estimate(level)); }

  void operator()(const DecisionCounts& one) const {
    const Confusion& table = one.table;
    say("sensitivity", sensitivity(table, level));
    say("specificity", specificity(table, level));
    say("precision", precision(table, level));
    say("npv", negative_predictive_value(table, level));
    say("accuracy", accuracy(table, level));
    say("balanced-accuracy", balanced_accuracy(table, level));
    say("f1", f1(table));
    say("mcc", matthews(table));
  }

  void operator()(const CountTable& one) const {
    const int classes = static_cast<int>(one.rows());
    auto matrix = ConfusionMatrix::empty(classes);
    if (!matrix.ok() || one.columns() != one.rows()) return;
    for (int i = 0; i < classes; ++i) {
      for (int j = 0; j < classes; ++j) {
        matrix->add(i, j, one.at(static_cast<std::size_t>(i), static_cast<std::size_t>(j)));
      }
    }
    say("accuracy", accuracy(*matrix, level));
    say("balanced-accuracy", macro_recall(*matrix));
    say("f1-macro", macro_f1(*matrix));
    say("mcc-multiclass", gorodkin(*matrix));
    say("kappa", cohen_kappa(*matrix, KappaWeights::kNone, level));
  }

  void operator()(const ScoreHistogram& one) const {
    const HistogramAuc area = one.auroc(level);
    say("auroc", area.estimate, area.bound);
  }

  void operator()(const ReliabilityTable& one) const {
    say("ece", one.ece(level));
    Estimate ratio;
    ratio.value = one.observed_over_expected();
    ratio.convention = "ratio-of-sums";
    if (!ratio.value) ratio.flag = one.cases() == 0 ? flag::kNoCases : flag::kDegenerate;
    say("observed-expected-ratio", ratio);
  }

  void operator()(const CalibrationHistogram& one) const {
    const PooledCalibration found = one.calibration(level);
    say("calibration-slope", found.slope.estimate, found.slope.bound);
    out.back().clipped = found.clipped;
    say("calibration-in-the-large", found.intercept.estimate, found.intercept.bound);
    out.back().clipped = found.clipped;
  }
};

}  // namespace

std::vector<PooledFigure> pooled_figures(const SiteSummary& summary, double level) {
  std::vector<PooledFigure> figures;
  for (const SummaryPart& part : summary.parts) {
    std::visit(Figures{part, level, figures}, part.content);
  }
  if (summary.patients < summary.cases) {
    for (PooledFigure& one : figures) leave_out_interval(one.estimate);
  }
  return figures;
}

}  // namespace medperf::metrics
