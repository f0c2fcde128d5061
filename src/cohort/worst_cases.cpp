#include "cohort/worst_cases.h"

#include <algorithm>
#include <cmath>

#include "metrics/segmentation/lesion_wise.h"
#include "metrics/vocabulary.h"

namespace medperf::cohort {
namespace {

/// Undefined because there was nothing to find and nothing was found.
bool of_nothing(std::string_view flag) {
  return flag == metrics::flag::kBothEmpty || flag == metrics::kNotScored ||
         flag == metrics::kNothingScored;
}

/// How bad a value is, in its own unit; larger is worse.
std::optional<double> badness(const metrics::MetricEntry& entry, double value) {
  if (entry.direction == metrics::Direction::kHigher) return -value;
  if (entry.direction == metrics::Direction::kLower) return value;
  const auto ideal = metrics::ideal_of(entry.id);
  return ideal ? std::optional(std::abs(value - *ideal)) : std::nullopt;
}

}  // namespace

std::optional<WorstCases> worst_cases(const CohortResult& result, std::size_t column) {
  const metrics::MetricEntry* const entry = metrics::find_metric(result.columns[column].metric);
  if (entry == nullptr || !badness(*entry, 0)) return std::nullopt;
  WorstCases worst;
  for (std::size_t i = 0; i < result.cases.size(); ++i) {
    const CaseResult& one = result.cases[i];
    if (one.failure) continue;
    const metrics::Estimate& value = one.values[column];
    if (value.value) {
      worst.ranked.push_back(i);
    } else if (!of_nothing(value.flag)) {
      worst.undefined.push_back(i);
    }
  }
  const auto bad = [&](std::size_t i) {
    return *badness(*entry, *result.cases[i].values[column].value);
  };
  std::stable_sort(worst.ranked.begin(), worst.ranked.end(),
                   [&](std::size_t a, std::size_t b) { return bad(a) > bad(b); });
  return worst;
}

}  // namespace medperf::cohort
