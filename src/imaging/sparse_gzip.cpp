#include "imaging/sparse_gzip.h"

#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <optional>

#include "imaging/deflate_codes.h"

namespace medperf::imaging {
namespace {

/// Zeros of at least so many bytes are skipped in the check sum: bringing it forward by any number
/// of zeros takes as long as reading so many.
constexpr std::size_t kSkippedZeros = std::size_t{16} << 10;

/// Writes `length` bytes, each as the one that lies `distance` before it.
void write_again(std::uint8_t* to, std::size_t distance, std::size_t length) {
  const std::uint8_t* const from = to - distance;
  if (distance == 1) {
    std::memset(to, *from, length);
    return;
  }
  // What lies from `from` on is whole periods, so that it goes on as it began: each copy doubles
  // it. Label maps as int16 or float are runs of two or four bytes, which one by one wait for each
  // other.
  for (std::size_t there = distance; length > 0;) {
    const std::size_t part = std::min(there, length);
    std::memcpy(to, from, part);
    to += part;
    there += part;
    length -= part;
  }
}

/// What was unpacked. Memory that was not written is zero, and the last bytes are known to be when
/// they are.
class SparseOutput {
 public:
  SparseOutput(std::span<std::uint8_t> zeros, OccupiedBlocks& occupied)
      : out_(zeros), occupied_(occupied) {}

  std::size_t left() const { return out_.size() - at_; }

  bool put(std::uint8_t byte) {
    if (left() == 0) return false;
    if (byte == 0) {
      ++zeros_;
    } else {
      out_[at_] = byte;
      occupied_.mark(at_, at_ + 1);
      zeros_ = 0;
    }
    ++at_;
    return true;
  }

  bool append(std::string_view bytes) {
    if (bytes.size() > left()) return false;
    if (bytes.empty()) return true;  // there may be no memory at all to copy nothing to
    std::memcpy(out_.data() + at_, bytes.data(), bytes.size());
    wrote(bytes.size());
    return true;
  }

  /// Whether a copy from there repeats nothing but zeros, whatever its length.
  bool is_zero(std::size_t distance) const { return distance <= zeros_; }

  /// Repeats what lies `distance` bytes back; the copy may run into what it writes.
  bool repeat(std::size_t distance, std::size_t length) {
    if (distance > at_ || length > left()) return false;
    if (is_zero(distance)) {
      at_ += length;
      zeros_ += length;
      return true;
    }
    write_again(out_.data() + at_, distance, length);
    wrote(length);
    return true;
  }

 private:
  void wrote(std::size_t length) {
    if (length == 0) return;
    occupied_.mark(at_, at_ + length);
    at_ += length;
    std::size_t zeros = 0;
    while (zeros + 8 <= length) {
      std::uint64_t word = 0;
      std::memcpy(&word, out_.data() + at_ - zeros - 8, 8);
      if (word != 0) {
        zeros += static_cast<std::size_t>(std::countl_zero(word)) / 8;
        zeros_ = zeros;
        return;
      }
      zeros += 8;
    }
    while (zeros < length && out_[at_ - 1 - zeros] == 0) ++zeros;
    zeros_ = zeros == length ? zeros_ + length : zeros;
  }

  std::span<std::uint8_t> out_;
  OccupiedBlocks& occupied_;
  std::size_t at_ = 0;
  std::size_t zeros_ = 0;  // bytes before at_ that are known to be zero
};

/// The symbols of a block until its end.
bool unpack_symbols(PackedBits& bits, const HuffmanCode& lengths, const HuffmanCode& distances,
                    SparseOutput& out) {
  while (true) {
    bits.refill();  // enough for both codes and their extra bits
    const std::uint64_t held = bits.held();
    const int ready = bits.ready();
    const int symbol = lengths.decode(bits);
    if (symbol == kEndOfBlock) return true;
    if (symbol < 0) return false;
    if (symbol < kEndOfBlock) {
      if (!out.put(static_cast<std::uint8_t>(symbol))) return false;
      continue;
    }
    const auto number = static_cast<std::size_t>(symbol - kEndOfBlock - 1);
    if (number >= std::size(kLengths)) return false;
    const std::size_t length = kLengths[number].base + bits.take(kLengths[number].extra);
    const auto code = static_cast<std::size_t>(distances.decode(bits));  // -1 becomes huge
    if (code >= std::size(kDistances)) return false;
    const std::size_t distance = kDistances[code].base + bits.take(kDistances[code].extra);
    if (!out.repeat(distance, length)) return false;
    if (!out.is_zero(distance)) continue;
    // Zeros without end are the same two words again and again: as many as are at hand at once.
    const int width = ready - bits.ready();
    bits.refill();
    const int again = bits.repeats(held, width);
    bits.drop(again * width);
    if (again > 0 && !out.repeat(distance, static_cast<std::size_t>(again) * length)) return false;
  }
}

bool unpack_stored(PackedBits& bits, SparseOutput& out) {
  const auto rest = bits.bytes_left();
  if (!rest || rest->size() < 4) return false;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>((*rest)[i]); };
  const unsigned length = byte(0) | static_cast<unsigned>(byte(1)) << 8;
  const unsigned inverse = byte(2) | static_cast<unsigned>(byte(3)) << 8;
  if ((length ^ inverse) != 0xffff || rest->size() - 4 < length) return false;
  if (!out.append(rest->substr(4, length))) return false;
  bits = PackedBits(rest->substr(4 + length));
  return true;
}

/// All blocks; returns what follows them, or nothing when the data is damaged.
std::optional<std::string_view> inflate_sparse(std::string_view bytes, SparseOutput& out) {
  PackedBits bits(bytes);
  const auto codes = std::make_unique<BlockCodes>();
  for (bool last = false; !last;) {
    bits.refill();
    last = bits.take(1) == 1;
    const unsigned kind = bits.take(2);
    if (kind == 0) {
      if (!unpack_stored(bits, out)) return std::nullopt;
      continue;
    }
    if (kind == 3 || !(kind == 1 ? codes->set_fixed() : codes->read(bits))) return std::nullopt;
    if (!unpack_symbols(bits, codes->lengths, codes->distances, out)) return std::nullopt;
    if (bits.overrun()) return std::nullopt;
  }
  return bits.bytes_left();
}

/// What follows the header of a member.
std::optional<std::string_view> after_header(std::string_view bytes) {
  constexpr std::size_t kFixed = 10;
  if (bytes.size() < kFixed || bytes.substr(0, 3) != "\x1f\x8b\x08") return std::nullopt;
  const auto flags = static_cast<unsigned char>(bytes[3]);
  if ((flags & 0xe0) != 0) return std::nullopt;
  std::string_view rest = bytes.substr(kFixed);
  if ((flags & 4) != 0) {  // further fields
    if (rest.size() < 2) return std::nullopt;
    const std::size_t length = static_cast<unsigned char>(rest[0]) |
                               static_cast<std::size_t>(static_cast<unsigned char>(rest[1])) << 8;
    if (rest.size() - 2 < length) return std::nullopt;
    rest.remove_prefix(2 + length);
  }
  for (const unsigned text : {8U, 16U}) {  // name, comment
    if ((flags & text) == 0) continue;
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(end + 1);
  }
  if ((flags & 2) != 0) {  // check sum of the header
    if (rest.size() < 2) return std::nullopt;
    rest.remove_prefix(2);
  }
  return rest;
}

/// The check sum of some bytes and so many zeros, from that of the bytes: a CRC is linear, and
/// its register is inverted before and after.
std::uint32_t crc_after_zeros(std::uint32_t crc, std::size_t zeros) {
  if (zeros == 0) return crc;
  return ~static_cast<std::uint32_t>(crc32_combine(~crc, 0, static_cast<z_off_t>(zeros)));
}

std::uint32_t crc_of(std::span<const std::uint8_t> bytes, const OccupiedBlocks& occupied) {
  std::uint32_t crc = 0;
  std::size_t at = 0;
  for (const OccupiedBlocks::Range& range : occupied.ranges(kSkippedZeros)) {
    crc = crc_after_zeros(crc, range.first - at);
    crc = libdeflate_crc32(crc, bytes.data() + range.first, range.last - range.first);
    at = range.last;
  }
  return crc_after_zeros(crc, bytes.size() - at);
}

std::uint32_t word_at(std::string_view bytes, std::size_t at) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    word |= std::uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return word;
}

}  // namespace

bool is_sparse(std::size_t packed, std::size_t unpacked) {
  constexpr std::size_t kRatio = 80;
  constexpr std::size_t kWorthIt = std::size_t{1} << 20;
  return unpacked >= kWorthIt && unpacked / kRatio >= packed;
}

bool gunzip_sparse(std::string_view bytes, std::span<std::uint8_t> zeros,
                   OccupiedBlocks& occupied) {
  const auto packed = after_header(bytes);
  if (!packed) return false;
  SparseOutput out(zeros, occupied);
  const auto trailer = inflate_sparse(*packed, out);
  if (!trailer || out.left() != 0 || trailer->size() < 8) return false;
  if (word_at(*trailer, 0) != crc_of(zeros, occupied)) return false;
  if (word_at(*trailer, 4) != static_cast<std::uint32_t>(zeros.size())) return false;
  return trailer->find_first_not_of('\0', 8) == std::string_view::npos;
}

}  // namespace medperf::imaging
