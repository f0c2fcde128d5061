#include "cohort/summary.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "metrics/statistics/quantile.h"

namespace medperf::cohort {
namespace {

/// The values of one column and the patients they are of.
struct Sample {
  std::vector<double> values;
  std::vector<std::int64_t> patients;
};

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&values](double p) { return metrics::quantile_of_sorted(values, p); };
  return {values.front(), at(0.05), at(0.25), at(0.5), at(0.75), at(0.95), values.back()};
}

Result<metrics::Estimate> mean_of(const Sample& sample, const metrics::BootstrapOptions& options) {
  MEDPERF_TRY(const auto units, metrics::ResampleUnits::of(sample.patients));
  const std::vector<double>& values = sample.values;
  const auto mean = [&values](std::span<const std::uint32_t> cases) -> std::optional<double> {
    double sum = 0;
    for (const std::uint32_t one : cases) sum += values[one];
    return cases.empty() ? std::nullopt : std::optional(sum / static_cast<double>(cases.size()));
  };
  MEDPERF_TRY(const metrics::Bootstrap bootstrap, metrics::bootstrap(units, mean, options));
  return bootstrap.estimate;
}

Result<Summary> summarise_column(const CohortResult& result, std::size_t column,
                                 std::string_view group, const metrics::BootstrapOptions& options) {
  Summary summary;
  summary.column = column;
  summary.group = group;
  Sample sample;
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
    const auto number = static_cast<std::int64_t>(numbers.size());
    sample.patients.push_back(numbers.try_emplace(one.files.patient, number).first->second);
  }
  summary.n = static_cast<std::int64_t>(sample.values.size());
  summary.patients = static_cast<std::int64_t>(numbers.size());
  if (sample.values.empty()) {
    summary.mean.flag = metrics::flag::kNoCases;
    summary.mean.convention = metrics::kBootstrapPercentileConvention;
    return summary;
  }
  summary.spread = spread_of(sample.values);
  MEDPERF_TRY(const metrics::Estimate mean, mean_of(sample, options));
  summary.mean = metrics::finite(mean);
  return summary;
}

}  // namespace

Result<std::vector<Summary>> summarise(const CohortResult& result,
                                       const metrics::BootstrapOptions& options) {
  std::set<std::string> groups = {""};
  for (const CaseResult& one : result.cases) groups.insert(one.files.group);
  std::vector<Summary> summaries;
  for (const std::string& group : groups) {
    for (std::size_t column = 0; column < result.columns.size(); ++column) {
      MEDPERF_TRY(Summary summary, summarise_column(result, column, group, options));
      summaries.push_back(std::move(summary));
    }
  }
  return summaries;
}

}  // namespace medperf::cohort
