#pragma once
// How much would the figures move if a share of the reference labels were wrong?

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "metrics/classification/auc.h"
#include "metrics/classification/scored_case.h"
#include "metrics/classification/threshold.h"
#include "metrics/estimate.h"
#include "metrics/statistics/bootstrap.h"

namespace medperf::metrics {

inline constexpr std::string_view kLabelNoiseConvention = "label-noise-flips";

/// The figure with the labels as given; what it tends to when each label is flipped with chance
/// eps, independently of case and score; and how far it can move at most when floor(eps n)
/// labels are flipped in the worst way. Empty where undefined.
struct LabelNoise {
  std::optional<double> as_given;
  std::optional<double> expected;
  std::optional<Interval> extremes;
  std::int64_t flips = 0;  ///< floor(eps n)
};

/// Sensitivity, and specificity, of the 2x2 table. Expected: the ratio of the expected counts, for
/// sensitivity (TP (1 - eps) + FP eps) / ((TP + FN)(1 - eps) + (FP + TN) eps). Extremes: exact;
/// they leave out what flips would leave without a denominator. Error: invalid for a negative count
/// or eps outside [0, 1/2].
Result<LabelNoise> sensitivity_under_noise(const Confusion& table, double eps);
Result<LabelNoise> specificity_under_noise(const Confusion& table, double eps);

/// Expected: 1/2 + (1 - alpha - beta)(AUC - 1/2), alpha the share of true negatives among those
/// labelled positive, beta that of true positives among those labelled negative. Extremes: bounds
/// that no choice of flips can pass, not always reached. Undefined where flips could empty a class.
/// Source: Menon, van Rooyen, Ong, Williamson, ICML 2015.
/// Error: invalid for eps outside [0, 1/2].
Result<LabelNoise> auroc_under_noise(const Auc& auc, double eps);

/// Any figure of scored cases.
using CasesStatistic = std::function<std::optional<double>(std::span<const ScoredCase>)>;

/// Seeded simulation: replicate r flips each label with chance eps by the stream (seed, r). `value`
/// is the mean over replicates, `se` their standard deviation, the interval their central `level`
/// percentiles. It shows what noise does to the figure, not the uncertainty of sampling. Same
/// answer for any number of threads. Errors: invalid for options out of range or eps outside [0,
/// 1/2].
Result<Bootstrap> simulate_label_noise(std::span<const ScoredCase> cases, double eps,
                                       const CasesStatistic& statistic,
                                       const BootstrapOptions& options = {});

}  // namespace medperf::metrics
