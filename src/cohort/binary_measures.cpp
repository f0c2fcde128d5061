#include "cohort/binary_measures.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "metrics/classification/auc.h"
#include "metrics/classification/auc_bootstrap.h"
#include "metrics/classification/calibration.h"
#include "metrics/classification/curves.h"
#include "metrics/classification/decision.h"
#include "metrics/classification/probability.h"

namespace medperf::cohort {
namespace {

using metrics::Estimate;
using metrics::ScoredCase;

/// Of the area itself; each interval has a name of its own.
constexpr std::string_view kAreaConvention = "auroc-mann-whitney";

/// Net benefit of the model, or of treating everybody.
Result<Estimate> net_benefit(const ScoredSample& sample, Rows rows, double threshold,
                             double metrics::NetBenefit::*whose) {
  MEDPERF_TRY(const auto here,
              metrics::decision_curve(sample.descending(rows), std::array{threshold}));
  Estimate estimate;
  estimate.convention = metrics::kNetBenefitConvention;
  if (here.empty()) {
    estimate.flag = metrics::flag::kNoCases;
  } else {
    estimate.value = here[0].*whose;
  }
  return estimate;
}

Measure net_benefit_measure(const ScoredSample& sample, double threshold, const char* of,
                            double metrics::NetBenefit::*whose) {
  return {"net-benefit", of, IntervalFrom::kResamples,
          [&sample, threshold, whose](Rows rows) -> Result<Estimate> {
            return net_benefit(sample, rows, threshold, whose);
          }};
}

}  // namespace

ScoredSample::ScoredSample(std::vector<ScoredCase> cases)
    : cases_(std::move(cases)), order_(cases_.size()), rank_(cases_.size()) {
  std::iota(order_.begin(), order_.end(), 0U);
  std::stable_sort(order_.begin(), order_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return cases_[a].score > cases_[b].score;
  });
  for (std::uint32_t i = 0; i < order_.size(); ++i) rank_[order_[i]] = i;
}

std::vector<ScoredCase> ScoredSample::at(Rows rows) const {
  std::vector<ScoredCase> drawn;
  drawn.reserve(rows.size());
  for (const std::uint32_t row : rows) drawn.push_back(cases_[row]);
  return drawn;
}

std::vector<ScoredCase> ScoredSample::descending(Rows rows) const {
  std::vector<std::uint32_t> times(cases_.size());
  for (const std::uint32_t row : rows) ++times[rank_[row]];
  std::vector<ScoredCase> drawn;
  drawn.reserve(rows.size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    drawn.insert(drawn.end(), times[i], cases_[order_[i]]);
  }
  return drawn;
}

Measure drawn_auroc(const ScoredSample& sample, const Units& units,
                    const metrics::BootstrapOptions& options, std::string of) {
  return {"auroc", std::move(of), IntervalFrom::kMeasure,
          [&sample, &units, options](Rows rows) -> Result<Estimate> {
            const auto cases = sample.at(rows);
            MEDPERF_TRY(metrics::Bootstrap drawn,
                        units.patients_repeat()
                            ? metrics::auc_bootstrap(cases, patients_of(units, rows), options)
                            : metrics::auc_bootstrap(cases, options));
            drawn.estimate.convention = kAreaConvention;
            return drawn.estimate;
          }};
}

Measure formula_auroc(const ScoredSample& sample, const FormulaIntervals& intervals,
                      std::string of) {
  return {"auroc", std::move(of), IntervalFrom::kFormula,
          [&sample, intervals](Rows rows) { return area_of(sample.at(rows), intervals); }};
}

Measure average_precision_of(const ScoredSample& sample) {
  return {"auprc", "", IntervalFrom::kResamples,
          [&sample](Rows rows) { return metrics::average_precision(sample.descending(rows)); }};
}

Measure trapezoid_of(const ScoredSample& sample) {
  return {"auprc-trapezoid", "", IntervalFrom::kResamples,
          [&sample](Rows rows) { return metrics::auprc_trapezoid(sample.descending(rows)); }};
}

std::vector<Measure> decision_measures(const ScoredSample& sample, double threshold,
                                       const FormulaIntervals& intervals, const std::string& of) {
  using metrics::Confusion;
  const auto measure = [&](const char* metric, IntervalFrom interval,
                           std::function<Estimate(const Confusion&)> figure) -> Measure {
    return {metric, of, interval,
            [&sample, threshold, figure = std::move(figure)](Rows rows) -> Result<Estimate> {
              MEDPERF_TRY(const Confusion table, metrics::confusion_at(sample.at(rows), threshold));
              return figure(table);
            }};
  };
  const auto proportion = [&](const char* metric,
                              Estimate (*figure)(const Confusion&, const FormulaIntervals&)) {
    return measure(metric, IntervalFrom::kFormula, [figure, intervals](const Confusion& table) {
      return figure(table, intervals);
    });
  };
  const double level = intervals.level;
  return {
      proportion("sensitivity", &sensitivity_of),
      proportion("specificity", &specificity_of),
      proportion("precision", &precision_of),
      proportion("npv", &npv_of),
      proportion("accuracy", &accuracy_of),
      measure("balanced-accuracy", IntervalFrom::kFormula,
              [level](const Confusion& table) { return metrics::balanced_accuracy(table, level); }),
      measure("f1", IntervalFrom::kResamples, &metrics::f1),
      measure("mcc", IntervalFrom::kResamples, &metrics::matthews)};
}

std::vector<Measure> further_decisions(const ScoredSample& sample, double threshold, double level) {
  const auto measure = [&](const char* metric,
                           Estimate (*figure)(const metrics::Confusion&, double)) -> Measure {
    return {metric, "", IntervalFrom::kFormula,
            [&sample, threshold, level, figure](Rows rows) -> Result<Estimate> {
              MEDPERF_TRY(const auto table, metrics::confusion_at(sample.at(rows), threshold));
              return figure(table, level);
            }};
  };
  return {measure("youden", &metrics::youden_index),
          measure("lr-positive", &metrics::positive_likelihood_ratio),
          measure("lr-negative", &metrics::negative_likelihood_ratio)};
}

std::vector<Measure> further_calibration(const ScoredSample& sample) {
  using metrics::Calibration;
  using metrics::CalibrationBinning;
  const auto measure = [&](const char* metric, CalibrationBinning binning,
                           Estimate Calibration::*which) -> Measure {
    return {metric, "", IntervalFrom::kResamples,
            [&sample, binning, which](Rows rows) -> Result<Estimate> {
              MEDPERF_TRY(const Calibration table, metrics::calibration(sample.at(rows), binning));
              return table.*which;
            }};
  };
  return {measure("ece-equal-mass", CalibrationBinning::kEqualMass, &Calibration::expected_error),
          measure("mce", CalibrationBinning::kEqualWidth, &Calibration::maximum_error)};
}

std::vector<Measure> probability_measures(const ScoredSample& sample, double threshold,
                                          double level) {
  std::vector<Measure> measures;
  const auto add = [&](const char* metric, IntervalFrom interval,
                       std::function<Result<Estimate>(std::span<const ScoredCase>)> figure) {
    measures.push_back({metric, "", interval, [&sample, figure = std::move(figure)](Rows rows) {
                          return figure(sample.at(rows));
                        }});
  };
  add("brier", IntervalFrom::kFormula,
      [level](auto cases) { return metrics::brier_score(cases, level); });
  add("log-loss", IntervalFrom::kFormula, [level](auto cases) -> Result<Estimate> {
    MEDPERF_TRY(const metrics::LogLoss loss, metrics::log_loss(cases, level));
    return loss.estimate;
  });
  add("ece", IntervalFrom::kResamples, [](auto cases) -> Result<Estimate> {
    MEDPERF_TRY(const metrics::Calibration table, metrics::calibration(cases));
    return table.expected_error;
  });
  add("calibration-slope", IntervalFrom::kFormula, [level](auto cases) -> Result<Estimate> {
    MEDPERF_TRY(const metrics::Recalibration line, metrics::recalibrate(cases, level));
    return line.slope;
  });
  add("calibration-in-the-large", IntervalFrom::kFormula, [level](auto cases) -> Result<Estimate> {
    MEDPERF_TRY(const metrics::Recalibration line, metrics::recalibrate(cases, level));
    return line.in_the_large;
  });
  if (threshold > 0 && threshold < 1) {
    measures.push_back(net_benefit_measure(sample, threshold, "", &metrics::NetBenefit::model));
    measures.push_back(net_benefit_measure(sample, threshold, "everybody treated",
                                           &metrics::NetBenefit::treat_all));
  }
  return measures;
}

Json counts_document(const metrics::Confusion& table) {
  return Json::object({{"tp", table.tp}, {"fp", table.fp}, {"tn", table.tn}, {"fn", table.fn}});
}

}  // namespace medperf::cohort
