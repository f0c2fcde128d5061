#include "cohort/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cohort/model_statistics.h"
#include "metrics/classification/auc.h"
#include "metrics/classification/comparison.h"
#include "metrics/clustered.h"
#include "metrics/statistics/mean.h"
#include "metrics/statistics/paired.h"
#include "metrics/statistics/proportion.h"
#include "metrics/vocabulary.h"

namespace medperf::cohort {
namespace {

using metrics::Estimate;
using metrics::Statistic;

/// The paired bootstrap as a figure.
Result<Figure> drawn(const char* metric, const std::string& of, const metrics::ResampleUnits& units,
                     const Statistic& first, const Statistic& second,
                     const metrics::BootstrapOptions& options) {
  MEDPERF_TRY(const auto found, metrics::paired_bootstrap(units, first, second, options));
  return Figure{metric, of, found.difference.estimate, std::nullopt,
                FigureTest{std::nullopt, found.p_value}};
}

Status add_areas(const ModelScores& found, std::size_t a, std::size_t b, const std::string& of,
                 const metrics::ResampleUnits& units, const metrics::BootstrapOptions& options,
                 FigureSet& set) {
  if (found.units.patients_repeat()) {
    MEDPERF_TRY(Figure figure, drawn("auroc-difference", of, units, area_of(found.cases[a]),
                                     area_of(found.cases[b]), options));
    set.figures.push_back(std::move(figure));
    return {};
  }
  std::vector<metrics::PairedScore> pairs;
  for (std::size_t i = 0; i < found.n_cases; ++i) {
    pairs.push_back({found.cases[a][i].score, found.cases[b][i].score, found.cases[a][i].positive});
  }
  MEDPERF_TRY(const auto test, metrics::compare_auc(pairs, options.level));
  set.figures.push_back(
      {"auroc-difference", of, test.difference, std::nullopt, FigureTest{test.z, test.p_value}});
  return {};
}

Status add_accuracies(const ModelScores& found, std::size_t a, std::size_t b, const std::string& of,
                      const metrics::ResampleUnits& units, const metrics::BootstrapOptions& options,
                      FigureSet& set) {
  if (!found.units.patients_repeat()) {
    MEDPERF_TRY(const auto test, metrics::mcnemar(found.right[a], found.right[b]));
    for (const auto& [convention, p_value] :
         {std::pair(metrics::kMcNemarMidPConvention, test.mid_p_value),
          std::pair(metrics::kMcNemarExactConvention, test.exact_p_value)}) {
      Estimate estimate;
      estimate.value = test.difference;
      estimate.convention = convention;
      if (!test.difference) estimate.flag = metrics::flag::kNoCases;
      set.figures.push_back(
          {"accuracy-difference", of, estimate, std::nullopt, FigureTest{std::nullopt, p_value}});
    }
  }
  MEDPERF_TRY(Figure figure, drawn("accuracy-difference", of, units, mean_of(found.right[a]),
                                   mean_of(found.right[b]), options));
  set.figures.push_back(std::move(figure));
  return {};
}

/// Each model alone, so that a difference is read beside what it is a difference of.
Status add_alone(const ModelScores& found, double level, FigureSet& set) {
  const std::size_t before = set.figures.size();
  for (std::size_t m = 0; m < found.models.size(); ++m) {
    if (!found.cases.empty()) {
      MEDPERF_TRY(const metrics::Auc area, metrics::auc(found.cases[m], level));
      set.figures.push_back({"auroc", found.models[m], area.estimate});
    }
    const auto right = std::count(found.right[m].begin(), found.right[m].end(), 1);
    set.figures.push_back(
        {"accuracy", found.models[m],
         metrics::wilson(right, static_cast<std::int64_t>(found.n_cases), level)});
  }
  if (!found.units.patients_repeat()) return {};
  for (std::size_t i = before; i < set.figures.size(); ++i) {
    metrics::leave_out_interval(set.figures[i].estimate);
  }
  return {};
}

/// Calls work(a, b, "a - b") for every pair of models.
template <typename Work>
Status for_each_pair(const std::vector<std::string>& models, const Work& work) {
  for (std::size_t a = 0; a < models.size(); ++a) {
    for (std::size_t b = a + 1; b < models.size(); ++b) {
      MEDPERF_CHECK(work(a, b, fmt::format("{} - {}", models[a], models[b])));
    }
  }
  return {};
}

void say_models(const std::vector<std::string>& models, FigureSet& set) {
  set.more.set("models", Json(Json::Array(models.begin(), models.end())));
  set.more.set("n_pairs", models.size() * (models.size() - 1) / 2);
}

Status add_mean_differences(const ModelValues& values, std::size_t a, std::size_t b,
                            const std::string& of, const metrics::ResampleUnits& units,
                            const metrics::BootstrapOptions& options, FigureSet& set) {
  const std::vector<double>& first = values.values[a];
  const std::vector<double>& second = values.values[b];
  if (!values.units.patients_repeat()) {
    metrics::BootstrapOptions few = options;
    few.replicates = 2;  // its bootstrap is not used: that of pairs, below, has a p value
    MEDPERF_TRY(const auto test, metrics::compare_paired(first, second, few));
    const auto with = [&](const metrics::TestResult& one, Estimate estimate) {
      estimate.convention = one.convention;
      if (!one.flag.empty()) estimate.flag = one.flag;
      set.figures.push_back(
          {"mean-difference", of, estimate, std::nullopt, FigureTest{one.statistic, one.p_value}});
    };
    with(test.t, test.mean_difference);
    Estimate plain;
    plain.value = test.mean_difference.value;
    with(test.wilcoxon, plain);
  }
  MEDPERF_TRY(Figure figure,
              drawn("mean-difference", of, units, mean_of(first), mean_of(second), options));
  set.figures.push_back(std::move(figure));
  return {};
}

}  // namespace

Result<FigureSet> compare_scores(std::span<const ModelTable> models, std::string_view labels,
                                 const UnitTable& patients, const ComparisonOptions& options) {
  MEDPERF_TRY(const ModelScores found,
              read_model_scores(models, labels, patients, options.threshold));
  MEDPERF_TRY(const auto units, drawn_units(found.units));
  FigureSet set{"comparison of scores", found.n_cases, found.units.patients, {}, Json::object()};
  MEDPERF_CHECK(add_alone(found, options.bootstrap.level, set));
  MEDPERF_CHECK(for_each_pair(
      found.models, [&](std::size_t a, std::size_t b, const std::string& of) -> Status {
        if (!found.cases.empty()) {
          MEDPERF_CHECK(add_areas(found, a, b, of, units, options.bootstrap, set));
        }
        return add_accuracies(found, a, b, of, units, options.bootstrap, set);
      }));
  say_models(found.models, set);
  return set;
}

Result<FigureSet> compare_values(std::string_view table, std::string_view metric,
                                 const MissingRule& missing, const ComparisonOptions& options) {
  MEDPERF_CHECK(check_metric_id(metric));
  MEDPERF_TRY(const ModelValues values, read_model_values(table, missing));
  const std::size_t cases = values.values.front().size();
  MEDPERF_TRY(const auto units, drawn_units(values.units));
  FigureSet set{"comparison of values", cases, values.units.patients, {}, Json::object()};
  for (std::size_t m = 0; m < values.models.size(); ++m) {
    MEDPERF_TRY(Estimate mean, metrics::mean_estimate(values.values[m], options.bootstrap.level));
    if (values.units.patients_repeat()) metrics::leave_out_interval(mean);
    set.figures.push_back({"mean", values.models[m], mean});
  }
  MEDPERF_CHECK(for_each_pair(
      values.models, [&](std::size_t a, std::size_t b, const std::string& of) -> Status {
        return add_mean_differences(values, a, b, of, units, options.bootstrap, set);
      }));
  say_models(values.models, set);
  set.more.set("values", values_document(values, metric));
  return set;
}

}  // namespace medperf::cohort
