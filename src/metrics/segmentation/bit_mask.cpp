#include "metrics/segmentation/bit_mask.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace medperf::metrics {
namespace {

using Word = std::uint64_t;

/// The voxels of the row that x-neighbours of set voxels are: bit i of the result is bit i-1 or
/// bit i+1.
Word beside(const Word* word) {
  return word[0] << 1 | word[-1] >> 63 | word[0] >> 1 | word[1] << 63;
}

/// One dilation step of one word: `word` points into the source, at a row with all neighbours.
Word grown_word(const Word* word, std::ptrdiff_t row, std::ptrdiff_t slice, Neighbours neighbours) {
  Word face = word[0] | word[-row] | word[row] | word[-slice] | word[slice] | beside(word);
  if (neighbours == Neighbours::k6) return face;
  face |= beside(word - row) | beside(word + row) | beside(word - slice) | beside(word + slice);
  const Word* const corners[] = {word - slice - row, word - slice + row, word + slice - row,
                                 word + slice + row};
  for (const Word* corner : corners) {
    face |= *corner;
    if (neighbours == Neighbours::k26) face |= beside(corner);
  }
  return face;
}

}  // namespace

BitMask::BitMask(const Box& box, int padding)
    : box_(box),
      extent_(box.extent()),
      padding_(padding),
      row_words_((extent_.x + 2 * padding + 63) / 64),
      slice_words_(row_words_ * (extent_.y + 2 * padding)),
      words_(static_cast<std::size_t>(slice_words_ * (extent_.z + 2 * padding)) + 2) {}

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
  std::int64_t total = 0;
  for (const Word word : words_) total += std::popcount(word);
  return total;
}

bool BitMask::any() const {
  return std::any_of(words_.begin(), words_.end(), [](Word word) { return word != 0; });
}

Box BitMask::tight_box() const {
  Box box;
  for_each_run(*this, [&box](int y, int z, int first, int last) {
    box = box.united({{first, y, z}, {last, y + 1, z + 1}});
  });
  if (box.empty()) return box;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    box.first[axis] += box_.first[axis];
    box.last[axis] += box_.first[axis];
  }
  return box;
}

BitMask pack(const LabelVolume& volume, const Region& region, const Box& box, int padding) {
  BitMask mask(box, padding);
  const Extent extent = mask.extent();
  const auto wanted = [&region](std::int32_t label) {
    return std::find(region.labels.begin(), region.labels.end(), label) != region.labels.end();
  };
  for (int z = 0; z < extent.z; ++z) {
    for (int y = 0; y < extent.y; ++y) {
      for (int x = 0; x < extent.x; ++x) {
        if (wanted(volume.at(box.first[0] + x, box.first[1] + y, box.first[2] + z))) {
          mask.set(x, y, z);
        }
      }
    }
  }
  return mask;
}

BitMask moved(const BitMask& mask, const Box& box, int padding) {
  BitMask result(box, padding);
  const Extent extent = result.extent();
  const int dx = mask.box().first[0] - box.first[0];
  const int dy = mask.box().first[1] - box.first[1];
  const int dz = mask.box().first[2] - box.first[2];
  for_each_run(mask, [&](int y, int z, int first, int last) {
    if (y + dy < 0 || y + dy >= extent.y || z + dz < 0 || z + dz >= extent.z) return;
    for (int x = std::max(0, first + dx); x < std::min(extent.x, last + dx); ++x) {
      result.set(x, y + dy, z + dz);
    }
  });
  return result;
}

BitMask surface_of(const BitMask& mask, Dimensions dimensions) {
  BitMask result(mask.box(), mask.padding());
  const std::ptrdiff_t row = mask.row_words();
  const std::ptrdiff_t slice = mask.slice_words();
  const Extent extent = mask.extent();
  for (int z = 0; z < extent.z; ++z) {
    for (int y = 0; y < extent.y; ++y) {
      const Word* from = mask.row(y, z);
      Word* to = result.row(y, z);
      for (std::ptrdiff_t i = 0; i < row; ++i, ++from, ++to) {
        Word inside = (from[0] << 1 | from[-1] >> 63) & (from[0] >> 1 | from[1] << 63) &
                      from[-row] & from[row];
        if (dimensions == Dimensions::k3) inside &= from[-slice] & from[slice];
        *to = from[0] & ~inside;
      }
    }
  }
  return result;
}

BitMask dilated(const BitMask& mask, Neighbours neighbours, int iterations) {
  BitMask current = mask;
  const std::ptrdiff_t row = mask.row_words();
  const std::ptrdiff_t slice = mask.slice_words();
  const Extent extent = mask.extent();
  for (int i = 0; i < iterations; ++i) {
    BitMask next(mask.box(), mask.padding());
    for (int z = 0; z < extent.z; ++z) {
      for (int y = 0; y < extent.y; ++y) {
        const Word* from = current.row(y, z);
        Word* to = next.row(y, z);
        for (std::ptrdiff_t word = 0; word < row; ++word, ++from, ++to) {
          *to = grown_word(from, row, slice, neighbours);
        }
      }
    }
    next.clear_padding();
    current = std::move(next);
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
