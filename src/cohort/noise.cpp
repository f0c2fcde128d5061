#include "cohort/noise.h"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <utility>

#include "cohort/class_tables.h"
#include "metrics/classification/auc.h"
#include "metrics/classification/decision.h"
#include "metrics/classification/threshold.h"
#include "metrics/statistics/label_noise.h"

namespace medperf::cohort {
namespace {

using metrics::Confusion;
using metrics::Estimate;
using metrics::ScoredCase;

struct Simulated {
  const char* metric;
  Estimate (*figure)(const Confusion&);
};
constexpr std::array kSimulated = {
    Simulated{"accuracy", [](const Confusion& t) { return metrics::accuracy(t); }},
    Simulated{"balanced-accuracy",
              [](const Confusion& t) { return metrics::balanced_accuracy(t); }},
    Simulated{"precision", [](const Confusion& t) { return metrics::precision(t); }},
    Simulated{"npv", [](const Confusion& t) { return metrics::negative_predictive_value(t); }},
    Simulated{"f1", [](const Confusion& t) { return metrics::f1(t); }},
    Simulated{"mcc", [](const Confusion& t) { return metrics::matthews(t); }},
};

/// A figure of the labels as they are: its uncertainty of sampling is another question.
Estimate value_of(Estimate estimate) {
  estimate.se.reset();
  estimate.interval.reset();
  return estimate;
}

Estimate estimate_of(const metrics::LabelNoise& noise, std::string_view flag_as_given) {
  Estimate estimate;
  estimate.value = noise.expected;
  estimate.interval = noise.extremes;
  estimate.convention = metrics::kLabelNoiseConvention;
  if (!noise.expected) estimate.flag = flag_as_given;
  return estimate;
}

Status add_formulas(const metrics::Auc& area, const Confusion& table, double share,
                    const std::string& of, FigureSet& set) {
  MEDPERF_TRY(const auto auroc, metrics::auroc_under_noise(area, share));
  MEDPERF_TRY(const auto sensitivity, metrics::sensitivity_under_noise(table, share));
  MEDPERF_TRY(const auto specificity, metrics::specificity_under_noise(table, share));
  set.figures.push_back({"auroc", of, estimate_of(auroc, area.estimate.flag)});
  set.figures.push_back(
      {"sensitivity", of, estimate_of(sensitivity, metrics::sensitivity(table).flag)});
  set.figures.push_back(
      {"specificity", of, estimate_of(specificity, metrics::specificity(table).flag)});
  return {};
}

Status add_simulated(const std::vector<ScoredCase>& cases, double share, const std::string& of,
                     const NoiseOptions& options, FigureSet& set) {
  for (const Simulated& one : kSimulated) {
    const auto statistic = [&](std::span<const ScoredCase> flipped) -> std::optional<double> {
      const auto table = metrics::confusion_at(flipped, options.threshold);
      return table.ok() ? one.figure(*table).value : std::nullopt;
    };
    MEDPERF_TRY(const auto found,
                metrics::simulate_label_noise(cases, share, statistic, options.bootstrap));
    set.figures.push_back({one.metric, of + ", simulated", found.estimate});
  }
  return {};
}

}  // namespace

Result<FigureSet> doubt_labels(std::string_view predictions, std::string_view labels,
                               const NoiseOptions& options) {
  MEDPERF_TRY(const ScoredCohort cohort, read_scored_cohort(predictions, labels, {}));
  FigureSet set{"label noise", cohort.cases.size(), cohort.units.patients, {}, Json::object()};
  MEDPERF_TRY(const metrics::Auc area, metrics::auc(cohort.cases));
  MEDPERF_TRY(const Confusion table, metrics::confusion_at(cohort.cases, options.threshold));
  set.figures = {{"auroc", "as given", value_of(area.estimate)},
                 {"sensitivity", "as given", value_of(metrics::sensitivity(table))},
                 {"specificity", "as given", value_of(metrics::specificity(table))}};
  for (const Simulated& one : kSimulated) {
    set.figures.push_back({one.metric, "as given", value_of(one.figure(table))});
  }
  Json::Array shares;
  for (const double share : options.shares) {
    const std::string of = fmt::format("{:g} % of labels wrong", 100 * share);
    MEDPERF_CHECK(add_formulas(area, table, share, of, set));
    MEDPERF_CHECK(add_simulated(cohort.cases, share, of, options, set));
    MEDPERF_TRY(const auto noise, metrics::auroc_under_noise(area, share));
    shares.push_back(Json::object({{"share", share}, {"flips", noise.flips}}));
  }
  set.more.set("shares", Json(std::move(shares)));
  return set;
}

}  // namespace medperf::cohort
