#include "metrics/classification/formula_intervals.h"

#include "metrics/classification/auc.h"
#include "metrics/statistics/logit_interval.h"
#include "metrics/statistics/proportion.h"

namespace medperf::metrics {

Estimate chosen_interval(Estimate wilson, std::int64_t events, std::int64_t rest,
                         const FormulaIntervals& intervals) {
  if (intervals.proportions == ProportionInterval::kWilson) return wilson;
  const Estimate exact = clopper_pearson(events, events + rest, intervals.level);
  wilson.convention = exact.convention;
  wilson.interval = exact.interval;
  return wilson;
}

Estimate sensitivity_of(const Confusion& table, const FormulaIntervals& intervals) {
  return chosen_interval(sensitivity(table, intervals.level), table.tp, table.fn, intervals);
}

Estimate specificity_of(const Confusion& table, const FormulaIntervals& intervals) {
  return chosen_interval(specificity(table, intervals.level), table.tn, table.fp, intervals);
}

Estimate precision_of(const Confusion& table, const FormulaIntervals& intervals) {
  return chosen_interval(precision(table, intervals.level), table.tp, table.fp, intervals);
}

Estimate npv_of(const Confusion& table, const FormulaIntervals& intervals) {
  return chosen_interval(negative_predictive_value(table, intervals.level), table.tn, table.fn,
                         intervals);
}

Estimate accuracy_of(const Confusion& table, const FormulaIntervals& intervals) {
  return chosen_interval(accuracy(table, intervals.level), table.tp + table.tn, table.fp + table.fn,
                         intervals);
}

Result<Estimate> area_of(std::span<const ScoredCase> cases, const FormulaIntervals& intervals) {
  MEDPERF_TRY(const Auc area, auc(cases, intervals.level));
  Estimate estimate = area.estimate;
  if (intervals.areas == AreaInterval::kDeLong) return estimate;
  estimate.convention = kAucLogitConvention;
  if (estimate.value && estimate.se) {
    estimate.interval = logit_interval(*estimate.value, *estimate.se, intervals.level);
  }
  return estimate;
}

}  // namespace medperf::metrics
