#pragma once
// Which formula makes the intervals of proportions and areas; docs/metrics/intervals.md says where
// each holds.

#include <cstdint>
#include <span>

#include "base/result.h"
#include "metrics/classification/scored_case.h"
#include "metrics/classification/threshold.h"
#include "metrics/estimate.h"

namespace medperf::metrics {

enum class ProportionInterval { kWilson, kClopperPearson };
enum class AreaInterval { kDeLong, kLogit };

struct FormulaIntervals {
  double level = 0.95;
  ProportionInterval proportions = ProportionInterval::kWilson;
  AreaInterval areas = AreaInterval::kDeLong;
};

/// A proportion with its flag and Wilson's interval, as metrics has it, with the chosen interval.
Estimate chosen_interval(Estimate wilson, std::int64_t events, std::int64_t rest,
                         const FormulaIntervals& intervals);

// Proportions of a 2x2 table with the chosen interval.
Estimate sensitivity_of(const Confusion& table, const FormulaIntervals& intervals);
Estimate specificity_of(const Confusion& table, const FormulaIntervals& intervals);
Estimate precision_of(const Confusion& table, const FormulaIntervals& intervals);
Estimate npv_of(const Confusion& table, const FormulaIntervals& intervals);
Estimate accuracy_of(const Confusion& table, const FormulaIntervals& intervals);

/// The area with the chosen interval. On the logit scale an area of 0 or 1 has none. Errors: those
/// of auc.
Result<Estimate> area_of(std::span<const ScoredCase> cases, const FormulaIntervals& intervals);

}  // namespace medperf::metrics
