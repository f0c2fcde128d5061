#pragma once
// A figure in each subgroup of the patients, and the group it serves worst.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/estimate.h"
#include "metrics/vocabulary.h"

namespace medperf::metrics {

namespace flag {
/// A group with fewer patients than the rule allows: its figure is noise, and might point at
/// people.
inline constexpr std::string_view kGroupTooSmall = "group_too_small";
}  // namespace flag

struct SubgroupOptions {
  Direction direction = Direction::kHigher;  ///< which value is better; not kNone
  std::int64_t minimum_patients = 10;        ///< at least 1
};

struct SubgroupRow {
  std::int64_t cases = 0;
  std::int64_t patients = 0;
  Estimate estimate;  ///< without a value below the minimum (flag group_too_small)
};

struct SubgroupTable {
  std::vector<SubgroupRow> groups;  ///< in the order of their numbers
  Estimate overall;                 ///< of all cases, those of small groups too
  std::optional<std::size_t>
      worst;                  ///< the defined group with the worst value; the first of equals
  std::optional<double> gap;  ///< best less worst value, >= 0; from two defined groups on
};

/// The figure of the cases with these positions.
using GroupStatistic = std::function<Estimate(std::span<const std::uint32_t> cases)>;

/// `group_of_case` holds a number in [0, groups) for each case, `patient_of_case` any number that
/// names its patient. The worst of several noisy figures looks worse than it is: read it with its
/// interval. Errors: invalid for spans of different length, a group out of range, direction kNone,
/// a minimum below 1. O(n log n + statistics).
Result<SubgroupTable> subgroup_table(std::span<const std::uint32_t> group_of_case,
                                     std::size_t groups,
                                     std::span<const std::int64_t> patient_of_case,
                                     const GroupStatistic& statistic,
                                     const SubgroupOptions& options = {});

}  // namespace medperf::metrics
