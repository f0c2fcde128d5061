#include "metrics/classification/threshold.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "metrics/statistics/proportion.h"

namespace medperf::metrics {
namespace {

Estimate rate(std::int64_t events, std::int64_t total, double level, std::string_view reason) {
  Estimate estimate = wilson(events, total, level);
  if (!estimate.value) estimate.flag = reason;
  return estimate;
}

}  // namespace

Result<Confusion> confusion_at(std::span<const ScoredCase> cases, double threshold) {
  if (!std::isfinite(threshold)) {
    return make_error(ErrorKind::kInvalid, "threshold", "it is not a finite number",
                      "The benchmark fixes the threshold, for example 0.5.");
  }
  Confusion table;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (!std::isfinite(cases[i].score)) {
      return make_error(ErrorKind::kInvalid, "case " + std::to_string(i + 1),
                        "its score is not a finite number", "Give every case a score.");
    }
    const bool called = cases[i].score >= threshold;
    if (cases[i].positive) {
      (called ? table.tp : table.fn) += 1;
    } else {
      (called ? table.fp : table.tn) += 1;
    }
  }
  return table;
}

Estimate sensitivity(const Confusion& table, double level) {
  return rate(table.tp, table.tp + table.fn, level, flag::kNoPositives);
}

Estimate specificity(const Confusion& table, double level) {
  return rate(table.tn, table.tn + table.fp, level, flag::kNoNegatives);
}

Estimate precision(const Confusion& table, double level) {
  return rate(table.tp, table.tp + table.fp, level, flag::kNoCalled);
}

Estimate negative_predictive_value(const Confusion& table, double level) {
  return rate(table.tn, table.tn + table.fn, level, flag::kNoCalledNegative);
}

Estimate accuracy(const Confusion& table, double level) {
  return rate(table.tp + table.tn, table.total(), level, flag::kNoCases);
}

Estimate f1(const Confusion& table) {
  Estimate estimate;
  estimate.convention = kF1Convention;
  const std::int64_t denominator = 2 * table.tp + table.fp + table.fn;
  if (denominator == 0) {
    estimate.flag = flag::kNothingPositive;
  } else {
    estimate.value = static_cast<double>(2 * table.tp) / static_cast<double>(denominator);
  }
  return estimate;
}

Estimate matthews(const Confusion& table) {
  Estimate estimate;
  estimate.convention = kMccConvention;
  if (table.total() == 0) {
    estimate.flag = flag::kNoCases;
    return estimate;
  }
  const auto tp = static_cast<double>(table.tp);
  const auto fp = static_cast<double>(table.fp);
  const auto tn = static_cast<double>(table.tn);
  const auto fn = static_cast<double>(table.fn);
  // The root of a square is exact. So the four sums are paired such that in a table without errors
  // (or with nothing but errors) each product is a square: 1 and -1 are exact.
  const double agreed = tp * tn;
  const double missed = fp * fn;
  const double denominator =
      agreed > missed ? std::sqrt((tp + fp) * (tp + fn)) * std::sqrt((tn + fp) * (tn + fn))
                      : std::sqrt((tp + fp) * (tn + fp)) * std::sqrt((tp + fn) * (tn + fn));
  if (denominator == 0) {
    estimate.value = 0;
    estimate.flag = flag::kDegenerate;
  } else {
    estimate.value = std::clamp((agreed - missed) / denominator, -1.0, 1.0);
  }
  return estimate;
}

}  // namespace medperf::metrics
