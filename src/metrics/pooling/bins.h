#pragma once
// Bins of equal width, the same at every site.

#include <optional>
#include <string>

#include "base/result.h"

namespace medperf::metrics {

/// `count` bins of equal width over [low, high]: bin k is [edge(k), edge(k + 1)), the last one
/// closed. A value belongs to the bin whose edges, as doubles, hold it; so a threshold that is an
/// edge parts the cases exactly.
struct Bins {
  double low = 0;
  double high = 1;
  int count = 0;

  /// low + (high - low) k / count; for [0, 1] the double nearest to k / count.
  double edge(int k) const;
  double width() const { return (high - low) / count; }
  /// Nothing for a value outside [low, high] or not a number.
  std::optional<int> of(double value) const;
  /// "equal-width 0..1 512": what summaries compare before they merge.
  std::string text() const;
  bool operator==(const Bins&) const = default;
};

/// Invalid unless low < high are finite and 1 <= count <= 2^16.
Status check_bins(const Bins& bins);

}  // namespace medperf::metrics
