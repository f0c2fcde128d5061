#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "metrics/statistics/bootstrap.h"

namespace medperf::metrics {
namespace {

constexpr std::size_t kMaxCases = std::numeric_limits<std::uint32_t>::max() - 1;

}  // namespace

ResampleUnits ResampleUnits::each_case(std::size_t n_cases) {
  ResampleUnits units;
  units.cases_.resize(n_cases);
  std::iota(units.cases_.begin(), units.cases_.end(), 0U);
  units.unit_begin_.resize(n_cases + 1);
  std::iota(units.unit_begin_.begin(), units.unit_begin_.end(), 0U);
  units.stratum_begin_ = {0, static_cast<std::uint32_t>(n_cases)};
  return units;
}

Result<ResampleUnits> ResampleUnits::of(std::span<const std::int64_t> unit_of_case,
                                        std::span<const std::int64_t> stratum_of_case) {
  const std::size_t n = unit_of_case.size();
  if (!stratum_of_case.empty() && stratum_of_case.size() != n) {
    return make_error(ErrorKind::kInvalid, "strata", "there is not one stratum a case",
                      "Give as many strata as cases, or none.");
  }
  if (n > kMaxCases) {
    return make_error(ErrorKind::kTooLarge, "cases", "there are more than 2^32 - 2",
                      "Evaluate them in parts.");
  }
  const auto stratum = [&](std::uint32_t i) {
    return stratum_of_case.empty() ? std::int64_t{0} : stratum_of_case[i];
  };
  ResampleUnits units;
  units.cases_.resize(n);
  std::iota(units.cases_.begin(), units.cases_.end(), 0U);
  // By unit first: a unit in two strata then shows as neighbours that differ.
  std::sort(units.cases_.begin(), units.cases_.end(), [&](std::uint32_t a, std::uint32_t b) {
    return unit_of_case[a] != unit_of_case[b] ? unit_of_case[a] < unit_of_case[b] : a < b;
  });
  for (std::size_t k = 1; k < n; ++k) {
    const std::uint32_t a = units.cases_[k - 1];
    const std::uint32_t b = units.cases_[k];
    if (unit_of_case[a] == unit_of_case[b] && stratum(a) != stratum(b)) {
      return make_error(ErrorKind::kInvalid, "case " + std::to_string(b + 1),
                        "its patient has a case in another stratum",
                        "A patient is drawn whole, so all of its cases share one stratum.");
    }
  }
  std::stable_sort(units.cases_.begin(), units.cases_.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return stratum(a) < stratum(b); });
  for (std::uint32_t k = 0; k < n; ++k) {
    const std::uint32_t here = units.cases_[k];
    const bool first = k == 0;
    if (first || stratum(here) != stratum(units.cases_[k - 1])) {
      units.stratum_begin_.push_back(static_cast<std::uint32_t>(units.unit_begin_.size()));
    }
    if (first || unit_of_case[here] != unit_of_case[units.cases_[k - 1]]) {
      units.unit_begin_.push_back(k);
    }
  }
  if (n == 0) units.stratum_begin_.push_back(0);
  units.stratum_begin_.push_back(static_cast<std::uint32_t>(units.unit_begin_.size()));
  units.unit_begin_.push_back(static_cast<std::uint32_t>(n));
  return units;
}

}  // namespace medperf::metrics
