#pragma once
// Several findings a case that may occur together, each called or not.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/classification/threshold.h"
#include "metrics/estimate.h"

namespace medperf::metrics {

inline constexpr std::string_view kSubsetAccuracyConvention = "subset-accuracy-wilson";
inline constexpr std::string_view kHammingConvention = "hamming-loss";
inline constexpr std::string_view kMultiLabelMacroF1Convention = "f1-macro-defined-labels";
inline constexpr std::string_view kMacroAurocConvention = "auroc-macro-labels";
inline constexpr std::string_view kMultiLabelMicroF1Convention = "f1-micro-labels";

namespace flag {
/// A macro mean over fewer labels than there are: a label has no figure of its own.
inline constexpr std::string_view kLabelsLeftOut = "labels_left_out";
}  // namespace flag

/// Counts of a multi-label evaluation.
struct LabelTables {
  std::vector<Confusion> labels;  ///< one 2x2 table a label: sensitivity(), f1() ... of each
  std::int64_t cases = 0;
  std::int64_t all_right = 0;  ///< cases with every label right
};

/// `reference` and `called` row by row, one row of `labels` values a case, 0 for absent, any other
/// value for present. Errors: invalid for sizes that do not fit or labels outside [1, 10,000].
Result<LabelTables> label_tables(std::span<const std::uint8_t> reference,
                                 std::span<const std::uint8_t> called, int labels);

/// The mean of the labels' F1; a label that neither side has is left out (labels_left_out).
/// Undefined: no_cases, or 0/0 when no label has an F1.
Estimate macro_f1(const LabelTables& tables);
/// F1 of the counts summed over labels.
Estimate micro_f1(const LabelTables& tables);
/// Share of cases with every label right, with Wilson's interval.
Estimate subset_accuracy(const LabelTables& tables, double level = 0.95);
/// Share of wrong labels among all labels of all cases, in [0, 1]. No interval: labels of a case
/// are not independent; bootstrap it.
Estimate hamming_loss(const LabelTables& tables);

/// The mean over labels of the area under the ROC curve; `scores` row by row. Labels with one class
/// only are left out (labels_left_out); undefined (one_class) when all are. Errors: invalid for
/// sizes that do not fit, labels out of range, a score that is not finite. O(labels x n log n).
Result<Estimate> macro_auroc(std::span<const std::uint8_t> reference,
                             std::span<const double> scores, int labels);

}  // namespace medperf::metrics
