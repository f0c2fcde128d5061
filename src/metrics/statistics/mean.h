#pragma once
// The mean of one value per case, its spread and its interval.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "metrics/estimate.h"

namespace medperf::metrics {

inline constexpr std::string_view kMeanConvention = "mean-t";

namespace flag {
inline constexpr std::string_view kOneCase = "one_case";  ///< a value, but no spread
}  // namespace flag

/// Mean with its standard error sd / sqrt(n) and the interval of Student's t with n - 1 degrees of
/// freedom. Undefined for no value (no_cases); se and interval undefined for one (one_case); no
/// interval for values that are all equal (no_variance, se 0). Cases must be patients: several
/// images of one patient are averaged first.
/// Errors: invalid for a value that is not finite or a level outside (0, 1). O(n).
/// Source: Student, Biometrika 6 (1908) 1.
Result<Estimate> mean_estimate(std::span<const double> values, double level = 0.95);

/// The same from n >= 0 cases, their mean and the sum of their squared deviations from it.
Estimate mean_from_moments(std::int64_t n, double mean, double squared_deviations, double level);

}  // namespace medperf::metrics
