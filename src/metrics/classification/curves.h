#pragma once
// The ROC curve and the precision-recall curve of a score, and what is read off them.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/classification/scored_case.h"
#include "metrics/classification/threshold.h"
#include "metrics/estimate.h"

namespace medperf::metrics {

inline constexpr std::string_view kAveragePrecisionConvention = "auprc-step";
inline constexpr std::string_view kAuprcTrapezoidConvention = "auprc-trapezoid";

/// The 2x2 table when "score >= threshold" is called positive. No threshold: nothing is called.
struct CurvePoint {
  std::optional<double> threshold;
  Confusion table;
};

/// One point for each distinct score, thresholds descending, begun by the point that calls nothing
/// positive. `collapsed` leaves out the points inside straight pieces of the ROC curve (and only
/// those), so that the curve and its area stay the same. Empty without cases. O(n log n).
/// Errors: invalid for a score that is not finite.
Result<std::vector<CurvePoint>> operating_points(std::span<const ScoredCase> cases,
                                                 bool collapsed = false);

/// The point with the largest Youden index (of equal ones, that of the highest threshold); none
/// when a class is missing. It is chosen on these cases: to describe, never to report the accuracy
/// of a threshold found this way. Source: Youden, Cancer 3 (1950) 32.
std::optional<CurvePoint> largest_youden(std::span<const CurvePoint> points);

/// Average precision: the sum over distinct scores of (recall gained) x (precision there); steps,
/// no interpolation. Undefined (no_cases, one_class) without a case of either class.
/// Source: Davis, Goadrich, ICML (2006) 233: why not straight lines.
Result<Estimate> average_precision(std::span<const ScoredCase> cases);
/// The trapezoid under (recall, precision), begun at recall 0 with precision 1: what some tools
/// call average precision. Optimistic; only to compare with them.
Result<Estimate> auprc_trapezoid(std::span<const ScoredCase> cases);

}  // namespace medperf::metrics
