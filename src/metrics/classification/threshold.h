#pragma once
// Metrics of a decision: a case is called positive if and only if score >= threshold. The threshold
// is fixed by the benchmark, never chosen on the data it is applied to.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "metrics/classification/scored_case.h"
#include "metrics/estimate.h"

namespace medperf::metrics {

inline constexpr std::string_view kF1Convention = "f1-counts";
inline constexpr std::string_view kMccConvention = "mcc-degenerate-0";

/// The 2x2 table.
struct Confusion {
  std::int64_t tp = 0;
  std::int64_t fp = 0;
  std::int64_t tn = 0;
  std::int64_t fn = 0;
  std::int64_t total() const { return tp + fp + tn + fn; }
  bool operator==(const Confusion&) const = default;
};

/// Errors: invalid for a score or threshold that is not finite.
Result<Confusion> confusion_at(std::span<const ScoredCase> cases, double threshold);

// Proportions with their Wilson interval; undefined (with the reason) when nothing is in the
// denominator.
Estimate sensitivity(const Confusion& table, double level = 0.95);
Estimate specificity(const Confusion& table, double level = 0.95);
Estimate precision(const Confusion& table, double level = 0.95);
Estimate negative_predictive_value(const Confusion& table, double level = 0.95);
Estimate accuracy(const Confusion& table, double level = 0.95);

/// 2TP / (2TP + FP + FN); undefined (flag 0/0) when nothing is positive on either side.
Estimate f1(const Confusion& table);
/// Matthews' correlation of the 2x2 table, in [-1, 1]; 0 with flag degenerate when a row or column
/// is empty, undefined without cases.
Estimate matthews(const Confusion& table);

}  // namespace medperf::metrics
