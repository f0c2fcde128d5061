#pragma once
// How far predicted numbers are from the reference, in the unit of the numbers.

#include <span>
#include <string_view>

#include "base/result.h"
#include "metrics/estimate.h"
#include "metrics/regression/measured_pair.h"

namespace medperf::metrics {

inline constexpr std::string_view kMaeConvention = "mae-mean-t";
inline constexpr std::string_view kRmseConvention = "rmse-divisor-n";
inline constexpr std::string_view kBiasConvention = "bias-mean-t";
inline constexpr std::string_view kR2Convention = "r2-coefficient-of-determination";

namespace flag {
inline constexpr std::string_view kConstantReference = "constant_reference";
}  // namespace flag

// All: undefined (no_cases) without cases; errors: invalid for a value that is not finite or a
// level outside (0, 1). No interval where all errors are equal (no_variance). O(n).

/// Mean of |predicted - reference|, with the interval of Student's t (at least 0).
Result<Estimate> mean_absolute_error(std::span<const MeasuredPair> cases, double level = 0.95);
/// Square root of the mean of (predicted - reference)^2. No interval: bootstrap it.
Result<Estimate> root_mean_squared_error(std::span<const MeasuredPair> cases);
/// Mean of predicted - reference, with the interval of Student's t. Above 0: the model reads high.
Result<Estimate> mean_error(std::span<const MeasuredPair> cases, double level = 0.95);
/// 1 - (sum of squared errors) / (sum of squared deviations of the reference from its mean), at
/// most 1 and negative when the mean of the reference would do better. Not a squared correlation.
/// Undefined (constant_reference) when all reference values are equal, also for a single case.
Result<Estimate> r_squared(std::span<const MeasuredPair> cases);

}  // namespace medperf::metrics
