#pragma once
// Where the voxels of a mask are, in blocks of 8 x 8 x 8, to find far neighbours without looking at
// the emptiness between.

#include <cstdint>
#include <vector>

#include "metrics/segmentation/bit_mask.h"
#include "metrics/segmentation/distance_field.h"

namespace medperf::metrics {

class BlockIndex {
 public:
  /// O(words of the mask). Mask and squares must outlive the index.
  BlockIndex(const BitMask& targets, const AxisSquares& squares);

  /// A voxel by its bit in the row (x + padding), y and z.
  struct Voxel {
    int bit;
    int y;
    int z;
  };
  struct Nearest {
    double squared_mm2;
    Voxel voxel;
  };

  /// Whether a target may lie in the voxel's block or one of the 26 around it.
  bool near(const Voxel& from) const;

  /// The nearest target: exact. `start` is any target, or one at infinity; the nearer, the faster.
  /// Adds to `work` about the nanoseconds it takes; gives up when work exceeds `limit`, and then
  /// returns something with work > limit.
  Nearest nearest(const Voxel& from, const Nearest& start, std::int64_t& work,
                  std::int64_t limit) const;

 private:
  static constexpr int kShift = 3;
  static constexpr int kEdge = 1 << kShift;

  /// Blocks of a slice that have a target: their rows, and their places in the rows.
  struct Span {
    int first_y;
    int last_y;
    int first_x;
    int last_x;
  };
  struct Search;

  const std::uint64_t* row(int by, int bz) const {
    return blocks_.data() + (static_cast<std::ptrdiff_t>(bz) * size_y_ + by) * words_;
  }
  void search_slice(Search& search, int bz, double z) const;
  void search_row(Search& search, int by, int bz, double y, double z) const;
  void search_block(Search& search, int bx, int by, int bz) const;

  const BitMask& targets_;
  const AxisSquares& squares_;
  std::ptrdiff_t words_;  // of a row of blocks
  int size_y_;            // blocks
  int size_z_;
  std::vector<std::uint64_t> blocks_;  // bit: the block has a target
  std::vector<std::uint64_t> around_;  // bit: it or one of its neighbours has
  std::vector<Span> used_;             // of each slice of blocks
};

}  // namespace medperf::metrics
