#pragma once
// One column of a cohort as a few numbers.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cohort/cohort_result.h"
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
};

/// A summary of every column, of all cases and then of each group (sorted by name). Replicate r
/// draws the same patients for all columns that have a value for the same cases. Errors: those of
/// metrics::bootstrap.
Result<std::vector<Summary>> summarise(const CohortResult& result,
                                       const metrics::BootstrapOptions& options);

}  // namespace medperf::cohort
