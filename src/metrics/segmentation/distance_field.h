#pragma once
// What a search for nearest voxels needs to know of a grid: squared distances by axis, the nearest
// neighbours in shells, and the order of the rows around a voxel.

#include <cstdint>
#include <vector>

#include "metrics/segmentation/kernels.h"
#include "metrics/segmentation/label_volume.h"

namespace medperf::metrics {

/// (d * spacing)^2 for whole numbers of voxels d along each axis. Every search of this folder takes
/// the squared distance of two voxels as (x[dx] + y[dy]) + z[dz], in that order. Rounding keeps
/// order, so a lower bound made of smaller parts is a lower bound in floating point too, and all
/// searches find the same number bit for bit.
struct AxisSquares {
  /// Up to the extent of a box along each axis, and the padding of its mask's rows beyond.
  AxisSquares(const Extent& extent, const SpacingMm& spacing);

  double of(int dx, int dy, int dz) const {
    return (x[static_cast<std::size_t>(dx)] + y[static_cast<std::size_t>(dy)]) +
           z[static_cast<std::size_t>(dz)];
  }

  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> z;
};

/// All neighbours nearer than some distance, by distance, as shifts of words (kernels.h).
struct NearShells {
  static constexpr int kReach = 3;  ///< voxels along each axis; masks need this padding

  NearShells(const AxisSquares& squares, std::ptrdiff_t row_words, std::ptrdiff_t slice_words,
             bool planar);

  std::vector<double> squared_mm2;  ///< of each shell, ascending; the first is 0
  std::vector<kernels::Shift> shifts;
  std::vector<int> shell_end;
  kernels::Shells view() const {
    return {shifts.data(), shell_end.data(), static_cast<int>(shell_end.size())};
  }
};

/// The nearest rows, nearest first, all that are nearer than `complete_mm2`.
struct RowOrder {
  RowOrder(const AxisSquares& squares, std::ptrdiff_t row_words, std::ptrdiff_t slice_words,
           const Extent& extent, std::size_t limit);

  std::vector<kernels::RowOffset> rows;
  double complete_mm2;
};

}  // namespace medperf::metrics
