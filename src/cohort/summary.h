#pragma once
// One column of a cohort as a few numbers.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cohort/cohort_result.h"
#include "cohort/units.h"
#include "metrics/statistics/bootstrap.h"

namespace medperf::cohort {

/// Quantiles by linear interpolation (type 7).
struct Spread {
  double minimum = 0;
  double q05 = 0;
  double q25 = 0;
  double median = 0;
  double q75 = 0;
  double q95 = 0;
  double maximum = 0;
};

struct Summary {
  std::size_t column = 0;
  std::string group;                              ///< empty: all cases
  std::int64_t cases = 0;                         ///< of the group, failed ones too
  std::int64_t failed = 0;                        ///< could not be measured
  std::int64_t n = 0;                             ///< with a value
  std::int64_t patients = 0;                      ///< with a value
  std::map<std::string, std::int64_t> undefined;  ///< cases without a value, by reason
  std::map<std::string, std::int64_t> remarked;   ///< values that rest on a convention, by flag
  std::optional<Spread> spread;                   ///< nothing without a value
  /// The mean over the cases with a value. Interval: bootstrap, patients drawn with all of their
  /// cases; undefined (with the flag) for fewer than two patients.
  metrics::Estimate mean;
  // Of all cases, where they have groups and the metric a better side (metrics::SubgroupTable):
  std::string worst_group;    ///< the one with the worst mean; empty: none has a mean
  std::optional<double> gap;  ///< best less worst mean
};

/// A summary of every column, of all cases and then of each group (sorted by name). A group with a
/// value of fewer patients than the minimum has its counts but neither mean nor spread (flag
/// group_too_small). Replicate r draws the same patients for all columns that have a value for the
/// same cases. Errors: those of metrics::bootstrap, invalid for a minimum below 1.
Result<std::vector<Summary>> summarise(const CohortResult& result,
                                       const metrics::BootstrapOptions& options,
                                       std::int64_t minimum_patients = kMinimumPatients);

}  // namespace medperf::cohort
