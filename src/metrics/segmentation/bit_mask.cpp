#include "metrics/segmentation/bit_mask.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "metrics/segmentation/kernels.h"

namespace medperf::metrics {
namespace {

using Word = std::uint64_t;

/// 64 bits of a row from bit `first` on, which may lie before or beyond it: there it is clear.
Word bits_from(const Word* row, std::ptrdiff_t words, std::ptrdiff_t first) {
  const std::ptrdiff_t word = first >> 6;
  const auto at = static_cast<int>(first & 63);
  const Word low = word >= 0 && word < words ? row[word] : 0;
  const Word high = word + 1 >= 0 && word + 1 < words ? row[word + 1] : 0;
  return at == 0 ? low : low >> at | high << (64 - at);
}

/// Packs one row: whole blocks from the volume, the last from a copy where the volume ends too
/// soon.
template <typename T>
void pack_row(std::span<const T> from, int voxels, std::span<const T> wanted, Word* to, int padding,
              const kernels::LabelKernels<T>& kernel) {
  constexpr std::ptrdiff_t kChunk = 8;
  Word bits[kChunk];
  for (int x = 0; x < voxels; x += static_cast<int>(kChunk * kernels::kBlock)) {
    const std::ptrdiff_t blocks = std::min(kChunk, (voxels - x + 63) / kernels::kBlock);
    const auto need = static_cast<std::size_t>(x + blocks * kernels::kBlock);
    if (need <= from.size()) {
      kernel.pack(from.data() + x, blocks, wanted.data(), wanted.size(), bits);
    } else {
      T end[kernels::kBlock] = {};
      kernel.pack(from.data() + x, blocks - 1, wanted.data(), wanted.size(), bits);
      const auto last = from.subspan(static_cast<std::size_t>(x + (blocks - 1) * kernels::kBlock));
      std::copy(last.begin(), last.end(), end);
      kernel.pack(end, 1, wanted.data(), wanted.size(), bits + blocks - 1);
    }
    for (std::ptrdiff_t i = 0; i < blocks; ++i) {
      const int left = voxels - x - static_cast<int>(i * kernels::kBlock);
      const Word word = left < 64 ? bits[i] & ((Word{1} << left) - 1) : bits[i];
      if (word == 0) continue;
      Word* const out = to + x / 64 + i;
      out[0] |= word << padding;
      // What is beyond the word is beyond the row when the last word holds it all.
      if (const Word over = word >> (64 - padding); over != 0) out[1] |= over;
    }
  }
}

/// Rows of a box do not follow each other in memory: asks for those that come next.
constexpr std::size_t kRowsAhead = 6;
constexpr std::size_t kCacheLine = 64;

template <typename T>
void ask_for(std::span<const T> row) {
  for (std::size_t i = 0; i < row.size(); i += kCacheLine / sizeof(T)) {
    __builtin_prefetch(row.data() + i);
  }
}

struct Slices {
  int first;
  int last;
};

template <typename T>
void pack_rows(std::span<const T> labels, const Extent& size, std::span<const T> wanted,
               const Slices& slices, BitMask& mask, const kernels::LabelKernels<T>& kernel) {
  const Box& box = mask.box();
  for (int z = slices.first; z < slices.last; ++z) {
    for (int y = 0; y < mask.extent().y; ++y) {
      const std::ptrdiff_t begin =
          (std::ptrdiff_t{box.first[2] + z} * size.y + box.first[1] + y) * size.x + box.first[0];
      const auto ahead =
          static_cast<std::size_t>(begin) + kRowsAhead * static_cast<std::size_t>(size.x);
      const auto width = static_cast<std::size_t>(mask.extent().x);
      if (ahead + width <= labels.size()) ask_for<T>(labels.subspan(ahead, width));
      pack_row<T>(labels.subspan(static_cast<std::size_t>(begin)), mask.extent().x, wanted,
                  mask.row(y, z), mask.padding(), kernel);
    }
  }
}

}  // namespace

BitMask::BitMask(const Box& box, int padding)
    : box_(box),
      extent_(box.extent()),
      padding_(padding),
      row_words_((extent_.x + 2 * padding + 63) / 64),
      slice_words_(row_words_ * (extent_.y + 2 * padding)),
      words_(static_cast<std::size_t>(slice_words_ * (extent_.z + 2 * padding) + 2 * kGuard)) {}

void BitMask::clear_padding() {
  std::vector<Word> inside(static_cast<std::size_t>(row_words_));
  for (int x = padding_; x < padding_ + extent_.x; ++x) {
    inside[static_cast<std::size_t>(x / 64)] |= Word{1} << (x % 64);
  }
  for (int z = -padding_; z < extent_.z + padding_; ++z) {
    for (int y = -padding_; y < extent_.y + padding_; ++y) {
      Word* const words = row(y, z);
      const bool padded = z < 0 || z >= extent_.z || y < 0 || y >= extent_.y;
      for (std::ptrdiff_t i = 0; i < row_words_; ++i) {
        words[i] = padded ? 0 : words[i] & inside[static_cast<std::size_t>(i)];
      }
    }
  }
}

std::int64_t BitMask::count() const {
  return kernels::of(best_simd())
      .masks.count(words_.data(), static_cast<std::ptrdiff_t>(words_.size()));
}

bool BitMask::any() const {
  return std::any_of(words_.begin(), words_.end(), [](Word word) { return word != 0; });
}

Box BitMask::tight_box() const {
  std::vector<Word> columns(static_cast<std::size_t>(row_words_));
  Box box;
  for (int z = 0; z < extent_.z; ++z) {
    for (int y = 0; y < extent_.y; ++y) {
      const Word* const words = row(y, z);
      Word any = 0;
      for (std::ptrdiff_t i = 0; i < row_words_; ++i) {
        columns[static_cast<std::size_t>(i)] |= words[i];
        any |= words[i];
      }
      if (any != 0) box = box.united({{0, y, z}, {1, y + 1, z + 1}});
    }
  }
  if (box.empty()) return box;
  int first = 0;
  while (columns[static_cast<std::size_t>(first)] == 0) ++first;
  auto last = static_cast<int>(row_words_) - 1;
  while (columns[static_cast<std::size_t>(last)] == 0) --last;
  box.first[0] = first * 64 + std::countr_zero(columns[static_cast<std::size_t>(first)]) - padding_;
  box.last[0] =
      last * 64 + 64 - std::countl_zero(columns[static_cast<std::size_t>(last)]) - padding_;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    box.first[axis] += box_.first[axis];
    box.last[axis] += box_.first[axis];
  }
  return box;
}

void BitMask::set_run(int y, int z, int first, int last) {
  Word* const words = row(y, z);
  const int begin = first + padding_;
  const int end = last + padding_;  // exclusive
  for (int word = begin / 64; word * 64 < end; ++word) {
    Word bits = ~Word{0};
    if (word * 64 < begin) bits &= ~Word{0} << (begin - word * 64);
    if (end < word * 64 + 64) bits &= ~Word{0} >> (word * 64 + 64 - end);
    words[word] |= bits;
  }
}

BitMask pack(const LabelVolume& volume, const Region& region, const Box& box, int padding,
             Simd simd) {
  BitMask mask(box, padding);
  pack_slices(volume, region, 0, mask.extent().z, mask, simd);
  return mask;
}

void pack_slices(const LabelVolume& volume, const Region& region, int first_slice, int last_slice,
                 BitMask& mask, Simd simd) {
  const kernels::Kernels& loops = kernels::of(simd);
  const auto rows = [&](auto span, const auto& kernel) {
    // The loops compare bits, so that signed labels are read as the unsigned of their width.
    using Label = std::make_unsigned_t<typename decltype(span)::value_type>;
    const std::span labels(reinterpret_cast<const Label*>(span.data()), span.size());
    std::vector<Label> wanted;
    for (const std::int32_t label : region.labels) {
      if (std::in_range<typename decltype(span)::value_type>(label)) {
        wanted.push_back(static_cast<Label>(label));
      }
    }
    if (!wanted.empty()) {
      pack_rows<Label>(labels, volume.size(), wanted, {first_slice, last_slice}, mask, kernel);
    }
  };
  if (const auto* u8 = std::get_if<0>(&volume.labels())) rows(*u8, loops.labels8);
  if (const auto* u16 = std::get_if<1>(&volume.labels())) rows(*u16, loops.labels16);
  if (const auto* i16 = std::get_if<2>(&volume.labels())) rows(*i16, loops.labels16);
  if (const auto* i32 = std::get_if<3>(&volume.labels())) rows(*i32, loops.labels32);
}

BitMask moved(const BitMask& mask, const Box& box, int padding) {
  BitMask result(box, padding);
  const int dx = mask.box().first[0] - box.first[0];
  const int dy = mask.box().first[1] - box.first[1];
  const int dz = mask.box().first[2] - box.first[2];
  const std::ptrdiff_t shift = dx + padding - mask.padding();
  for (int z = std::max(0, -dz); z < std::min(mask.extent().z, result.extent().z - dz); ++z) {
    for (int y = std::max(0, -dy); y < std::min(mask.extent().y, result.extent().y - dy); ++y) {
      const Word* const from = mask.row(y, z);
      Word* const to = result.row(y + dy, z + dz);
      for (std::ptrdiff_t i = 0; i < result.row_words(); ++i) {
        to[i] = bits_from(from, mask.row_words(), i * 64 - shift);
      }
    }
  }
  result.clear_padding();
  return result;
}

BitMask surface_of(BitMask mask, Dimensions dimensions, Simd simd) {
  if (mask.box().empty()) return mask;
  // In its own memory: a slice of the surface waits until the next, which looks at it, is made.
  const std::ptrdiff_t slice = dimensions == Dimensions::k3 ? mask.slice_words() : 0;
  const std::ptrdiff_t words = mask.extent().y * mask.row_words();
  const auto room =
      static_cast<std::size_t>((words + kernels::kGroup - 1) / kernels::kGroup * kernels::kGroup);
  std::vector<Word> made(room);
  std::vector<Word> waiting(room);
  for (int z = 0; z < mask.extent().z; ++z) {
    const std::ptrdiff_t first = mask.row(0, z) - mask.words();
    kernels::of(simd).masks.surface(mask.words(), first, first + words, mask.row_words(), slice,
                                    made.data());
    if (z > 0) std::copy_n(waiting.data(), words, mask.row(0, z - 1));
    std::swap(made, waiting);
  }
  std::copy_n(waiting.data(), words, mask.row(0, mask.extent().z - 1));
  return mask;
}

BitMask dilated(const BitMask& mask, Neighbours neighbours, int iterations) {
  BitMask current = mask;
  if (iterations < 1 || mask.box().empty()) return current;
  const int number = neighbours == Neighbours::k6 ? 6 : neighbours == Neighbours::k18 ? 18 : 26;
  BitMask next(mask.box(), mask.padding());
  for (int i = 0; i < iterations; ++i) {
    kernels::of(best_simd())
        .masks.dilate(current.words(), mask.first_word(), mask.last_word(), mask.row_words(),
                      mask.slice_words(), number, next.words());
    next.clear_padding();
    std::swap(current, next);
  }
  return current;
}

void for_each_run(const BitMask& mask, const std::function<void(int, int, int, int)>& f) {
  const Extent extent = mask.extent();
  for (int z = 0; z < extent.z; ++z) {
    for (int y = 0; y < extent.y; ++y) {
      const Word* const words = mask.row(y, z);
      int begin = -1;  // of the run that reaches the current bit, or -1
      for (std::ptrdiff_t i = 0; i < mask.row_words(); ++i) {
        Word word = begin < 0 ? words[i] : ~words[i];
        int bit = 0;
        while (word != 0) {
          bit = std::countr_zero(word);
          const int x = static_cast<int>(i) * 64 + bit - mask.padding();
          if (begin < 0) {
            begin = x;
          } else {
            f(y, z, begin, x);
            begin = -1;
          }
          // From here on, look for the other kind of bit.
          const Word rest = bit == 63 ? 0 : ~Word{0} << (bit + 1);
          word = (begin < 0 ? words[i] : ~words[i]) & rest;
        }
      }
      // The padding ends every run within the row.
    }
  }
}

}  // namespace medperf::metrics
