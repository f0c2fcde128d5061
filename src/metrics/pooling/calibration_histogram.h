#pragma once
// Calibration slope and intercept of all sites' probabilities from a histogram of their logits,
// within a stated bound.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/estimate.h"
#include "metrics/pooling/bins.h"
#include "metrics/pooling/exact_sum.h"

namespace medperf::metrics {

inline constexpr std::string_view kHistogramSlopeConvention = "calibration-slope-histogram-wald/1";
inline constexpr std::string_view kHistogramInterceptConvention =
    "calibration-in-the-large-histogram-wald/1";
/// Logits from -14 to 14 in steps of 0.05. What lies outside (p below 8.3e-7 or above its
/// complement) is moved to the end and counted; then the histogram gives no calibration.
inline constexpr Bins kLogitBins = {-14, 14, 560};

namespace flag {
inline constexpr std::string_view kSeparated = "separated";  ///< a threshold parts the classes
/// The bins are too wide to bound the error.
inline constexpr std::string_view kBinsTooWide = "bins_too_wide";
/// Cases were moved to an end of the range: they have no logit (0 and 1), or one that is not known.
inline constexpr std::string_view kClipped = "clipped";
}  // namespace flag

/// A figure from a histogram: that of the cases themselves lies in value +- bound.
struct BoundedEstimate {
  Estimate estimate;  ///< its interval is made wider by the bound
  double bound = 0;
};

struct PooledCalibration {
  /// b of logit P(y) = a + b logit(p) by maximum likelihood; 1 is ideal, below 1 overconfident.
  BoundedEstimate slope;
  /// a of logit P(y) = a + logit(p): calibration in the large; 0 is ideal.
  BoundedEstimate intercept;
  std::int64_t clipped = 0;  ///< cases moved to an end of the range
};

/// For each bin of the logit and each class: how many cases, and the exact sum of their logits.
/// Merged sites equal one machine bit for bit.
class CalibrationHistogram {
 public:
  /// What a site keeps of one bin and class.
  struct Cell {
    std::int64_t cases = 0;
    ExactSum logits;
    bool operator==(const Cell&) const = default;
  };

  /// All zero: the identity of merge. Error: invalid bins.
  static Result<CalibrationHistogram> empty(const Bins& bins = kLogitBins);

  /// From what a site sent: 2 bins.count cells, and how many cases were moved to an end. Errors:
  /// invalid for bins beyond [-100, 100], and for counts and sums that no cases can have.
  static Result<CalibrationHistogram> from_parts(const Bins& bins, std::vector<Cell> cells,
                                                 std::int64_t clipped);

  /// Error: invalid for a probability outside [0, 1]; too_large.
  Status add(double probability, bool positive);
  /// Errors: conflict for other bins; too_large for more cases than 64 bits count; then unchanged.
  Status merge(const CalibrationHistogram& other);

  const Bins& bins() const { return bins_; }
  std::int64_t clipped() const { return clipped_; }
  /// Bin by bin, the negative class first: 2 bins.count cells.
  const std::vector<Cell>& cells() const { return cells_; }

  /// Maximum likelihood with each case at its cell's mean logit. Undefined (with the flag): no
  /// case, one class, cases moved to an end (clipped; as on a single machine for 0 and 1, and no
  /// bound holds for the others), classes that no overlap of different bins joins (separated: the
  /// maximum may not exist), bins so wide that the bound below does not close (bins_too_wide). The
  /// bound is a proof, not an estimate: the score of the true likelihood at the fitted point is of
  /// second order in the bins' width because deviations from a cell's mean sum to 0, and the
  /// likelihood is self-concordant, so its maximum cannot be farther away than the score divided by
  /// the curvature (Bach, Electronic J Stat 4 (2010) 384, section 2). O(bins).
  PooledCalibration calibration(double level = 0.95) const;

  bool operator==(const CalibrationHistogram&) const = default;

 private:
  Bins bins_;
  std::vector<Cell> cells_;
  std::int64_t clipped_ = 0;
};

}  // namespace medperf::metrics
