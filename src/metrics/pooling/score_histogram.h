#pragma once
// The ROC curve of all sites' cases from histograms of their scores, within a stated bound.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "metrics/classification/threshold.h"
#include "metrics/estimate.h"
#include "metrics/pooling/bins.h"

namespace medperf::metrics {

inline constexpr std::string_view kHistogramAucConvention = "auroc-histogram-delong/1";

struct HistogramAuc {
  /// Cases of one bin count as ties. SE after DeLong of the binned scores; the interval is
  /// DeLong's, not transformed, made wider by the bound on both sides and clipped to [0, 1].
  /// Undefined, and without an interval, as in auc().
  Estimate estimate;
  /// The AUROC of the scores themselves lies in value +- bound: half the share of pairs that fall
  /// into one bin. Exact counting, no approximation.
  double bound = 0;
  std::int64_t n_positive = 0;
  std::int64_t n_negative = 0;
};

/// Counts of positive and negative cases in bins of the score. Merging adds whole numbers.
class ScoreHistogram {
 public:
  /// All zero: the identity of merge. Error: invalid bins.
  static Result<ScoreHistogram> empty(const Bins& bins);
  /// From what a site sent. Errors: invalid for counts that are negative or not one a bin;
  /// too_large for more than 2^31 - 1 cases.
  static Result<ScoreHistogram> from_parts(const Bins& bins, std::vector<std::int64_t> positives,
                                           std::vector<std::int64_t> negatives);

  /// Error: invalid for a score outside the bins' range or not finite; too_large.
  Status add(double score, bool positive);
  /// Errors: conflict for other bins; too_large for more than 2^31 - 1 cases; then unchanged.
  Status merge(const ScoreHistogram& other);

  const Bins& bins() const { return bins_; }
  const std::vector<std::int64_t>& positives() const { return positives_; }
  const std::vector<std::int64_t>& negatives() const { return negatives_; }

  /// Area of all cases in one list. Scores of different sites are comparable only if the benchmark
  /// says so (docs/metrics/pooling.md); else pool each site's auroc() by meta_analyse. O(bins).
  HistogramAuc auroc(double level = 0.95) const;
  /// The 2x2 table at the threshold edge(k), exact. Error: invalid unless 0 <= k <= bins.
  Result<Confusion> confusion_at_edge(int k) const;

  bool operator==(const ScoreHistogram&) const = default;

 private:
  Bins bins_;
  std::vector<std::int64_t> positives_;
  std::vector<std::int64_t> negatives_;
};

}  // namespace medperf::metrics
