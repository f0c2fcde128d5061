#pragma once
// Agreement of two measurements of the same quantity: limits of agreement and correlations.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "metrics/estimate.h"
#include "metrics/regression/errors.h"
#include "metrics/regression/measured_pair.h"

namespace medperf::metrics {

inline constexpr std::string_view kLimitsConvention = "limits-of-agreement-bland-altman";
inline constexpr std::string_view kCccConvention = "ccc-lin-divisor-n-fisher-z";
inline constexpr std::string_view kPearsonConvention = "pearson-fisher-z";
inline constexpr std::string_view kSpearmanConvention = "spearman-midranks-bonett-wright";

namespace flag {
inline constexpr std::string_view kConstantPrediction = "constant_prediction";
/// Three cases or fewer: a correlation, but no interval.
inline constexpr std::string_view kTooFewCases = "too_few_cases";
/// A correlation of 1 or -1: the transformed interval is infinite.
inline constexpr std::string_view kPerfect = "perfect_correlation";
}  // namespace flag

/// Bland and Altman's summary of d = predicted - reference.
struct LimitsOfAgreement {
  Estimate bias;         ///< mean of d, interval by Student's t
  double deviation = 0;  ///< sample standard deviation of d (divisor n - 1); 0 for n < 2
  Estimate lower;        ///< bias - z x deviation, its interval by the usual approximation
  Estimate upper;
};

/// z is the normal quantile of (1 + coverage) / 2, 1.96 for the usual 95 %. The intervals of the
/// limits use the variance deviation^2 (1 / n + z^2 / (2 (n - 1))) and Student's t with n - 1
/// degrees of freedom: an approximation that is good from about 50 cases. Limits undefined for n <
/// 2 (no_cases, one_case); no interval for differences that are all equal (no_variance). Assumes
/// differences that are near normal and do not grow with the size. Errors: invalid for a value that
/// is not finite, a level or coverage outside (0, 1). Source: Bland, Altman, Lancet 327 (1986) 307;
/// Stat Methods Med Res 8 (1999) 135.
Result<LimitsOfAgreement> limits_of_agreement(std::span<const MeasuredPair> cases,
                                              double coverage = 0.95, double level = 0.95);

// The correlations: in [-1, 1]; undefined (no_cases, constant_reference, constant_prediction);
// interval on Fisher's z scale, none with too_few_cases or perfect_correlation (1 or -1, told to
// the rounding of the sums; ranks in the same order have exactly 1). Errors as above.

/// Lin's concordance correlation: 2 s_xy / (s_x^2 + s_y^2 + (mean x - mean y)^2) with divisor n.
/// How close the pairs are to the line of identity, not to any line. Its value is defined when one
/// side is constant (0), undefined when both are (constant_reference); then and when the
/// correlation is 0 there is no interval. Source: Lin, Biometrics 45 (1989) 255, and the correction
/// in 56 (2000) 324.
Result<Estimate> concordance(std::span<const MeasuredPair> cases, double level = 0.95);
/// Pearson's product-moment correlation. Source of the interval: Fisher, Metron 1 (1921) 3.
Result<Estimate> pearson(std::span<const MeasuredPair> cases, double level = 0.95);
/// Spearman's rank correlation: Pearson's of midranks. O(n log n). Source of the interval: Bonett,
/// Wright, Psychometrika 65 (2000) 23.
Result<Estimate> spearman(std::span<const MeasuredPair> cases, double level = 0.95);

}  // namespace medperf::metrics
