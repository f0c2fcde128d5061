#include "metrics/statistics/subgroups.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace medperf::metrics {
namespace {

std::int64_t distinct_patients(std::span<const std::uint32_t> cases,
                               std::span<const std::int64_t> patient_of_case) {
  std::vector<std::int64_t> patients;
  for (const std::uint32_t i : cases) patients.push_back(patient_of_case[i]);
  std::sort(patients.begin(), patients.end());
  return std::unique(patients.begin(), patients.end()) - patients.begin();
}

Status check(std::span<const std::uint32_t> group_of_case, std::size_t groups,
             std::span<const std::int64_t> patient_of_case, const SubgroupOptions& options) {
  if (group_of_case.size() != patient_of_case.size()) {
    return make_error(ErrorKind::kInvalid, "subgroups", "groups and patients differ in number",
                      "Give a group and a patient for each case.");
  }
  if (options.direction == Direction::kNone || options.minimum_patients < 1) {
    return make_error(ErrorKind::kInvalid, "subgroups",
                      "the rule for the worst group is incomplete",
                      "Say whether higher or lower is better; the minimum is at least 1.");
  }
  for (std::size_t i = 0; i < group_of_case.size(); ++i) {
    if (group_of_case[i] >= groups) {
      return make_error(ErrorKind::kInvalid, "case " + std::to_string(i + 1),
                        "its group is not one of those declared", "Groups count from 0.");
    }
  }
  return {};
}

void find_worst(const SubgroupOptions& options, SubgroupTable& table) {
  const double sign = options.direction == Direction::kHigher ? 1 : -1;
  std::optional<std::size_t> best;
  std::size_t defined = 0;
  for (std::size_t g = 0; g < table.groups.size(); ++g) {
    const auto& value = table.groups[g].estimate.value;
    if (!value) continue;
    ++defined;
    if (!table.worst || sign * *value < sign * *table.groups[*table.worst].estimate.value) {
      table.worst = g;
    }
    if (!best || sign * *value > sign * *table.groups[*best].estimate.value) best = g;
  }
  if (defined < 2) return;
  table.gap =
      sign * (*table.groups[*best].estimate.value - *table.groups[*table.worst].estimate.value);
}

}  // namespace

Result<SubgroupTable> subgroup_table(std::span<const std::uint32_t> group_of_case,
                                     std::size_t groups,
                                     std::span<const std::int64_t> patient_of_case,
                                     const GroupStatistic& statistic,
                                     const SubgroupOptions& options) {
  MEDPERF_CHECK(check(group_of_case, groups, patient_of_case, options));
  std::vector<std::vector<std::uint32_t>> cases_of(groups);
  for (std::uint32_t i = 0; i < group_of_case.size(); ++i) {
    cases_of[group_of_case[i]].push_back(i);
  }
  SubgroupTable table;
  for (const auto& cases : cases_of) {
    SubgroupRow row;
    row.cases = static_cast<std::int64_t>(cases.size());
    row.patients = distinct_patients(cases, patient_of_case);
    if (row.patients < options.minimum_patients) {
      row.estimate.flag = flag::kGroupTooSmall;
    } else {
      row.estimate = statistic(cases);
    }
    table.groups.push_back(std::move(row));
  }
  std::vector<std::uint32_t> all(group_of_case.size());
  std::iota(all.begin(), all.end(), 0U);
  table.overall = statistic(all);
  find_worst(options, table);
  return table;
}

}  // namespace medperf::metrics
