#pragma once
// The parts of DEFLATE (RFC 1951) that a decoder is made of: bits, Huffman codes, and the codes of
// a block.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace medperf::imaging {

/// Reads packed data bit by bit. Beyond its end there are zeros; overrun() says that some were
/// used.
class PackedBits {
 public:
  explicit PackedBits(std::string_view bytes)
      : next_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  /// Afterwards at least 56 bits can be taken.
  void refill() {
    if (end_ - next_ >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, next_, 8);
      // Bits above count_ are those of the next byte, which is read again: OR does not mind.
      held_ |= word << count_;
      next_ += (63 - count_) >> 3;
      count_ |= 56;
      return;
    }
    for (; count_ <= 56; count_ += 8) {
      if (next_ < end_) {
        held_ |= std::uint64_t{static_cast<unsigned char>(*next_++)} << count_;
      } else {
        ++missing_;
      }
    }
  }
  /// The next bits, of which `bits` count. Precondition: as many were refilled.
  std::uint64_t held() const { return held_; }
  unsigned take(int bits) {
    const auto value = static_cast<unsigned>(held_ & ((std::uint64_t{1} << bits) - 1));
    drop(bits);
    return value;
  }
  /// How often the lowest `width` bits of `word` follow each other from here on, as far as is
  /// refilled.
  int repeats(std::uint64_t word, int width) const {
    std::uint64_t pattern = word & ((std::uint64_t{1} << width) - 1);
    for (int known = width; known < 64; known *= 2) pattern |= pattern << known;
    const int same = std::countr_zero(held_ ^ pattern);
    return std::min({same, count_, 63}) / width;
  }
  void drop(int bits) {
    held_ >>= bits;
    count_ -= bits;
  }
  int ready() const { return count_; }  ///< bits that are refilled
  bool overrun() const { return missing_ * 8 > count_; }
  /// What follows the byte that was begun last; nothing when that lies beyond the end.
  std::optional<std::string_view> bytes_left() const {
    if (overrun()) return std::nullopt;
    const char* const from = next_ - (count_ / 8 - missing_);
    return std::string_view(from, static_cast<std::size_t>(end_ - from));
  }

 private:
  const char* next_;
  const char* end_;
  std::uint64_t held_ = 0;
  int count_ = 0;    // bits in held_ that are ready
  int missing_ = 0;  // bytes beyond the end that were put there
};

/// One Huffman code: the shorter words by a table, the others bit by bit.
class HuffmanCode {
 public:
  /// Lengths of the words by symbol, 0 to 15. False when they are no complete code; a single word
  /// of one bit, or none at all, is allowed.
  bool assign(std::span<const std::uint8_t> lengths);
  /// The next symbol, or -1 when there is no such word. Precondition: 15 bits are refilled.
  int decode(PackedBits& bits) const {
    const std::uint16_t entry = table_[bits.held() & (kTableSize - 1)];
    if (entry == 0) return decode_long(bits);
    bits.drop(entry & 15);
    return entry >> 4;
  }

 private:
  static constexpr int kTableBits = 10;
  static constexpr std::size_t kTableSize = std::size_t{1} << kTableBits;
  static constexpr int kLongest = 15;

  int decode_long(PackedBits& bits) const;

  std::array<std::uint16_t, kTableSize> table_{};  // symbol << 4 | bits; 0: a longer word, or none
  std::array<std::uint16_t, kLongest + 1> words_{};  // by length
  std::array<std::uint16_t, 288> symbols_{};         // in order of their words
};

inline constexpr int kEndOfBlock = 256;

/// Length or distance that a symbol stands for: base and so many further bits.
struct Extended {
  std::uint16_t base;
  std::uint8_t extra;
};
/// By symbol - 257.
extern const std::array<Extended, 29> kLengths;
extern const std::array<Extended, 30> kDistances;

/// The two codes of a block.
struct BlockCodes {
  HuffmanCode lengths;
  HuffmanCode distances;

  bool set_fixed();
  /// As written at the beginning of a block; false when that is damaged.
  bool read(PackedBits& bits);
};

}  // namespace medperf::imaging
