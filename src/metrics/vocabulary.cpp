#include "metrics/vocabulary.h"

#include <algorithm>
#include <array>

#include "metrics/classification/auc.h"
#include "metrics/classification/threshold.h"
#include "metrics/statistics/proportion.h"

namespace medperf::metrics {
namespace {

constexpr std::string_view kCounts = "whole-numbers";
constexpr std::string_view kLogitMerge = "random-effects-logit";

// Sorted by id.
constexpr std::array kEntries = {
    MetricEntry{"accuracy", "Accuracy", Direction::kHigher, kWilsonConvention, "1", "none",
                "accuracy.md"},
    MetricEntry{"auroc", "Area under the ROC curve", Direction::kHigher, kAucConvention, "1",
                kLogitMerge, "auroc.md"},
    MetricEntry{"case-count", "Number of cases", Direction::kNone, kCounts, "cases", "sum",
                "counts.md"},
    MetricEntry{"confusion-count", "Cell of the 2x2 table", Direction::kNone, kCounts, "cases",
                "sum", "counts.md"},
    MetricEntry{"decision-threshold", "Decision threshold", Direction::kNone, "score>=threshold",
                "1", "none", "threshold.md"},
    MetricEntry{"f1", "F1 score", Direction::kHigher, kF1Convention, "1", "none", "f1.md"},
    MetricEntry{"mcc", "Matthews correlation coefficient", Direction::kHigher, kMccConvention, "1",
                "none", "mcc.md"},
    MetricEntry{"npv", "Negative predictive value", Direction::kHigher, kWilsonConvention, "1",
                "none", "precision.md"},
    MetricEntry{"precision", "Precision (positive predictive value)", Direction::kHigher,
                kWilsonConvention, "1", "none", "precision.md"},
    MetricEntry{"sensitivity", "Sensitivity (recall)", Direction::kHigher, kWilsonConvention, "1",
                kLogitMerge, "sensitivity-specificity.md"},
    MetricEntry{"specificity", "Specificity", Direction::kHigher, kWilsonConvention, "1",
                kLogitMerge, "sensitivity-specificity.md"},
};

}  // namespace

std::string_view to_string(Direction direction) {
  switch (direction) {
    case Direction::kHigher:
      return "higher";
    case Direction::kLower:
      return "lower";
    case Direction::kNone:
      break;
  }
  return "none";
}

std::span<const MetricEntry> vocabulary() {
  return kEntries;
}

const MetricEntry* find_metric(std::string_view id) {
  const auto* const found = std::lower_bound(
      kEntries.begin(), kEntries.end(), id,
      [](const MetricEntry& entry, std::string_view wanted) { return entry.id < wanted; });
  return found != kEntries.end() && found->id == id ? found : nullptr;
}

}  // namespace medperf::metrics
