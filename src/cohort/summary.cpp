#include "cohort/summary.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <span>
#include <string_view>

#include "metrics/statistics/quantile.h"
#include "metrics/statistics/subgroups.h"
#include "metrics/vocabulary.h"

namespace medperf::cohort {
namespace {

/// The values of one column and the patients they are of.
struct Sample {
  std::vector<double> values;
  std::vector<std::int64_t> patients;
  std::vector<std::string_view> groups;
};

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&values](double p) { return metrics::quantile_of_sorted(values, p); };
  return {values.front(), at(0.05), at(0.25), at(0.5), at(0.75), at(0.95), values.back()};
}

using Rows = std::span<const std::uint32_t>;

/// The mean of the values at these positions, patients drawn.
Result<metrics::Estimate> mean_of(const Sample& sample, Rows rows,
                                  const metrics::BootstrapOptions& options) {
  std::vector<double> values;
  std::vector<std::int64_t> patients;
  for (const std::uint32_t row : rows) {
    values.push_back(sample.values[row]);
    patients.push_back(sample.patients[row]);
  }
  MEDPERF_TRY(const auto units, metrics::ResampleUnits::of(patients));
  const auto mean = [&values](Rows cases) -> std::optional<double> {
    double sum = 0;
    for (const std::uint32_t one : cases) sum += values[one];
    return cases.empty() ? std::nullopt : std::optional(sum / static_cast<double>(cases.size()));
  };
  MEDPERF_TRY(const metrics::Bootstrap bootstrap, metrics::bootstrap(units, mean, options));
  return metrics::finite(bootstrap.estimate);
}

/// The counts of a column, of all cases or those of a group, and the values behind them.
Summary count_column(const CohortResult& result, std::size_t column, std::string_view group,
                     Sample& sample) {
  Summary summary;
  summary.column = column;
  summary.group = group;
  std::map<std::string_view, std::int64_t> numbers;
  for (const CaseResult& one : result.cases) {
    if (!group.empty() && one.files.group != group) continue;
    ++summary.cases;
    if (one.failure) {
      ++summary.failed;
      continue;
    }
    const metrics::Estimate& value = one.values[column];
    if (!value.value) {
      ++summary.undefined[std::string(value.flag)];
      continue;
    }
    if (!value.flag.empty()) ++summary.remarked[std::string(value.flag)];
    sample.values.push_back(*value.value);
    sample.groups.push_back(one.files.group);
    const auto number = static_cast<std::int64_t>(numbers.size());
    sample.patients.push_back(numbers.try_emplace(one.files.patient, number).first->second);
  }
  summary.n = static_cast<std::int64_t>(sample.values.size());
  summary.patients = static_cast<std::int64_t>(numbers.size());
  summary.mean.convention = metrics::kBootstrapPercentileConvention;
  return summary;
}

Result<Summary> summarise_all(const CohortResult& result, std::size_t column, Sample& sample,
                              const metrics::BootstrapOptions& options) {
  Summary summary = count_column(result, column, "", sample);
  if (sample.values.empty()) {
    summary.mean.flag = metrics::flag::kNoCases;
    return summary;
  }
  summary.spread = spread_of(sample.values);
  std::vector<std::uint32_t> all(sample.values.size());
  std::iota(all.begin(), all.end(), 0U);
  MEDPERF_TRY(summary.mean, mean_of(sample, all, options));
  return summary;
}

/// The means of a column in each group, from the values of all cases.
Result<metrics::SubgroupTable> means_of_groups(const Sample& sample,
                                               const std::vector<std::string>& groups,
                                               const metrics::SubgroupOptions& rule,
                                               const metrics::BootstrapOptions& options) {
  std::vector<std::uint32_t> rows;  // of values whose case has a group
  std::vector<std::uint32_t> group_of;
  std::vector<std::int64_t> patient_of;
  for (std::uint32_t i = 0; i < sample.groups.size(); ++i) {
    const auto found = std::lower_bound(groups.begin(), groups.end(), sample.groups[i]);
    if (sample.groups[i].empty()) continue;
    rows.push_back(i);
    group_of.push_back(static_cast<std::uint32_t>(found - groups.begin()));
    patient_of.push_back(sample.patients[i]);
  }
  Status failed;
  const metrics::GroupStatistic statistic = [&](Rows positions) -> metrics::Estimate {
    std::vector<std::uint32_t> chosen;
    for (const std::uint32_t at : positions) chosen.push_back(rows[at]);
    auto mean = mean_of(sample, chosen, options);
    if (mean.ok()) return *mean;
    failed = std::move(mean).error();
    return {};
  };
  MEDPERF_TRY(metrics::SubgroupTable table,
              metrics::subgroup_table(group_of, groups.size(), patient_of, statistic, rule));
  MEDPERF_CHECK(std::move(failed));
  return table;
}

/// The groups of one column; says in `whole` which is the worst.
Result<std::vector<Summary>> summarise_groups(const CohortResult& result, const Sample& sample,
                                              const std::vector<std::string>& groups,
                                              std::int64_t minimum_patients,
                                              const metrics::BootstrapOptions& options,
                                              Summary& whole) {
  const auto* const entry = metrics::find_metric(result.columns[whole.column].metric);
  const bool ordered = entry != nullptr && entry->direction != metrics::Direction::kNone;
  const metrics::SubgroupOptions rule{ordered ? entry->direction : metrics::Direction::kHigher,
                                      minimum_patients};
  MEDPERF_TRY(const auto table, means_of_groups(sample, groups, rule, options));
  std::vector<Summary> summaries;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    Sample own;
    Summary summary = count_column(result, whole.column, groups[g], own);
    summary.mean = table.groups[g].estimate;
    summary.mean.convention = metrics::kBootstrapPercentileConvention;
    if (summary.mean.value) summary.spread = spread_of(own.values);
    summaries.push_back(std::move(summary));
  }
  if (ordered && table.worst) whole.worst_group = groups[*table.worst];
  if (ordered) whole.gap = table.gap;
  return summaries;
}

}  // namespace

Result<std::vector<Summary>> summarise(const CohortResult& result,
                                       const metrics::BootstrapOptions& options,
                                       std::int64_t minimum_patients) {
  std::set<std::string> names;
  for (const CaseResult& one : result.cases) names.insert(one.files.group);
  names.erase("");
  const std::vector<std::string> groups(names.begin(), names.end());
  std::vector<Summary> summaries;
  std::vector<std::vector<Summary>> of_groups;  // of each column
  for (std::size_t column = 0; column < result.columns.size(); ++column) {
    Sample sample;
    MEDPERF_TRY(Summary whole, summarise_all(result, column, sample, options));
    if (!groups.empty()) {
      MEDPERF_TRY(auto rows,
                  summarise_groups(result, sample, groups, minimum_patients, options, whole));
      of_groups.push_back(std::move(rows));
    }
    summaries.push_back(std::move(whole));
  }
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (auto& column : of_groups) summaries.push_back(std::move(column[g]));
  }
  return summaries;
}

}  // namespace medperf::cohort
