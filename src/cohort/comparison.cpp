#include "cohort/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "cohort/class_tables.h"
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
using metrics::ScoredCase;
using metrics::Statistic;
using Rows = std::span<const std::uint32_t>;

/// Models by name, with what each got right and, of two classes, its scores.
struct Scored {
  std::vector<std::string> models;
  std::vector<std::vector<ScoredCase>> cases;    ///< [model]; empty of several classes
  std::vector<std::vector<std::uint8_t>> right;  ///< [model][case]
  Patients patients;
  std::size_t n_cases = 0;
};

bool clustered(const Patients& patients, std::size_t cases) {
  return patients.count < cases;
}

Result<metrics::ResampleUnits> units_of(const Patients& patients, std::size_t cases) {
  if (patients.of_case.empty()) return metrics::ResampleUnits::each_case(cases);
  return metrics::ResampleUnits::of(patients.of_case);
}

Status add_two_classes(const ModelTable& model, std::string_view labels, std::string_view patients,
                       double threshold, Scored& found) {
  auto cohort = read_scored_cohort(model.text, labels, patients);
  if (!cohort) return std::move(cohort).error().at(model.model);
  std::vector<std::uint8_t> right;
  for (const ScoredCase& one : cohort->cases) {
    right.push_back((one.score >= threshold) == one.positive ? 1 : 0);
  }
  found.n_cases = cohort->cases.size();
  found.right.push_back(std::move(right));
  found.cases.push_back(std::move(cohort->cases));
  found.patients = std::move(cohort->patients);
  return {};
}

Status add_classes(const ModelTable& model, std::string_view labels, std::string_view patients,
                   Scored& found) {
  auto cohort = read_class_cohort(model.text, labels, patients);
  if (!cohort) return std::move(cohort).error().at(model.model);
  std::vector<std::uint8_t> right;
  for (std::size_t i = 0; i < cohort->reference.size(); ++i) {
    right.push_back(cohort->reference[i] == cohort->predicted[i] ? 1 : 0);
  }
  found.n_cases = right.size();
  found.right.push_back(std::move(right));
  found.patients = std::move(cohort->patients);
  return {};
}

Status check_models(std::span<const ModelTable> models) {
  if (models.size() < 2) {
    return make_error(ErrorKind::kInvalid, "models", "there is only one",
                      "Give the predictions of two or more, a table each.");
  }
  std::set<std::string_view> names;
  for (const ModelTable& one : models) {
    if (names.insert(one.model).second) continue;
    return make_error(ErrorKind::kInvalid, one.model, "two models have this name",
                      "Give their files different names.");
  }
  return {};
}

Result<Scored> read_models(std::span<const ModelTable> models, std::string_view labels,
                           std::string_view patients, double threshold) {
  MEDPERF_CHECK(check_models(models));
  Scored found;
  std::optional<ClassificationTask> task;
  for (const ModelTable& one : models) {
    auto its = task_of(one.text, labels);
    if (!its) return std::move(its).error().at(one.model);
    if (*its == ClassificationTask::kLabels || (task && *task != *its)) {
      return make_error(ErrorKind::kInvalid, one.model,
                        task ? "it has other columns than the model before"
                             : "several labels a case cannot be compared in one",
                        "Write case_id,score, or case_id and a probability for each class; of "
                        "several labels compare one at a time.");
    }
    task = *its;
    found.models.push_back(one.model);
    MEDPERF_CHECK(*its == ClassificationTask::kTwoClasses
                      ? add_two_classes(one, labels, patients, threshold, found)
                      : add_classes(one, labels, patients, found));
  }
  return found;
}

/// The paired bootstrap as a figure.
Result<Figure> drawn(const char* metric, const std::string& of, const metrics::ResampleUnits& units,
                     const Statistic& first, const Statistic& second,
                     const metrics::BootstrapOptions& options) {
  MEDPERF_TRY(const auto found, metrics::paired_bootstrap(units, first, second, options));
  return Figure{metric, of, found.difference.estimate, std::nullopt,
                FigureTest{std::nullopt, found.p_value}};
}

Statistic area_of(const std::vector<ScoredCase>& cases) {
  return [&cases](Rows rows) -> std::optional<double> {
    std::vector<ScoredCase> some;
    some.reserve(rows.size());
    for (const std::uint32_t row : rows) some.push_back(cases[row]);
    const auto area = metrics::auc(some);
    return area.ok() ? area->estimate.value : std::nullopt;
  };
}

/// The mean of numbers of cases: accuracy of what is right, or the mean of values.
template <typename Number>
Statistic mean_of(const std::vector<Number>& values) {
  return [&values](Rows rows) -> std::optional<double> {
    if (rows.empty()) return std::nullopt;
    double sum = 0;
    for (const std::uint32_t row : rows) sum += static_cast<double>(values[row]);
    return sum / static_cast<double>(rows.size());
  };
}

Status add_areas(const Scored& found, std::size_t a, std::size_t b, const std::string& of,
                 const metrics::ResampleUnits& units, const metrics::BootstrapOptions& options,
                 FigureSet& set) {
  if (clustered(found.patients, found.n_cases)) {
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

Status add_accuracies(const Scored& found, std::size_t a, std::size_t b, const std::string& of,
                      const metrics::ResampleUnits& units, const metrics::BootstrapOptions& options,
                      FigureSet& set) {
  if (!clustered(found.patients, found.n_cases)) {
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
Status add_alone(const Scored& found, double level, FigureSet& set) {
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
  if (!clustered(found.patients, found.n_cases)) return {};
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
  if (!clustered(values.patients, first.size())) {
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

Status check_metric_id(std::string_view metric) {
  if (metric.empty() || metrics::find_metric(metric) != nullptr) return {};
  return make_error(ErrorKind::kInvalid, "--metric", "there is no metric of this id",
                    "Choose from those that `medperf-metrics list` shows.");
}

Json values_document(const ModelValues& values, std::string_view metric) {
  Json missing = Json::object();
  for (const auto& [model, cases] : values.missing) missing.set(model, cases);
  return Json::object({{"metric", metric.empty() ? Json() : Json(metric)},
                       {"missing", std::move(missing)},
                       {"n_left_out", values.left_out}});
}

Result<FigureSet> compare_scores(std::span<const ModelTable> models, std::string_view labels,
                                 std::string_view patients, const ComparisonOptions& options) {
  MEDPERF_TRY(const Scored found, read_models(models, labels, patients, options.threshold));
  MEDPERF_TRY(const auto units, units_of(found.patients, found.n_cases));
  FigureSet set{"comparison of scores", found.n_cases, found.patients.count, {}, Json::object()};
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
  MEDPERF_TRY(const auto units, units_of(values.patients, cases));
  FigureSet set{"comparison of values", cases, values.patients.count, {}, Json::object()};
  for (std::size_t m = 0; m < values.models.size(); ++m) {
    MEDPERF_TRY(Estimate mean, metrics::mean_estimate(values.values[m], options.bootstrap.level));
    if (clustered(values.patients, cases)) metrics::leave_out_interval(mean);
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
