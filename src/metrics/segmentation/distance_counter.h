#pragma once
// Counts equal numbers.

#include <cstdint>
#include <vector>

#include "metrics/segmentation/surface_distance.h"

namespace medperf::metrics {

/// A table of distances and how often each was met: O(1) an addition, memory for the different
/// ones.
class DistanceCounter {
 public:
  /// squared_mm2 is not negative.
  void add(double squared_mm2, std::int64_t voxels);
  /// Adds all of another.
  void merge(const DistanceCounter& other);
  bool empty() const { return used_ == 0; }
  /// Every distance once, ascending.
  std::vector<DistanceCount> ascending() const;

 private:
  DistanceCount& place(double squared_mm2);
  void grow();

  std::vector<DistanceCount> table_;  // voxels 0: free
  std::size_t used_ = 0;
};

}  // namespace medperf::metrics
