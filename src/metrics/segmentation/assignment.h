#pragma once
// One-to-one assignment with the largest sum of weights.

#include <cstdint>
#include <vector>

namespace medperf::metrics {

/// A pair that may be assigned, with its weight above 0.
struct WeightedPair {
  std::int32_t left = 0;
  std::int32_t right = 0;
  double weight = 0;
};

/// The pairs of a one-to-one assignment with the largest sum of weights; nobody has to be assigned.
/// O(n^3) for each group of n connected elements, by shortest augmenting paths: Kuhn, Naval
/// Research Logistics Quarterly 2 (1955) 83; Edmonds, Karp, J ACM 19 (1972) 248. Sorted by left.
std::vector<WeightedPair> largest_assignment(const std::vector<WeightedPair>& pairs);

}  // namespace medperf::metrics
