#pragma once
// What every metric returns: a figure that may be undefined, its uncertainty, and how it was made.

#include <cmath>
#include <optional>
#include <string_view>

namespace medperf::metrics {

/// A two-sided interval. For proportions and areas it lies within [0, 1].
struct Interval {
  double low = 0;
  double high = 0;
};

/// Reasons and remarks of an Estimate. Empty: nothing to remark.
namespace flag {
inline constexpr std::string_view kNoCases = "no_cases";
inline constexpr std::string_view kOneClass = "one_class";  ///< only positives or only negatives
inline constexpr std::string_view kNoPositives = "no_positives";  ///< sensitivity of nothing
inline constexpr std::string_view kNoNegatives = "no_negatives";
inline constexpr std::string_view kNoCalled = "none_called_positive";  ///< precision of nothing
inline constexpr std::string_view kNoCalledNegative = "none_called_negative";
inline constexpr std::string_view kNothingPositive = "0/0";  ///< F1 with no positive on either side
inline constexpr std::string_view kDegenerate = "degenerate";  ///< defined by convention (MCC 0)
inline constexpr std::string_view kTooFewForVariance = "variance_needs_two_of_each_class";
/// The sample shows no spread (a perfect AUROC, values that are all equal): the estimated variance
/// is 0, which says nothing about chance. A value with se 0, but no interval and no test.
inline constexpr std::string_view kNoVariance = "no_variance";
// Of a pair of masks.
inline constexpr std::string_view kBothEmpty = "both_empty";
inline constexpr std::string_view kPredictionEmpty = "pred_empty";
inline constexpr std::string_view kReferenceEmpty = "ref_empty";
/// The numbers are so large or so close that a double does not hold the figure (or its interval).
inline constexpr std::string_view kNotFinite = "not_finite";
}  // namespace flag

/// A figure. Undefined is a value of its own: `value` empty and `flag` says why; never NaN,
/// infinity or a stand-in 0. `convention` names the definition used, so that two conventions never
/// mix.
struct Estimate {
  std::optional<double> value;
  std::optional<double> se;
  std::optional<Interval> interval;
  std::string_view convention;
  std::string_view flag;
};

/// The promise of Estimate, kept for whatever a formula gave on numbers that nobody thought of: NaN
/// and infinity become undefined with the flag not_finite; an earlier flag of a value stays. What
/// collects figures (cohort, hub, Python) passes each through it.
inline Estimate finite(Estimate estimate) {
  const bool value = !estimate.value || std::isfinite(*estimate.value);
  const bool se = !estimate.se || std::isfinite(*estimate.se);
  const bool interval = !estimate.interval || (std::isfinite(estimate.interval->low) &&
                                               std::isfinite(estimate.interval->high));
  if (!value) return {{}, {}, {}, estimate.convention, flag::kNotFinite};
  if (!se) estimate.se.reset();
  if (!interval) estimate.interval.reset();
  if (!(se && interval) && estimate.flag.empty()) estimate.flag = flag::kNotFinite;
  return estimate;
}

/// An estimate that went through finite(): what lists of figures hold.
struct FiniteEstimate : Estimate {
  FiniteEstimate() = default;
  FiniteEstimate(const Estimate& found) : Estimate(finite(found)) {}
};

}  // namespace medperf::metrics
