#pragma once
// The figures of a cohort in each group of its patients, and the group that each serves worst
// (docs/metrics/subgroups.md).

#include <cstdint>
#include <span>

#include "base/result.h"
#include "cohort/measures.h"
#include "metrics/statistics/subgroups.h"

namespace medperf::cohort {

/// Cases that have a group, for metrics::subgroup_table.
struct GroupedCases {
  std::vector<std::uint32_t> rows;      ///< where they are in the cohort
  std::vector<std::uint32_t> group_of;  ///< of those, into Units::groups
  std::vector<std::int64_t> patient_of;
};
GroupedCases grouped_cases(const Units& units);

/// Adds, behind the figures of all cases that `set` begins with, those of each group ("of" ends in
/// "group NAME") and in set.more `groups` ({"group","n_cases","n_patients"}) and `worst_groups`
/// ({"metric","of","group","gap"}, of metrics that have a better side); nothing without groups. A
/// group of fewer patients than the minimum has no figure and is not the worst. Precondition: the
/// last figures of `set` are those of `measures`. Errors: those of the measures, invalid for a
/// minimum below 1.
Status add_group_figures(std::span<const Measure> measures, const Units& units,
                         const metrics::BootstrapOptions& options, std::int64_t minimum_patients,
                         FigureSet& set);

}  // namespace medperf::cohort
