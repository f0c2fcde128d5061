#pragma once
// A ratio of sums over cases, such as the micro (pooled-voxel) Dice, with the patient as unit.

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "metrics/estimate.h"
#include "metrics/pooling/exact_sum.h"
#include "metrics/statistics/study.h"

namespace medperf::metrics {

inline constexpr std::string_view kRatioConvention = "ratio-of-sums-logit-t/1";

/// Sums of numerator a, denominator b and their products over cases; 0 <= a <= b < 2^53, whole
/// numbers. Micro Dice: a = 2 TP, b = 2 TP + FP + FN of a case; micro IoU: a = TP, b = TP + FP +
/// FN; micro sensitivity: a = TP, b = TP + FN. Merged sites equal one machine, bit for bit.
class RatioSummary {
 public:
  /// What a site sends.
  struct Sums {
    ExactSum numerator;
    ExactSum denominator;
    ExactSum numerator_squares;
    ExactSum products;
    ExactSum denominator_squares;
    bool operator==(const Sums&) const = default;
  };
  /// Errors: conflict for another convention; invalid for sums that no `cases` pairs can have.
  static Result<RatioSummary> from_parts(std::string_view convention, std::int64_t cases,
                                         const Sums& sums);

  /// Error: invalid unless 0 <= numerator <= denominator < 2^53.
  Status add(std::int64_t numerator, std::int64_t denominator);
  /// Error: too_large for more cases than 64 bits count.
  Status merge(const RatioSummary& other);

  std::int64_t cases() const { return cases_; }
  const Sums& sums() const { return sums_; }
  /// Sum of a over sum of b. SE by linearisation, sqrt(n / (n - 1) sum (a - r b)^2) / sum b;
  /// interval on the logit scale with t(n - 1). Undefined: no case, or all denominators 0 (flag
  /// 0/0); without interval: one case, a ratio of 0 or 1 (flag degenerate), or of the same number
  /// in every case (no_variance).
  /// Source: Cochran, Sampling Techniques, 3rd ed. (1977), ch. 6.
  Estimate estimate(double level = 0.95) const;
  /// The site's study. Error: invalid where the estimate has no standard error above 0.
  Result<Study> study(Scale scale = Scale::kLogit) const;

  bool operator==(const RatioSummary&) const = default;

 private:
  std::int64_t cases_ = 0;
  Sums sums_;
};

}  // namespace medperf::metrics
