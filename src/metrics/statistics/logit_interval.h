#pragma once
// An interval for a figure in (0, 1) that stays inside and leans where the figure leans.

#include <optional>
#include <string_view>

#include "metrics/estimate.h"

namespace medperf::metrics {

inline constexpr std::string_view kAucLogitConvention = "auroc-mann-whitney-delong-logit";

/// value and its standard error on the logit scale, normal quantile, and back: a named alternative
/// to the symmetric interval for areas near 1, where that one misses too often
/// (docs/metrics/coverage.md). Empty for a value of 0 or 1 or outside, or a standard error that is
/// not positive. Source: Pepe, The Statistical Evaluation of Medical Tests (2003), ch. 5.
std::optional<Interval> logit_interval(double value, double se, double level = 0.95);

}  // namespace medperf::metrics
