#pragma once
// A binary mask of one bit a voxel, in rows of 64-bit words: neighbourhoods of 64 voxels are a few
// shifts and ANDs.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "metrics/segmentation/label_volume.h"
#include "metrics/segmentation/simd.h"

namespace medperf::metrics {

/// A mask of the voxels in `box()`, with `padding()` clear voxels on every side, so that neighbours
/// up to that distance can be read without a check. x is the bit, rows follow each other in y, then
/// in z. Coordinates of the member functions are relative to the box: (0,0,0) is its first voxel.
///
/// Layout: voxel (x, y, z) is bit (x + padding) % 64 of word
/// (z + padding) * slice_words() + (y + padding) * row_words() + (x + padding) / 64.
/// Bits outside the box are always clear. Neighbouring rows and slices lie at fixed distances, so
/// that loops may run over all words from first_word() to last_word() without minding rows.
class BitMask {
 public:
  /// All clear. padding in 1..63.
  explicit BitMask(const Box& box, int padding = 1);

  const Box& box() const { return box_; }
  const Extent& extent() const { return extent_; }
  int padding() const { return padding_; }
  std::ptrdiff_t row_words() const { return row_words_; }
  std::ptrdiff_t slice_words() const { return slice_words_; }

  /// First word of a row; y and z in -padding .. extent + padding - 1. The words before and after
  /// it may be read: they are clear or belong to the rows beside.
  std::uint64_t* row(int y, int z) { return words_.data() + row_index(y, z); }
  const std::uint64_t* row(int y, int z) const { return words_.data() + row_index(y, z); }

  /// All words, with kGuard clear ones before and after.
  std::uint64_t* words() { return words_.data(); }
  const std::uint64_t* words() const { return words_.data(); }
  /// The words of the rows of the box, and the padding rows between them.
  std::ptrdiff_t first_word() const { return row_index(0, 0); }
  std::ptrdiff_t last_word() const { return row_index(extent_.y, extent_.z - 1); }
  static constexpr std::ptrdiff_t kGuard = 16;

  bool get(int x, int y, int z) const {
    const int bit = x + padding_;
    return (row(y, z)[bit / 64] >> (bit % 64) & 1) != 0;
  }
  void set(int x, int y, int z) {
    const int bit = x + padding_;
    row(y, z)[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
  /// Sets the voxels first <= x < last of a row.
  void set_run(int y, int z, int first, int last);
  void clear(int x, int y, int z) {
    const int bit = x + padding_;
    row(y, z)[bit / 64] &= ~(std::uint64_t{1} << (bit % 64));
  }
  /// Clears the bits outside the box, after word-wise work.
  void clear_padding();

  /// Number of set voxels.
  std::int64_t count() const;
  bool any() const;
  /// The smallest box around the set voxels, in coordinates of the image; empty when there are
  /// none.
  Box tight_box() const;

  bool operator==(const BitMask&) const = default;

 private:
  std::ptrdiff_t row_index(int y, int z) const {
    return kGuard + (z + padding_) * slice_words_ + (y + padding_) * row_words_;
  }

  Box box_;
  Extent extent_;
  int padding_;
  std::ptrdiff_t row_words_;
  std::ptrdiff_t slice_words_;
  std::vector<std::uint64_t> words_;
};

/// The voxels of a region in a box. O(voxels of the box). The box must lie within the volume.
BitMask pack(const LabelVolume& volume, const Region& region, const Box& box, int padding = 1,
             Simd simd = best_simd());
/// Only the slices first_slice <= z < last_slice of the mask, z from the box's first.
void pack_slices(const LabelVolume& volume, const Region& region, int first_slice, int last_slice,
                 BitMask& mask, Simd simd = best_simd());

/// The same mask in another box of the image: bits outside it are dropped.
BitMask moved(const BitMask& mask, const Box& box, int padding = 1);

/// Voxels of the mask with a face neighbour outside it: six neighbours in a volume, four in a
/// plane; outside the box counts as outside the mask. This is the surface of the metrics when the
/// box holds all of the structure. A mask that is moved in needs no memory beside its own.
BitMask surface_of(BitMask mask, Dimensions dimensions, Simd simd = best_simd());

/// Which neighbours touch: those that share a face (6), an edge too (18), a corner too (26). In 2-D
/// these are 4, 8 and 8.
enum class Neighbours { k6, k18, k26 };

/// The mask grown by one voxel into its neighbours, `iterations` times, within its box (grow the
/// box first).
BitMask dilated(const BitMask& mask, Neighbours neighbours, int iterations = 1);

/// Calls f(y, z, first, last) for every run of set voxels first <= x < last, rows in order.
void for_each_run(const BitMask& mask, const std::function<void(int, int, int, int)>& f);

}  // namespace medperf::metrics
