#pragma once
// Where a buffer that is zero almost everywhere is not: label maps are such.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace medperf::imaging {

/// Which blocks of a buffer may hold a byte other than zero.
class OccupiedBlocks {
 public:
  static constexpr std::size_t kBytes = 1024;  ///< of a block

  /// None of the blocks of so many bytes.
  explicit OccupiedBlocks(std::size_t bytes);

  /// The blocks of the bytes first <= i < last.
  void mark(std::size_t first, std::size_t last) {
    for (std::size_t block = first / kBytes; block * kBytes < last; ++block) {
      words_[block / 64] |= std::uint64_t{1} << (block % 64);
    }
  }
  bool operator[](std::size_t block) const {
    return block / 64 < words_.size() && (words_[block / 64] >> (block % 64) & 1) != 0;
  }
  /// The same of the bytes from `start` on, cut into blocks anew. Bit i is that of block i.
  std::vector<std::uint64_t> words_from(std::size_t start) const;

  /// Bytes first <= i < last.
  struct Range {
    std::size_t first;
    std::size_t last;
    bool operator==(const Range&) const = default;
  };
  /// The occupied bytes, as ranges of whole blocks (the last ends with the buffer), ascending;
  /// those that have less than `gap` bytes between them are one.
  std::vector<Range> ranges(std::size_t gap = 1) const;

 private:
  std::size_t bytes_;
  std::vector<std::uint64_t> words_;  // bit: the block is occupied
};

}  // namespace medperf::imaging
