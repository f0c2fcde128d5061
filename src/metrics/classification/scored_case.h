#pragma once
// The input of binary classification metrics.

namespace medperf::metrics {

/// One case: a finite score (higher means "more likely positive") and the reference class.
struct ScoredCase {
  double score = 0;
  bool positive = false;
};

}  // namespace medperf::metrics
