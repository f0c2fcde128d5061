#include "imaging/deflate_codes.h"

#include <algorithm>

namespace medperf::imaging {
namespace {

/// Words are written from their highest bit on, data from its lowest.
unsigned reversed(unsigned word, int bits) {
  unsigned result = 0;
  for (int i = 0; i < bits; ++i) result |= (word >> i & 1U) << (bits - 1 - i);
  return result;
}

/// Lengths of the words by symbol, as the code of lengths tells them.
bool read_lengths(PackedBits& bits, const HuffmanCode& code, std::span<std::uint8_t> lengths) {
  for (std::size_t at = 0; at < lengths.size();) {
    bits.refill();
    const int symbol = code.decode(bits);
    if (symbol < 0) return false;
    if (symbol < 16) {
      lengths[at++] = static_cast<std::uint8_t>(symbol);
      continue;
    }
    if (symbol == 16 && at == 0) return false;
    const std::uint8_t repeated = symbol == 16 ? lengths[at - 1] : std::uint8_t{0};
    const std::size_t times = symbol == 16   ? 3 + bits.take(2)
                              : symbol == 17 ? 3 + bits.take(3)
                                             : 11 + bits.take(7);
    if (times > lengths.size() - at) return false;
    std::fill_n(lengths.begin() + static_cast<std::ptrdiff_t>(at), times, repeated);
    at += times;
  }
  return !bits.overrun();
}

}  // namespace

const std::array<Extended, 29> kLengths = {
    {{3, 0},  {4, 0},  {5, 0},  {6, 0},   {7, 0},   {8, 0},   {9, 0},   {10, 0},  {11, 1}, {13, 1},
     {15, 1}, {17, 1}, {19, 2}, {23, 2},  {27, 2},  {31, 2},  {35, 3},  {43, 3},  {51, 3}, {59, 3},
     {67, 4}, {83, 4}, {99, 4}, {115, 4}, {131, 5}, {163, 5}, {195, 5}, {227, 5}, {258, 0}}};

const std::array<Extended, 30> kDistances = {
    {{1, 0},     {2, 0},     {3, 0},     {4, 0},      {5, 1},      {7, 1},
     {9, 2},     {13, 2},    {17, 3},    {25, 3},     {33, 4},     {49, 4},
     {65, 5},    {97, 5},    {129, 6},   {193, 6},    {257, 7},    {385, 7},
     {513, 8},   {769, 8},   {1025, 9},  {1537, 9},   {2049, 10},  {3073, 10},
     {4097, 11}, {6145, 11}, {8193, 12}, {12289, 12}, {16385, 13}, {24577, 13}}};

bool HuffmanCode::assign(std::span<const std::uint8_t> lengths) {
  table_.fill(0);
  words_.fill(0);
  for (const std::uint8_t length : lengths) ++words_[length];
  words_[0] = 0;
  std::array<unsigned, kLongest + 1> word{};   // the next of each length
  std::array<unsigned, kLongest + 1> place{};  // of its symbol
  int open = 1;                                // words of this length that are not taken
  for (std::size_t length = 1; length <= kLongest; ++length) {
    open = open * 2 - words_[length];
    if (open < 0) return false;
    word[length] = (word[length - 1] + words_[length - 1]) << 1;
    place[length] = place[length - 1] + words_[length - 1];
  }
  const unsigned used = place[kLongest] + words_[kLongest];
  const bool single = used == 0 || (used == 1 && words_[1] == 1);
  if (open > 0 && !single) return false;
  for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
    const int length = lengths[symbol];
    if (length == 0) continue;
    const auto at = static_cast<std::size_t>(length);
    symbols_[place[at]++] = static_cast<std::uint16_t>(symbol);
    const unsigned bits = reversed(word[at]++, length);
    if (length > kTableBits) continue;
    for (std::size_t i = bits; i < kTableSize; i += std::size_t{1} << length) {
      table_[i] = static_cast<std::uint16_t>(symbol << 4 | at);
    }
  }
  return true;
}

int HuffmanCode::decode_long(PackedBits& bits) const {
  std::uint64_t held = bits.held();
  int word = 0;
  int first = 0;  // word of this length
  int place = 0;  // of its symbol
  for (int length = 1; length <= kLongest; ++length, held >>= 1) {
    word |= static_cast<int>(held & 1);
    const int count = words_[static_cast<std::size_t>(length)];
    if (word - first < count) {
      bits.drop(length);
      return symbols_[static_cast<std::size_t>(place + word - first)];
    }
    place += count;
    first = (first + count) << 1;
    word <<= 1;
  }
  return -1;
}

bool BlockCodes::set_fixed() {
  std::array<std::uint8_t, 288> of_lengths;
  std::fill(of_lengths.begin(), of_lengths.begin() + 144, std::uint8_t{8});
  std::fill(of_lengths.begin() + 144, of_lengths.begin() + 256, std::uint8_t{9});
  std::fill(of_lengths.begin() + 256, of_lengths.begin() + 280, std::uint8_t{7});
  std::fill(of_lengths.begin() + 280, of_lengths.end(), std::uint8_t{8});
  std::array<std::uint8_t, 32> of_distances;
  of_distances.fill(5);
  return lengths.assign(of_lengths) && distances.assign(of_distances);
}

bool BlockCodes::read(PackedBits& bits) {
  constexpr std::array<std::uint8_t, 19> kOrder = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                   11, 4,  12, 3, 13, 2, 14, 1, 15};
  bits.refill();
  const std::size_t length_symbols = 257 + bits.take(5);
  const std::size_t distance_symbols = 1 + bits.take(5);
  const std::size_t written = 4 + bits.take(4);
  if (length_symbols > 286 || distance_symbols > 30) return false;
  std::array<std::uint8_t, 19> of_code{};
  for (std::size_t i = 0; i < written; ++i) {
    bits.refill();
    of_code[kOrder[i]] = static_cast<std::uint8_t>(bits.take(3));
  }
  HuffmanCode& code = distances;  // until its own is known
  if (!code.assign(of_code)) return false;
  std::array<std::uint8_t, 286 + 30> all{};
  const auto used = std::span(all).first(length_symbols + distance_symbols);
  if (!read_lengths(bits, code, used)) return false;
  if (used[kEndOfBlock] == 0) return false;
  return lengths.assign(used.first(length_symbols)) &&
         distances.assign(used.subspan(length_symbols));
}

}  // namespace medperf::imaging
