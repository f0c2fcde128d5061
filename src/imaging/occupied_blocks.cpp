#include "imaging/occupied_blocks.h"

#include <algorithm>
#include <bit>

namespace medperf::imaging {

OccupiedBlocks::OccupiedBlocks(std::size_t bytes)
    : bytes_(bytes), words_((bytes + 64 * kBytes - 1) / (64 * kBytes)) {}

std::vector<std::uint64_t> OccupiedBlocks::words_from(std::size_t start) const {
  const auto word_at = [this](std::size_t block) {
    const std::size_t at = block / 64;
    const std::uint64_t low = at < words_.size() ? words_[at] : 0;
    const std::uint64_t high = at + 1 < words_.size() ? words_[at + 1] : 0;
    return block % 64 == 0 ? low : low >> (block % 64) | high << (64 - block % 64);
  };
  std::vector<std::uint64_t> result((bytes_ - start + 64 * kBytes - 1) / (64 * kBytes));
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t block = start / kBytes + 64 * i;
    result[i] = word_at(block);
    // A block of theirs lies in two of these, unless they begin at one.
    if (start % kBytes != 0) result[i] |= word_at(block + 1);
  }
  return result;
}

std::vector<OccupiedBlocks::Range> OccupiedBlocks::ranges(std::size_t gap) const {
  std::vector<Range> result;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    for (std::uint64_t word = words_[i]; word != 0;) {
      const auto bit = static_cast<std::size_t>(std::countr_zero(word));
      const auto run = static_cast<std::size_t>(std::countr_one(word >> bit));
      const Range range{(i * 64 + bit) * kBytes, std::min(bytes_, (i * 64 + bit + run) * kBytes)};
      if (!result.empty() && range.first - result.back().last < gap) {
        result.back().last = range.last;
      } else {
        result.push_back(range);
      }
      word = bit + run == 64 ? 0 : word >> (bit + run) << (bit + run);
    }
  }
  return result;
}

}  // namespace medperf::imaging
