#include "cohort/noise.h"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <utility>

#include "cohort/class_tables.h"
#include "metrics/classification/auc.h"
#include "metrics/classification/threshold.h"
#include "metrics/figures.h"
#include "metrics/statistics/label_noise.h"

namespace medperf::cohort {
namespace {

using metrics::Confusion;
using metrics::Estimate;
using metrics::ScoredCase;

/// Those that have no formula.
constexpr std::array kSimulated = {"accuracy", "balanced-accuracy", "precision", "npv", "f1",
                                   "mcc"};

metrics::FigureOptions figures_at(double threshold) {
  metrics::FigureOptions options;
  options.threshold = threshold;
  return options;
}

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
  const metrics::FigureOptions figures = figures_at(options.threshold);
  for (const char* const id : kSimulated) {
    const auto* const figure = metrics::find_figure(metrics::scored_figures(), id);
    const auto statistic = [&](std::span<const ScoredCase> flipped) -> std::optional<double> {
      const auto found = figure->of(flipped, figures);
      return found.ok() ? found->value : std::nullopt;
    };
    MEDPERF_TRY(const auto found,
                metrics::simulate_label_noise(cases, share, statistic, options.bootstrap));
    set.figures.push_back({id, of + ", simulated", found.estimate});
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
  for (const char* const id : kSimulated) {
    const auto* const figure = metrics::find_figure(metrics::scored_figures(), id);
    MEDPERF_TRY(const Estimate given, figure->of(cohort.cases, figures_at(options.threshold)));
    set.figures.push_back({id, "as given", value_of(given)});
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
