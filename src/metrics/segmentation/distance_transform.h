#pragma once
// Exact Euclidean distances to a mask for many voxels at once, at a cost that does not depend on
// how far away they are.

#include <cstdint>
#include <functional>
#include <vector>

#include "metrics/segmentation/bit_mask.h"
#include "metrics/segmentation/distance_field.h"

namespace medperf::metrics {

/// The squared distance transform as lower envelopes of parabolas, one axis after the other
/// (Felzenszwalb, Huttenlocher, Theory of Computing 8 (2012) 415), for some columns at a time and
/// only where it is asked for. Reentrant.
class DistanceTransform {
 public:
  /// Columns that one call works on, by their bits in the rows of the mask. Few, so that its work
  /// stays in the second-level cache and far below the size of the volumes.
  static constexpr int kColumns = 4;

  /// Mask and squares must outlive the object. The mask must not be empty. O(words of the mask).
  DistanceTransform(const BitMask& targets, const AxisSquares& squares);

  using Found = std::function<void(int bit, int y, int z, double squared_mm2)>;
  /// Calls found() for every voxel of `wanted` (a mask of the same box and padding) whose bit is in
  /// columns first .. first + kColumns - 1. first is a multiple of kColumns. O(kColumns * rows),
  /// and as much memory: one double for each voxel of the columns.
  void columns(int first, const BitMask& wanted, const Found& found) const;

 private:
  struct Work;
  bool collect(int first, const BitMask& wanted, Work& work) const;
  void along_x(int first, int slice, Work& work) const;
  void along_y(int slice, Work& work) const;
  void along_z(const BitMask& wanted, int bit, int column, int y, Work& work,
               const Found& found) const;

  const BitMask& targets_;
  const AxisSquares& squares_;
  std::vector<int> slices_;             // that have a target
  std::vector<std::vector<int>> rows_;  // of each of these, the rows that have one
};

}  // namespace medperf::metrics
