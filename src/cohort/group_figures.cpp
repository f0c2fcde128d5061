#include "cohort/group_figures.h"

#include <fmt/format.h>

#include <optional>

#include "metrics/vocabulary.h"

namespace medperf::cohort {
namespace {

using metrics::Direction;
using metrics::Estimate;
using metrics::SubgroupTable;

/// The better side; nothing for a figure of which neither is.
std::optional<Direction> better_side(std::string_view metric) {
  const metrics::MetricEntry* const entry = metrics::find_metric(metric);
  if (entry == nullptr || entry->direction == Direction::kNone) return std::nullopt;
  return entry->direction;
}

/// One measure in every group.
Result<SubgroupTable> table_of(const Measure& measure, const Figure& whole, const Units& units,
                               const GroupedCases& grouped,
                               const metrics::BootstrapOptions& options, std::int64_t minimum) {
  metrics::SubgroupOptions rule;
  rule.minimum_patients = minimum;
  rule.direction = better_side(measure.metric).value_or(Direction::kHigher);
  const bool all_grouped = grouped.rows.size() == units.patient_of_case.size();
  Status failed;
  const metrics::GroupStatistic statistic = [&](Rows positions) -> Estimate {
    if (all_grouped && positions.size() == grouped.rows.size()) return whole.estimate;
    std::vector<std::uint32_t> rows;
    for (const std::uint32_t at : positions) rows.push_back(grouped.rows[at]);
    auto figure = figure_of(measure, rows, units, options);
    if (figure.ok()) return figure->estimate;
    failed = std::move(figure).error();
    return {};
  };
  MEDPERF_TRY(SubgroupTable table, metrics::subgroup_table(grouped.group_of, units.groups.size(),
                                                           grouped.patient_of, statistic, rule));
  MEDPERF_CHECK(std::move(failed));
  return table;
}

void add_rows(const SubgroupTable& table, const Figure& whole, const Units& units, FigureSet& set) {
  for (std::size_t g = 0; g < units.groups.size(); ++g) {
    const std::string group = "group " + units.groups[g];
    Figure figure = whole;
    figure.of = whole.of.empty() ? group : whole.of + ", " + group;
    figure.estimate = table.groups[g].estimate;
    figure.estimate.convention = whole.estimate.convention;
    figure.altered.clear();
    set.figures.push_back(std::move(figure));
  }
}

void add_sizes(const SubgroupTable& table, const Units& units, FigureSet& set) {
  Json::Array sizes;
  for (std::size_t g = 0; g < units.groups.size(); ++g) {
    sizes.push_back(Json::object({{"group", units.groups[g]},
                                  {"n_cases", table.groups[g].cases},
                                  {"n_patients", table.groups[g].patients}}));
  }
  set.more.set("groups", Json(std::move(sizes)));
}

}  // namespace

GroupedCases grouped_cases(const Units& units) {
  GroupedCases grouped;
  for (std::uint32_t row = 0; row < units.group_of_case.size(); ++row) {
    if (units.group_of_case[row] == Units::kNoGroup) continue;
    grouped.rows.push_back(row);
    grouped.group_of.push_back(units.group_of_case[row]);
    grouped.patient_of.push_back(units.patient_of_case[row]);
  }
  return grouped;
}

Status add_group_figures(std::span<const Measure> measures, const Units& units,
                         const metrics::BootstrapOptions& options, std::int64_t minimum_patients,
                         FigureSet& set) {
  if (units.groups.empty()) return {};
  const GroupedCases grouped = grouped_cases(units);
  const std::size_t first = set.figures.size() - measures.size();
  Json::Array worst;
  for (std::size_t i = 0; i < measures.size(); ++i) {
    const Figure whole = set.figures[first + i];
    MEDPERF_TRY(const SubgroupTable table,
                table_of(measures[i], whole, units, grouped, options, minimum_patients));
    add_rows(table, whole, units, set);
    if (i == 0) add_sizes(table, units, set);
    if (!table.worst || !better_side(whole.metric)) continue;
    worst.push_back(Json::object({{"metric", whole.metric},
                                  {"of", whole.of.empty() ? Json() : Json(whole.of)},
                                  {"group", units.groups[*table.worst]},
                                  {"gap", table.gap ? Json(*table.gap) : Json()}}));
  }
  set.more.set("worst_groups", Json(std::move(worst)));
  return {};
}

}  // namespace medperf::cohort
