#include "metrics/segmentation/voxel_distances.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <vector>

#include "metrics/segmentation/block_index.h"
#include "metrics/segmentation/distance_field.h"
#include "metrics/segmentation/distance_transform.h"

namespace medperf::metrics {
namespace {

// Nanoseconds that a transform takes for a voxel, to decide when searching has taken too long.
// Being wrong costs time only.
constexpr std::int64_t kTransformVoxel = 20;

class Distances {
 public:
  Distances(const BitMask& queries, const BitMask& targets, const SpacingMm& spacing,
            const VoxelDistance& found)
      : queries_(queries),
        targets_(targets),
        squares_(targets.extent(), spacing),
        shells_(squares_, targets.row_words(), targets.slice_words(), targets.extent().z == 1),
        found_(found) {}

  void run() {
    find_near();
    if (rest_.empty() || !find_far()) return;
    const DistanceTransform transform(targets_, squares_);
    BitMask wanted(queries_.box(), queries_.padding());
    for (const Word& one : rest_) wanted.words()[one.word] = one.bits;
    const int columns = static_cast<int>(targets_.row_words()) * 64;
    for (int first = 0; first < columns; first += DistanceTransform::kColumns) {
      transform.columns(first, wanted, [this](int bit, int y, int z, double squared_mm2) {
        found_(bit - queries_.padding(), y, z, 1, squared_mm2);
      });
    }
  }

 private:
  /// Bits of one word of the mask.
  struct Word {
    std::ptrdiff_t word;
    std::uint64_t bits;
  };

  /// Where bit 0 of a word is.
  struct Place {
    int x, y, z;
  };
  Place place_of(std::ptrdiff_t word) const {
    const std::ptrdiff_t at = word - BitMask::kGuard;
    const std::ptrdiff_t row = at / queries_.row_words();
    const std::ptrdiff_t rows = queries_.slice_words() / queries_.row_words();
    return {static_cast<int>(at - row * queries_.row_words()) * 64 - queries_.padding(),
            static_cast<int>(row % rows) - queries_.padding(),
            static_cast<int>(row / rows) - queries_.padding()};
  }

  /// Voxels within the shells; the others come into rest_.
  void find_near() {
    const kernels::Shells shells = shells_.view();
    std::vector<kernels::ShellBits> entries(kEntries);
    for (std::ptrdiff_t at = queries_.first_word(); at < queries_.last_word();) {
      const kernels::ShellProgress done =
          kernels::of(best_simd())
              .masks.assign_shells(queries_.words(), targets_.words(), at, queries_.last_word(),
                                   shells, entries.data(), kEntries);
      for (std::ptrdiff_t i = 0; i < done.written; ++i) {
        const kernels::ShellBits& one = entries[static_cast<std::size_t>(i)];
        if (one.shell == shells.shell_count) {
          rest_.push_back({one.word, one.bits});
          continue;
        }
        const Place place = place_of(one.word);
        found_(place.x, place.y, place.z, one.bits,
               shells_.squared_mm2[static_cast<std::size_t>(one.shell)]);
      }
      at = done.next;
    }
  }

  /// Searches one by one while that is worth it; the others stay in rest_. Returns whether there
  /// are any.
  bool find_far() {
    const BlockIndex index(targets_, squares_);
    const std::int64_t limit = targets_.extent().voxels() * kTransformVoxel / 2;
    std::int64_t work = 0;
    BlockIndex::Nearest last{std::numeric_limits<double>::infinity(), {0, 0, 0}};
    bool known = false;
    for (Word& one : rest_) {
      const Place place = place_of(one.word);
      for (; one.bits != 0; one.bits &= one.bits - 1) {
        const int offset = std::countr_zero(one.bits);
        const int bit = place.x + queries_.padding() + offset;
        if (known) {  // its neighbour's nearest is a good guess
          last.squared_mm2 =
              squares_.of(std::abs(bit - last.voxel.bit), std::abs(place.y - last.voxel.y),
                          std::abs(place.z - last.voxel.z));
        }
        last = index.nearest({bit, place.y, place.z}, last, work, limit);
        if (work > limit) return true;
        known = true;
        found_(place.x + offset, place.y, place.z, 1, last.squared_mm2);
      }
    }
    return false;
  }

  static constexpr std::ptrdiff_t kEntries = 4096;  // more than a group can take

  const BitMask& queries_;
  const BitMask& targets_;
  AxisSquares squares_;
  NearShells shells_;
  std::vector<Word> rest_;  // no shell reaches them
  const VoxelDistance& found_;
};

}  // namespace

void for_each_distance(const BitMask& queries, const BitMask& targets, const SpacingMm& spacing,
                       const VoxelDistance& found) {
  Distances(queries, targets, spacing, found).run();
}

}  // namespace medperf::metrics
