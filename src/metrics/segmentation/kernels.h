#pragma once
// The inner loops over labels and bits, in one version for each instruction set (simd.h). Written
// once in kernels.inc; each kernels_*.cpp compiles it for its set under a function attribute, so
// that no other code of the program ever needs that set.

#include <cstddef>
#include <cstdint>

#include "metrics/segmentation/simd.h"

namespace medperf::metrics::kernels {

/// Voxels that one word of a mask, and one block of labels, holds.
inline constexpr std::ptrdiff_t kBlock = 64;

/// Voxels of one block in which the prediction is one label and the reference another.
template <typename T>
struct Agreement {
  T predicted;
  T referenced;
  int count;
  std::uint64_t voxels;  ///< bit i: the i-th voxel of the block
};

/// Loops over labels of one width; the sign does not matter to them.
template <typename T>
struct LabelKernels {
  /// First block in [block, end) in which one of the volumes has a label other than 0, or `end`.
  std::ptrdiff_t (*next_labelled)(const T* predicted, const T* referenced, std::ptrdiff_t block,
                                  std::ptrdiff_t end);
  /// Splits the voxels of a block that are labelled in one of the volumes by their pair of labels.
  /// Returns how many pairs were written to `out`, which has room for 64.
  int (*split)(const T* predicted, const T* referenced, Agreement<T>* out);
  /// Bit i of the words is set when source[i] is one of the wanted labels, for `blocks` blocks.
  void (*pack)(const T* source, std::ptrdiff_t blocks, const T* wanted, std::size_t wanted_count,
               std::uint64_t* out);
};

/// A neighbour: so many words further, and then so many bits to both sides.
struct Shift {
  std::ptrdiff_t words;
  int bits;
};

/// Neighbours by distance: shell s has the shifts from shell_end[s - 1] to shell_end[s].
struct Shells {
  const Shift* shifts;
  const int* shell_end;
  int shell_count;
};

/// Bits of a word that no shell has reached.
struct Remainder {
  std::ptrdiff_t word;
  std::uint64_t bits;
};

/// Bits of a word whose nearest target lies in one shell; in none when it is the number of shells.
struct ShellBits {
  std::ptrdiff_t word;
  int shell;
  std::uint64_t bits;
};

/// How far assign_shells came: the first word that it has not looked at, and the entries written.
struct ShellProgress {
  std::ptrdiff_t next;
  std::ptrdiff_t written;
};

/// A row of voxels seen from another: so many rows and slices away.
struct RowOffset {
  double squared_mm2;    ///< at the same x
  std::ptrdiff_t words;  ///< between the same x in both
  int dy;
  int dz;
};

/// Rows to search for the voxel nearest to another (distance_field.h makes them).
struct RowSearch {
  const std::uint64_t* targets;
  std::ptrdiff_t row_words;
  int size_y;
  int size_z;
  const RowOffset* rows;
  std::ptrdiff_t row_count;
  // Squared distances along each axis, by voxels.
  const double* x;
  const double* y;
  const double* z;
};

/// A voxel: its bit within its row, and the first word of the row.
struct RowVoxel {
  int bit;
  int y;
  int z;
  std::ptrdiff_t row;
};

struct RowFound {
  double squared_mm2;   ///< infinite when the rows have no target
  std::ptrdiff_t rows;  ///< looked at; all of them when the order came to its end
};

struct MaskKernels {
  /// Surface of a mask: a bit stays when one of its neighbours (one bit, one row, one slice away)
  /// is clear. slice = 0 looks in the plane only. Reads 8 words before and after the range; out[0]
  /// is the word `first`, and whole groups of kGroup words are written.
  void (*surface)(const std::uint64_t* mask, std::ptrdiff_t first, std::ptrdiff_t last,
                  std::ptrdiff_t row, std::ptrdiff_t slice, std::uint64_t* out);
  /// For every set bit of `queries` in words first to last: adds one to counts[s] of the first
  /// shell in which `targets` has a bit. What no shell reaches is written to `out`, which has room
  /// for every word; returns how many words that are. Processes whole groups of 8 words: queries
  /// beyond `last` in the last group must be clear or within another call's range, see group_words.
  std::ptrdiff_t (*nearest_shells)(const std::uint64_t* queries, const std::uint64_t* targets,
                                   std::ptrdiff_t first, std::ptrdiff_t last, const Shells& shells,
                                   std::int64_t* counts, Remainder* out);
  /// The same, but which bits it were: every set bit of `queries` is in one entry of `out`. Those
  /// of one shell are in order of their words. Stops when there may be no room for the next group,
  /// which takes up to kGroup * (shell_count + 1) entries.
  ShellProgress (*assign_shells)(const std::uint64_t* queries, const std::uint64_t* targets,
                                 std::ptrdiff_t first, std::ptrdiff_t last, const Shells& shells,
                                 ShellBits* out, std::ptrdiff_t room);
  /// Sets what is set in `mask` or touches a set bit there; touching as in Neighbours, by its
  /// number of 6, 18 or 26. Works in whole groups, on the padding too; reads as surface() does.
  void (*dilate)(const std::uint64_t* mask, std::ptrdiff_t first, std::ptrdiff_t last,
                 std::ptrdiff_t row, std::ptrdiff_t slice, int neighbours, std::uint64_t* out);
  /// The nearest target in the rows, looking no further than its distance.
  RowFound (*search_rows)(const RowSearch& search, const RowVoxel& from);
  std::int64_t (*count)(const std::uint64_t* words, std::ptrdiff_t size);
};

/// Words handled at a time: what works on a range works on whole groups from its first word on.
inline constexpr std::ptrdiff_t kGroup = 8;

struct Kernels {
  LabelKernels<std::uint8_t> labels8;
  LabelKernels<std::uint16_t> labels16;
  LabelKernels<std::uint32_t> labels32;
  MaskKernels masks;
};

/// The loops for one set; it must be one of available_simd().
const Kernels& of(Simd simd);

extern const Kernels kBaseline;
#if defined(__x86_64__)
extern const Kernels kAvx2;
extern const Kernels kAvx512;
#endif

}  // namespace medperf::metrics::kernels
