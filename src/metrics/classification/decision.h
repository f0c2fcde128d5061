#pragma once
// More figures of a 2x2 table at a threshold that the benchmark fixed (see threshold.h), and the
// decision curve.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/classification/scored_case.h"
#include "metrics/classification/threshold.h"
#include "metrics/estimate.h"

namespace medperf::metrics {

inline constexpr std::string_view kYoudenConvention = "youden-newcombe";
inline constexpr std::string_view kBalancedAccuracyConvention = "balanced-accuracy-newcombe";
inline constexpr std::string_view kLikelihoodRatioConvention = "likelihood-ratio-log";
inline constexpr std::string_view kNetBenefitConvention = "net-benefit";

namespace flag {
/// A quotient with nothing below the line: specificity 1 for LR+, specificity 0 for LR-.
inline constexpr std::string_view kUnbounded = "unbounded";
/// A value of 0 whose logarithm has no variance: no interval.
inline constexpr std::string_view kZeroCell = "zero_cell";
}  // namespace flag

/// Sensitivity + specificity - 1, in [-1, 1]; interval by Newcombe's hybrid of the two Wilson
/// intervals. Undefined (no_cases, one_class) when a class is missing.
/// Source: Youden, Cancer 3 (1950) 32; Newcombe, Stat Med 17 (1998) 873, method 10.
Estimate youden_index(const Confusion& table, double level = 0.95);
/// The mean of sensitivity and specificity; interval from that of the Youden index.
Estimate balanced_accuracy(const Confusion& table, double level = 0.95);

/// Sensitivity / (1 - specificity) and (1 - sensitivity) / specificity, at least 0; interval
/// symmetric on the logarithmic scale. Undefined: one_class; `unbounded` when the denominator is 0.
/// A value of 0 has no interval (zero_cell). Source: Simel, Samsa, Matchar, J Clin Epidemiol 44
/// (1991) 763.
Estimate positive_likelihood_ratio(const Confusion& table, double level = 0.95);
Estimate negative_likelihood_ratio(const Confusion& table, double level = 0.95);

/// A threshold probability of the decision curve.
struct NetBenefit {
  double threshold = 0;  ///< probability at which treating is worth as much as not, in (0, 1)
  double model = 0;      ///< TP / n - FP / n x threshold / (1 - threshold)
  double treat_all = 0;  ///< the same if every case is called positive; treating none is 0
  Confusion table;
};

/// Net benefit at each threshold, positive iff probability >= threshold. Empty without cases.
/// Errors: invalid for a probability outside [0, 1] or a threshold outside (0, 1).
/// O((n + thresholds) log n). Source: Vickers, Elkin, Med Decis Making 26 (2006) 565.
Result<std::vector<NetBenefit>> decision_curve(std::span<const ScoredCase> cases,
                                               std::span<const double> thresholds);

}  // namespace medperf::metrics
