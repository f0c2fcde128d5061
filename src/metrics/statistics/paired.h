#pragma once
// Two models on the same patients: is the difference of their per-case values more than chance?

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "metrics/estimate.h"
#include "metrics/statistics/bootstrap.h"

namespace medperf::metrics {

inline constexpr std::string_view kPairedTConvention = "paired-t";
inline constexpr std::string_view kWilcoxonExactConvention = "wilcoxon-signed-rank-exact";
inline constexpr std::string_view kWilcoxonNormalConvention = "wilcoxon-signed-rank-normal";

namespace flag {
inline constexpr std::string_view kAllEqual = "all_differences_equal";  ///< no spread to test by
inline constexpr std::string_view kNoDifference = "no_difference";      ///< every pair is equal
}  // namespace flag

/// A two-sided test. `p_value` is empty where the test is undefined, and `flag` says why.
struct TestResult {
  std::optional<double> statistic;
  std::optional<double> p_value;
  std::string_view convention;
  std::string_view flag;
};

struct PairedComparison {
  Estimate mean_difference;  ///< first less second, with Student's interval (mean-t)
  TestResult t;              ///< of a mean difference of 0, n - 1 degrees of freedom
  /// Wilcoxon's signed-rank test; the statistic is the sum of ranks of the positive differences.
  /// Differences of 0 are left out and equal sizes share the mean of their ranks. Up to 100
  /// differences the p value is exact, ties or not; beyond, normal with the tie correction and
  /// without continuity correction.
  TestResult wilcoxon;
  Bootstrap bootstrap;  ///< of the mean difference, patients as units
  std::int64_t pairs = 0;
  std::int64_t zero_differences = 0;
};

/// Compares per-case values (Dice, HD95, absolute error ...) of two models, one value a patient in
/// both spans at the same position. A case without a value in one of them is the caller's decision
/// (docs/metrics/paired.md). Errors: invalid for spans of different length, values that are not
/// finite, options out of range. O(n log n + n replicates).
/// Sources: Student, Biometrika 6 (1908) 1; Wilcoxon, Biometrics Bulletin 1 (1945) 80; Hollander,
/// Wolfe, Chicken, Nonparametric Statistical Methods, 3rd ed. (2014), 3.1.
Result<PairedComparison> compare_paired(std::span<const double> first,
                                        std::span<const double> second,
                                        const BootstrapOptions& options = {});

/// The signed-rank test alone, of the differences. Precondition: finite.
TestResult wilcoxon_signed_rank(std::span<const double> differences);

}  // namespace medperf::metrics
