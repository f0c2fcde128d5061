#include "cohort/value_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "cohort/group_figures.h"
#include "cohort/model_statistics.h"
#include "metrics/clustered.h"
#include "metrics/statistics/mean.h"
#include "metrics/statistics/quantile_interval.h"
#include "metrics/statistics/subgroups.h"

namespace medperf::cohort {
namespace {

using metrics::Direction;
using metrics::Estimate;

std::vector<double> some(const std::vector<double>& values, Rows rows) {
  std::vector<double> result;
  result.reserve(rows.size());
  for (const std::uint32_t row : rows) result.push_back(values[row]);
  return result;
}

/// The mean of some cases with the interval that was chosen; that of patients where they repeat.
Result<Estimate> mean_figure(const std::vector<double>& all, const Units& whose, Rows rows,
                             const ValueOptions& options) {
  const std::vector<double> values = some(all, rows);
  std::vector<std::int64_t> units;
  for (const std::uint32_t row : rows) units.push_back(whose.patient_of_case[row]);
  MEDPERF_TRY(const auto drawn, metrics::ResampleUnits::of(units));
  const bool repeat = drawn.n_units() < values.size();
  if (options.interval == MeanInterval::kStudent && !repeat) {
    return metrics::mean_estimate(values, options.bootstrap.level);
  }
  MEDPERF_TRY(const auto found, metrics::bootstrap(drawn, mean_of(values), options.bootstrap));
  return found.estimate;
}

Result<Estimate> quantile_figure(const std::vector<double>& values, double p, bool repeat,
                                 double level) {
  MEDPERF_TRY(Estimate estimate, metrics::quantile_estimate(values, p, level));
  if (repeat) metrics::leave_out_interval(estimate);
  return estimate;
}

/// What is said of groups beside their figures.
struct GroupNotes {
  Json::Array sizes;
  Json::Array worst;
};

Status add_groups(const ModelValues& values, std::size_t column, const GroupedCases& groups,
                  const ValueOptions& options, GroupNotes& notes, FigureSet& set) {
  metrics::SubgroupOptions rule;
  rule.minimum_patients = options.minimum_patients;
  rule.direction = options.better.value_or(Direction::kHigher);
  Status failed;
  const metrics::GroupStatistic statistic = [&](Rows positions) {
    std::vector<std::uint32_t> rows;
    for (const std::uint32_t at : positions) rows.push_back(groups.rows[at]);
    auto mean = mean_figure(values.values[column], values.units, rows, options);
    if (mean.ok()) return *mean;
    failed = std::move(mean).error();
    return Estimate{};
  };
  MEDPERF_TRY(const auto table, metrics::subgroup_table(groups.group_of, values.units.groups.size(),
                                                        groups.patient_of, statistic, rule));
  MEDPERF_CHECK(std::move(failed));
  const std::string& name = values.models[column];
  for (std::size_t g = 0; g < values.units.groups.size(); ++g) {
    Estimate estimate = table.groups[g].estimate;
    if (estimate.convention.empty()) estimate.convention = metrics::kMeanConvention;
    set.figures.push_back(
        {"mean", fmt::format("{}, group {}", name, values.units.groups[g]), estimate});
    notes.sizes.push_back(Json::object({{"column", name},
                                        {"group", values.units.groups[g]},
                                        {"n_cases", table.groups[g].cases},
                                        {"n_patients", table.groups[g].patients}}));
  }
  if (!options.better || !table.worst) return {};
  notes.worst.push_back(Json::object({{"column", name},
                                      {"group", values.units.groups[*table.worst]},
                                      {"gap", table.gap ? Json(*table.gap) : Json()}}));
  return {};
}

}  // namespace

Result<FigureSet> summarise_values(std::string_view table, std::string_view metric,
                                   const MissingRule& missing, const ValueOptions& options) {
  MEDPERF_CHECK(check_metric_id(metric));
  MEDPERF_TRY(const ModelValues values, read_model_values(table, missing, 1));
  ValueOptions chosen = options;
  const auto* const entry = metrics::find_metric(metric);
  if (!chosen.better && entry != nullptr && entry->direction != Direction::kNone) {
    chosen.better = entry->direction;
  }
  const std::size_t cases = values.values.front().size();
  const bool repeat = values.units.patients_repeat();
  FigureSet set{"values per case", cases, values.units.patients, {}, Json::object()};
  std::vector<std::uint32_t> all(cases);
  std::iota(all.begin(), all.end(), 0U);
  const GroupedCases groups = grouped_cases(values.units);
  GroupNotes notes;
  for (std::size_t column = 0; column < values.models.size(); ++column) {
    const std::string& name = values.models[column];
    MEDPERF_TRY(const Estimate mean, mean_figure(values.values[column], values.units, all, chosen));
    set.figures.push_back({"mean", name, mean});
    for (const double p : chosen.quantiles) {
      MEDPERF_TRY(const Estimate quantile,
                  quantile_figure(values.values[column], p, repeat, chosen.bootstrap.level));
      set.figures.push_back({"quantile", fmt::format("{}, {:g}", name, p), quantile});
    }
    if (values.units.groups.empty()) continue;
    MEDPERF_CHECK(add_groups(values, column, groups, chosen, notes, set));
  }
  set.more.set("values", values_document(values, metric));
  if (values.units.groups.empty()) return set;
  set.more.set("groups", Json(std::move(notes.sizes)));
  set.more.set("worst_groups", Json(std::move(notes.worst)));
  return set;
}

}  // namespace medperf::cohort
