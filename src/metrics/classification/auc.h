#pragma once
// Area under the ROC curve.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "metrics/classification/scored_case.h"
#include "metrics/estimate.h"

namespace medperf::metrics {

struct ScoreLevels;

inline constexpr std::string_view kAucConvention = "auroc-mann-whitney-delong";

struct Auc {
  /// Value in [0, 1]; SE and interval after DeLong, not transformed, interval clipped to [0, 1].
  /// Undefined (flag one_class or no_cases) without a case of either class; SE and interval are
  /// undefined (flag variance_needs_two_of_each_class) with a single case of one class; no interval
  /// (no_variance, SE 0) where the placements of each class are equal, as with an area of 1 or 0.
  Estimate estimate;
  std::int64_t n_positive = 0;
  std::int64_t n_negative = 0;
  /// Twice the Mann-Whitney count: 2 for a positive above a negative, 1 for a tie. Exact.
  std::int64_t doubled_wins = 0;
};

/// The Mann-Whitney statistic over all pairs, ties counted one half, from whole numbers with one
/// division. O(n). Errors: invalid for a score that is not finite (names the position) or a level
/// outside (0, 1); too_large for 2^31 cases or more.
/// Source: DeLong, DeLong, Clarke-Pearson, Biometrics 44 (1988) 837; Sun, Xu, IEEE SPL 21 (2014)
/// 1389.
Result<Auc> auc(std::span<const ScoredCase> cases, double level = 0.95);
/// The same of cases that were ordered already. O(levels).
Auc auc_of(const ScoreLevels& levels, double level);

}  // namespace medperf::metrics
