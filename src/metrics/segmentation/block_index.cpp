#include "metrics/segmentation/block_index.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <limits>

namespace medperf::metrics {
namespace {

using Word = std::uint64_t;

/// Bit i: byte i of the word is not 0.
Word used_bytes(Word word) {
  constexpr Word kLow = 0x7f7f7f7f7f7f7f7f;
  const Word high = (((word & kLow) + kLow) | word) & ~kLow;
  // Brings the eight top bits together: bit 8i + 7 to bit 56 + i.
  return (high >> 7) * 0x0102040810204080 >> 56;
}

/// Voxels from a coordinate to the nearest of some blocks, first to last.
int gap(int at, int first_block, int last_block, int shift) {
  const int first = first_block << shift;
  const int last = ((last_block + 1) << shift) - 1;
  return at < first ? first - at : std::max(0, at - last);
}

int gap(int at, int block, int shift) {
  return gap(at, block, block, shift);
}

}  // namespace

struct BlockIndex::Search {
  Voxel from;
  Nearest best;
  std::int64_t work;
  std::int64_t limit;
};

BlockIndex::BlockIndex(const BitMask& targets, const AxisSquares& squares)
    : targets_(targets),
      squares_(squares),
      words_((targets.row_words() + kEdge - 1) / kEdge),
      size_y_((targets.extent().y + kEdge - 1) / kEdge),
      size_z_((targets.extent().z + kEdge - 1) / kEdge),
      blocks_(static_cast<std::size_t>(words_ * size_y_ * size_z_)),
      around_(blocks_.size()),
      used_(static_cast<std::size_t>(size_z_),
            Span{size_y_, -1, std::numeric_limits<int>::max(), -1}) {
  for (int z = 0; z < targets.extent().z; ++z) {
    Span& used = used_[static_cast<std::size_t>(z >> kShift)];
    for (int y = 0; y < targets.extent().y; ++y) {
      const Word* const from = targets.row(y, z);
      const int by = y >> kShift;
      Word* const to = blocks_.data() + (row(by, z >> kShift) - blocks_.data());
      for (int i = 0; i < static_cast<int>(targets.row_words()); ++i) {
        if (from[i] == 0) continue;
        to[i / 8] |= used_bytes(from[i]) << (8 * (i % 8));
        used = {std::min(used.first_y, by), std::max(used.last_y, by),
                std::min(used.first_x, (64 * i + std::countr_zero(from[i])) >> kShift),
                std::max(used.last_x, (64 * i + 63 - std::countl_zero(from[i])) >> kShift)};
      }
    }
  }
  // Dilation by one block; rows are short and few.
  for (int bz = 0; bz < size_z_; ++bz) {
    for (int by = 0; by < size_y_; ++by) {
      Word* const to = around_.data() + (row(by, bz) - blocks_.data());
      for (int z = std::max(0, bz - 1); z < std::min(size_z_, bz + 2); ++z) {
        for (int y = std::max(0, by - 1); y < std::min(size_y_, by + 2); ++y) {
          const Word* const from = row(y, z);
          for (std::ptrdiff_t i = 0; i < words_; ++i) {
            to[i] |= from[i] | from[i] << 1 | from[i] >> 1;
            if (i > 0) to[i] |= from[i - 1] >> 63;
            if (i + 1 < words_) to[i] |= from[i + 1] << 63;
          }
        }
      }
    }
  }
}

bool BlockIndex::near(const Voxel& from) const {
  const std::ptrdiff_t bx = from.bit >> kShift;
  const Word* const blocks =
      around_.data() + (row(from.y >> kShift, from.z >> kShift) - blocks_.data());
  return (blocks[bx / 64] >> (bx % 64) & 1) != 0;
}

BlockIndex::Nearest BlockIndex::nearest(const Voxel& from, const Nearest& start, std::int64_t& work,
                                        std::int64_t limit) const {
  Search search{from, start, work, limit};
  const int middle = from.z >> kShift;
  // Slices outward, each side until it is further than the best.
  for (int step = 0, open = 3; open != 0 && search.work <= limit; ++step) {
    for (const int side : {1, 2}) {
      if ((open & side) == 0 || (step == 0 && side == 2)) continue;
      const int bz = side == 1 ? middle + step : middle - step;
      const double z = bz < 0 || bz >= size_z_ ? search.best.squared_mm2
                                               : squares_.of(0, 0, gap(from.z, bz, kShift));
      if (bz < 0 || bz >= size_z_ || z >= search.best.squared_mm2) {
        open &= ~side;
        continue;
      }
      search_slice(search, bz, z);
    }
  }
  work = search.work;
  return search.best;
}

void BlockIndex::search_slice(Search& search, int bz, double z) const {
  const Span& used = used_[static_cast<std::size_t>(bz)];
  search.work += 4;
  if (used.first_y > used.last_y) return;
  // No target of the slice is nearer along x than this; so the rows that matter are few.
  const int gap_x = gap(search.from.bit, used.first_x, used.last_x, kShift);
  const int gap_z = gap(search.from.z, bz, kShift);
  const int middle = std::clamp(search.from.y >> kShift, used.first_y, used.last_y);
  for (int step = 0, open = 3; open != 0 && search.work <= search.limit; ++step) {
    for (const int side : {1, 2}) {
      if ((open & side) == 0 || (step == 0 && side == 2)) continue;
      const int by = side == 1 ? middle + step : middle - step;
      if (by < used.first_y || by > used.last_y ||
          squares_.of(gap_x, gap(search.from.y, by, kShift), gap_z) >= search.best.squared_mm2) {
        open &= ~side;
        continue;
      }
      search_row(search, by, bz,
                 squares_.y[static_cast<std::size_t>(gap(search.from.y, by, kShift))], z);
    }
  }
}

void BlockIndex::search_row(Search& search, int by, int bz, double y, double z) const {
  const Word* const blocks = row(by, bz);
  const int middle = search.from.bit >> kShift;
  search.work += 10;
  const auto too_far = [&](int bx) {
    return (squares_.x[static_cast<std::size_t>(gap(search.from.bit, bx, kShift))] + y) + z >=
           search.best.squared_mm2;
  };
  // To the right, the voxel's own block first, then to the left.
  const int word = middle / 64;
  for (std::ptrdiff_t i = word; i < words_; ++i) {
    Word bits = i == word ? blocks[i] & ~Word{0} << (middle % 64) : blocks[i];
    for (; bits != 0; bits &= bits - 1) {
      const int bx = static_cast<int>(i) * 64 + std::countr_zero(bits);
      if (too_far(bx)) {
        i = words_;
        break;
      }
      search_block(search, bx, by, bz);
    }
  }
  for (std::ptrdiff_t i = word; i >= 0; --i) {
    Word bits = i == word ? blocks[i] & ~(~Word{0} << (middle % 64)) : blocks[i];
    while (bits != 0) {
      const int top = 63 - std::countl_zero(bits);
      const int bx = static_cast<int>(i) * 64 + top;
      if (too_far(bx)) return;
      search_block(search, bx, by, bz);
      bits ^= Word{1} << top;
    }
  }
}

void BlockIndex::search_block(Search& search, int bx, int by, int bz) const {
  const Voxel& from = search.from;
  const double least_x = squares_.x[static_cast<std::size_t>(gap(from.bit, bx, kShift))];
  const int last_y = std::min(targets_.extent().y, (by + 1) << kShift);
  const int last_z = std::min(targets_.extent().z, (bz + 1) << kShift);
  const int shift = (bx % 8) * 8;
  search.work += 20;
  for (int z = bz << kShift; z < last_z; ++z) {
    const double dz = squares_.z[static_cast<std::size_t>(std::abs(z - from.z))];
    if (least_x + dz >= search.best.squared_mm2) continue;
    search.work += 16;
    for (int y = by << kShift; y < last_y; ++y) {
      const double dy = squares_.y[static_cast<std::size_t>(std::abs(y - from.y))];
      if ((least_x + dy) + dz >= search.best.squared_mm2) continue;
      const auto byte = static_cast<unsigned>(targets_.row(y, z)[bx / 8] >> shift & 0xff);
      if (byte == 0) continue;
      const int at = from.bit - (bx << kShift);  // within the byte when 0 .. 7
      const unsigned below = at < 0 ? 0 : at > 7 ? byte : byte & ((2U << at) - 1);
      const unsigned above = byte & ~below;
      int dx = std::numeric_limits<int>::max();
      int bit = 0;
      if (below != 0) {
        bit = (bx << kShift) + 31 - std::countl_zero(below);
        dx = from.bit - bit;
      }
      if (above != 0 && (bx << kShift) + std::countr_zero(above) - from.bit < dx) {
        bit = (bx << kShift) + std::countr_zero(above);
        dx = bit - from.bit;
      }
      const double squared = (squares_.x[static_cast<std::size_t>(dx)] + dy) + dz;
      if (squared < search.best.squared_mm2) search.best = {squared, {bit, y, z}};
    }
  }
}

}  // namespace medperf::metrics
