#pragma once
// Mean and spread of one value per case (Dice, HD95, absolute error ...) over sites, from three
// numbers a site.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "metrics/estimate.h"
#include "metrics/pooling/exact_sum.h"
#include "metrics/statistics/study.h"

namespace medperf::metrics {

inline constexpr std::string_view kMomentsConvention = "exact-moments/1";

/// How many cases, the exact sum of their values and of their squares. What is merged from sites
/// equals what one machine with all cases computes, bit for bit, in any order. A value is 0 or its
/// size lies in [2^-200, 2^200].
class MomentSummary {
 public:
  /// Error: invalid for a value that is not finite or out of range; the summary is then unchanged.
  Status add(double value);
  /// Error: too_large for more cases than 64 bits count.
  Status merge(const MomentSummary& other);

  /// A summary from what a site sent. Errors: conflict for another convention; invalid for sums
  /// that no `cases` values can have (empty but not 0, out of range, sum^2 > cases x squares).
  static Result<MomentSummary> from_parts(std::string_view convention, std::int64_t cases,
                                          const ExactSum& sum, const ExactSum& squares);

  std::int64_t cases() const { return cases_; }
  const ExactSum& sum() const { return sum_; }
  const ExactSum& squares() const { return squares_; }
  std::optional<double> mean() const;
  /// Sample variance, divided by n - 1; from 2 cases on.
  std::optional<double> variance() const;
  /// Mean over all cases as one sample, with its t interval (convention mean-t): the answer of a
  /// single machine with all cases. It lets large sites dominate and ignores that sites differ.
  Estimate estimate(double level = 0.95) const;
  /// The site's study for a random-effects analysis. Error: invalid below two cases, for cases that
  /// are all equal, and for a mean without a logit on that scale.
  Result<Study> study(Scale scale) const;

  bool operator==(const MomentSummary&) const = default;

 private:
  double squared_deviations() const;

  std::int64_t cases_ = 0;
  ExactSum sum_;
  ExactSum squares_;
};

}  // namespace medperf::metrics
