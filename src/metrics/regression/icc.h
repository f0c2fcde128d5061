#pragma once
// Intraclass correlations: how much of the variance of single ratings lies between the subjects.

#include <span>
#include <string_view>

#include "base/result.h"
#include "metrics/estimate.h"

namespace medperf::metrics {

inline constexpr std::string_view kIcc11Convention = "icc-1-1";
inline constexpr std::string_view kIccA1Convention = "icc-a-1";
inline constexpr std::string_view kIccC1Convention = "icc-c-1";

namespace flag {
inline constexpr std::string_view kTooFewSubjects = "too_few_subjects";  ///< fewer than two
/// All ratings are equal, or nothing differs that the form compares.
inline constexpr std::string_view kNoSpread = "no_spread";
/// Raters agree exactly, up to a shift each for (A,1) and (C,1): there is nothing to estimate the
/// error from, hence no interval.
inline constexpr std::string_view kNoResidual = "no_residual";
}  // namespace flag

/// The three single-rating forms of McGraw and Wong, with intervals from F quantiles.
struct IntraclassCorrelations {
  Estimate one_way;      ///< (1,1): raters differ from subject to subject
  Estimate agreement;    ///< (A,1): two-way, shifts between raters count as disagreement
  Estimate consistency;  ///< (C,1): two-way, shifts between raters do not count
};

/// `ratings` row by row, one row of `raters` values a subject (a model and its reference are two
/// raters). At most 1; may be negative. Undefined: too_few_subjects, no_spread; no interval:
/// no_residual, no_variance (a form of -1 / (raters - 1)), not_finite (Satterthwaite's degrees of
/// freedom near 0). What is equal is told from the ratings, to their rounding, not from sums of
/// squares, and the unit does not matter. O(n). Errors: invalid for fewer than 2 raters, sizes that
/// do not fit, a value that is not finite, a level outside (0, 1). Sources: Shrout, Fleiss, Psychol
/// Bull 86 (1979) 420; McGraw, Wong, Psychol Methods 1 (1996) 30 and 390 (corrections).
Result<IntraclassCorrelations> intraclass_correlations(std::span<const double> ratings, int raters,
                                                       double level = 0.95);

}  // namespace medperf::metrics
