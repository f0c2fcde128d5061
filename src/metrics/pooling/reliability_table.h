#pragma once
// Calibration of all sites' probabilities from their reliability tables: exactly what one machine
// with the same bins computes.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/estimate.h"
#include "metrics/pooling/bins.h"
#include "metrics/pooling/exact_sum.h"

namespace medperf::metrics {

inline constexpr std::string_view kPooledEceConvention = "ece-equal-width-region/1";
inline constexpr std::string_view kPooledBrierConvention = "brier-positive-class";
/// 15 bins of equal width over [0, 1].
inline constexpr Bins kEceBins = {0, 1, 15};

/// What a site keeps of one bin.
struct ReliabilityBin {
  std::int64_t cases = 0;
  std::int64_t positives = 0;
  ExactSum probability;           ///< of all cases
  ExactSum positive_probability;  ///< of the positive cases
  ExactSum squared_probability;   ///< of all cases
  bool operator==(const ReliabilityBin&) const = default;
};

/// A bin as a person reads it.
struct ReliabilityRow {
  double low = 0;
  double high = 0;
  std::int64_t cases = 0;
  std::optional<double> mean_probability;  ///< none for an empty bin
  Estimate event_rate;                     ///< with Wilson's interval
};

class ReliabilityTable {
 public:
  /// All zero: the identity of merge. Error: invalid bins, or bins beyond [0, 1].
  static Result<ReliabilityTable> empty(const Bins& bins = kEceBins);

  /// From what a site sent. Errors: invalid for bins or counts that do not fit, and for sums that
  /// no such cases can have.
  static Result<ReliabilityTable> from_parts(const Bins& bins, std::vector<ReliabilityBin> counts);

  /// A probability below 2^-200 (6e-61) counts as 0: it is none of meaning, and out of the range of
  /// exact sums. Error: invalid for a probability outside [0, 1]; too_large.
  Status add(double probability, bool positive);
  /// Errors: conflict for other bins; too_large; then unchanged.
  Status merge(const ReliabilityTable& other);

  const Bins& bins() const { return bins_; }
  const std::vector<ReliabilityBin>& counts() const { return counts_; }
  std::int64_t cases() const;

  /// Sum over bins of |sum of probabilities - events|, over the number of cases; the sums are exact
  /// and only the last steps round. Interval: every ECE that some gaps within their joint
  /// chi-square region give. A bin's variance is the larger of n r (1 - r), r = (events + 1) / (n +
  /// 2), and that of a calibrated bin, n p (1 - p), p its mean probability. The interval holds at
  /// least `level` from about 20 cases a bin on, and more when calibration is good, where the plain
  /// ECE is too high and symmetric intervals around it almost never hold the truth
  /// (docs/metrics/coverage.md). Undefined without cases.
  Estimate ece(double level = 0.95) const;
  /// Mean of (probability - outcome)^2. Undefined without cases. For an interval, merge the
  /// MomentSummary of the cases' squared errors.
  Estimate brier() const;
  /// Events over the sum of probabilities: above 1 means that risks are too low. Undefined without
  /// cases or for a sum of 0.
  std::optional<double> observed_over_expected() const;
  std::vector<ReliabilityRow> rows(double level = 0.95) const;

  bool operator==(const ReliabilityTable&) const = default;

 private:
  Bins bins_;
  std::vector<ReliabilityBin> counts_;
};

}  // namespace medperf::metrics
