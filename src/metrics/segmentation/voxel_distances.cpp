#include "metrics/segmentation/voxel_distances.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "metrics/segmentation/block_index.h"
#include "metrics/segmentation/distance_field.h"
#include "metrics/segmentation/distance_transform.h"

namespace medperf::metrics {
namespace {

using Word = std::uint64_t;

// Nanoseconds that a transform takes for a voxel, to decide when searching has taken too long.
// Being wrong costs time only.
constexpr std::int64_t kTransformVoxel = 20;

/// The voxels that lie `bits` to either side of a set voxel of the row.
Word beside(const Word* word, int bits) {
  if (bits == 0) return word[0];
  return word[0] << bits | word[-1] >> (64 - bits) | word[0] >> bits | word[1] << (64 - bits);
}

class Distances {
 public:
  Distances(const BitMask& queries, const BitMask& targets, const SpacingMm& spacing,
            const VoxelDistance& found)
      : queries_(queries),
        targets_(targets),
        squares_(targets.extent(), spacing),
        shells_(squares_, targets.row_words(), targets.slice_words(), targets.extent().z == 1),
        rest_(queries.box(), queries.padding()),
        found_(found) {}

  void run() {
    if (!find_near()) return;
    if (!find_far()) return;
    const DistanceTransform transform(targets_, squares_);
    const int columns = static_cast<int>(targets_.row_words()) * 64;
    for (int first = 0; first < columns; first += DistanceTransform::kColumns) {
      transform.columns(first, rest_, [this](int bit, int y, int z, double squared_mm2) {
        found_(bit - queries_.padding(), y, z, squared_mm2);
      });
    }
  }

 private:
  /// Voxels within the shells; the others stay in rest_. Returns whether there are any.
  bool find_near() {
    bool left = false;
    const Extent& extent = queries_.extent();
    for (int z = 0; z < extent.z; ++z) {
      for (int y = 0; y < extent.y; ++y) {
        const Word* const from = queries_.row(y, z);
        const Word* const to = targets_.row(y, z);
        for (std::ptrdiff_t word = 0; word < queries_.row_words(); ++word) {
          if (from[word] == 0) continue;
          const Word rest = near_word(from[word], to + word,
                                      static_cast<int>(word) * 64 - queries_.padding(), y, z);
          rest_.row(y, z)[word] = rest;
          left = left || rest != 0;
        }
      }
    }
    return left;
  }

  Word near_word(Word bits, const Word* target, int x, int y, int z) const {
    int shift = 0;
    for (std::size_t shell = 0; shell < shells_.shell_end.size(); ++shell) {
      Word hits = 0;
      for (; shift < shells_.shell_end[shell]; ++shift) {
        const kernels::Shift& one = shells_.shifts[static_cast<std::size_t>(shift)];
        hits |= beside(target + one.words, one.bits);
      }
      const double squared_mm2 = shells_.squared_mm2[shell];
      for (Word reached = bits & hits; reached != 0; reached &= reached - 1) {
        found_(x + std::countr_zero(reached), y, z, squared_mm2);
      }
      bits &= ~hits;
      if (bits == 0) break;
    }
    return bits;
  }

  /// Searches one by one while that is worth it; the others stay in rest_. Returns whether there
  /// are any.
  bool find_far() {
    const BlockIndex index(targets_, squares_);
    const std::int64_t limit = targets_.extent().voxels() * kTransformVoxel / 2;
    std::int64_t work = 0;
    BlockIndex::Nearest last{std::numeric_limits<double>::infinity(), {0, 0, 0}};
    bool known = false;
    const Extent& extent = rest_.extent();
    for (int z = 0; z < extent.z; ++z) {
      for (int y = 0; y < extent.y; ++y) {
        Word* const row = rest_.row(y, z);
        for (std::ptrdiff_t word = 0; word < rest_.row_words(); ++word) {
          for (; row[word] != 0; row[word] &= row[word] - 1) {
            const int bit = static_cast<int>(word) * 64 + std::countr_zero(row[word]);
            if (known) {  // its neighbour's nearest is a good guess
              last.squared_mm2 =
                  squares_.of(std::abs(bit - last.voxel.bit), std::abs(y - last.voxel.y),
                              std::abs(z - last.voxel.z));
            }
            last = index.nearest({bit, y, z}, last, work, limit);
            if (work > limit) return true;
            known = true;
            found_(bit - rest_.padding(), y, z, last.squared_mm2);
          }
        }
      }
    }
    return false;
  }

  const BitMask& queries_;
  const BitMask& targets_;
  AxisSquares squares_;
  NearShells shells_;
  BitMask rest_;
  const VoxelDistance& found_;
};

}  // namespace

void for_each_distance(const BitMask& queries, const BitMask& targets, const SpacingMm& spacing,
                       const VoxelDistance& found) {
  Distances(queries, targets, spacing, found).run();
}

}  // namespace medperf::metrics
