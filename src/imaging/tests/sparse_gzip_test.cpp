#include "imaging/sparse_gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "imaging/gzip.h"
#include "imaging/nifti.h"
#include "nifti_maker.h"

namespace medperf::imaging {
namespace {

constexpr std::size_t kBytes = OccupiedBlocks::kBytes;

/// As zlib writes it, with any of its strategies.
std::string zlib_gzip(std::string_view bytes, int level, int strategy) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, strategy), Z_OK);
  std::string out(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

struct Unpacked {
  bool ok;
  std::string bytes;
  OccupiedBlocks occupied;
};

Unpacked unpack(std::string_view packed, std::size_t size) {
  Unpacked result{false, std::string(size, '\0'), OccupiedBlocks(size)};
  result.ok = gunzip_sparse(packed, {reinterpret_cast<std::uint8_t*>(result.bytes.data()), size},
                            result.occupied);
  return result;
}

/// A few blobs of rows in much nothing, or noise.
std::string made_up(std::size_t size, unsigned seed, bool noise) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  if (noise) {
    for (char& byte : bytes) byte = static_cast<char>(random() % (seed % 2 == 0 ? 256 : 3));
    return bytes;
  }
  for (int blob = 0; blob < 5 && size > 0; ++blob) {
    const std::size_t at = random() % size;
    for (std::size_t row = 0; row < 30; ++row) {
      for (std::size_t x = random() % 5; x < 10 + random() % 30; ++x) {
        if (at + 240 * row + x < size) bytes[at + 240 * row + x] = static_cast<char>(1 + blob % 4);
      }
    }
  }
  return bytes;
}

std::vector<std::string> packed_in_every_way(const std::string& bytes) {
  std::vector<std::string> ways;
  for (const int level : {1, 6, 12}) ways.push_back(gzip(bytes, level));
  for (const int strategy : {Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED}) {
    for (const int level : {0, 1, 9}) ways.push_back(zlib_gzip(bytes, level, strategy));
  }
  return ways;
}

TEST(SparseGzip, UnpacksWhatAnyPackerWrote) {
  for (const std::size_t size : {0U, 1U, 1023U, 1025U, 70000U, 500000U}) {
    for (const bool noise : {false, true}) {
      const std::string bytes = made_up(size, static_cast<unsigned>(size) + 1, noise);
      for (const std::string& packed : packed_in_every_way(bytes)) {
        const Unpacked found = unpack(packed, size);
        ASSERT_TRUE(found.ok) << size << noise;
        ASSERT_EQ(found.bytes, bytes);
        for (std::size_t i = 0; i < size; ++i) {
          ASSERT_TRUE(bytes[i] == 0 || found.occupied[i / kBytes]) << i;
        }
      }
    }
  }
}

TEST(SparseGzip, RunsOfEveryPeriodGoOnAsTheyBegan) {
  std::mt19937 random(5);
  std::string bytes;
  for (std::size_t period = 1; period <= 70; ++period) {
    for (const std::size_t length : {period + 3, 3 * period + 1, std::size_t{700}}) {
      std::string run(length, '\0');
      for (std::size_t i = 0; i < length; ++i) {
        run[i] = i < period ? static_cast<char>(random() % 256) : run[i - period];
      }
      bytes += run;
    }
  }
  for (const std::string& packed : packed_in_every_way(bytes)) {
    const Unpacked found = unpack(packed, bytes.size());
    ASSERT_TRUE(found.ok);
    ASSERT_EQ(found.bytes, bytes);
  }
}

TEST(SparseGzip, LeavesZerosAlone) {
  std::string bytes(1 << 20, '\0');
  for (const std::size_t at : {300000U, 300240U, 900000U}) bytes[at] = 3;
  for (const std::string& packed : {gzip(bytes, 6), zlib_gzip(bytes, 1, Z_DEFAULT_STRATEGY)}) {
    const Unpacked found = unpack(packed, bytes.size());
    ASSERT_TRUE(found.ok);
    std::size_t occupied = 0;
    for (std::size_t block = 0; block < 1024; ++block) occupied += found.occupied[block] ? 1 : 0;
    EXPECT_LE(occupied, 6U);  // a copied row reaches a little further than its last label
  }
}

TEST(SparseGzip, TheCheckSumStandsForEveryByte) {
  // Zeros at the ends and long ones between are not read, but counted.
  for (const std::size_t first : {0U, 40000U}) {
    for (const std::size_t second : {70000U, 199999U}) {
      std::string bytes(200000, '\0');
      bytes[first] = 1;
      bytes[second] = 2;
      std::string packed = gzip(bytes);
      EXPECT_TRUE(unpack(packed, bytes.size()).ok);
      for (std::size_t i = packed.size() - 8; i < packed.size(); ++i) {
        packed[i] = static_cast<char>(packed[i] ^ 0x10);
        EXPECT_FALSE(unpack(packed, bytes.size()).ok) << i;
        packed[i] = static_cast<char>(packed[i] ^ 0x10);
      }
    }
  }
}

TEST(SparseGzip, DamagedDataIsRefusedOrUnpackedAsBefore) {
  for (const bool noise : {false, true}) {
    const std::string bytes = made_up(4000, 7, noise);
    for (const std::string& packed : packed_in_every_way(bytes)) {
      for (std::size_t end = 0; end < packed.size(); end += 1 + packed.size() / 200) {
        EXPECT_FALSE(unpack(packed.substr(0, end), bytes.size()).ok) << end;
      }
      for (std::size_t i = 0; i < packed.size(); i += 1 + packed.size() / 200) {
        std::string damaged = packed;
        damaged[i] = static_cast<char>(damaged[i] ^ 1 << i % 8);
        const Unpacked found = unpack(damaged, bytes.size());
        EXPECT_TRUE(!found.ok || found.bytes == bytes) << i;
      }
    }
  }
}

TEST(SparseGzip, AnotherSizeOrMoreThanOneMemberIsRefused) {
  const std::string bytes = made_up(5000, 3, false);
  const std::string packed = gzip(bytes);
  EXPECT_FALSE(unpack(packed, 4999).ok);
  EXPECT_FALSE(unpack(packed, 5001).ok);
  EXPECT_FALSE(unpack(packed + packed, 10000).ok);
  EXPECT_FALSE(unpack(packed + "x", 5000).ok);
  EXPECT_TRUE(unpack(packed + std::string(512, '\0'), 5000).ok);
  std::string named = packed;
  named[3] = 2 | 4 | 8 | 16;  // sum of the header, fields, name, comment
  named.insert(10, std::string("\x03\0abcname\0comment\0??", 20));
  EXPECT_TRUE(unpack(named, 5000).ok);
}

TEST(SparseGzip, RangesJoinAcrossSmallGaps) {
  OccupiedBlocks blocks(200 * kBytes + 5);
  using Ranges = std::vector<OccupiedBlocks::Range>;
  EXPECT_EQ(blocks.ranges(), Ranges{});
  blocks.mark(0, 1);
  blocks.mark(3 * kBytes - 1, 3 * kBytes + 1);
  blocks.mark(60 * kBytes, 130 * kBytes);
  blocks.mark(200 * kBytes, 200 * kBytes + 5);
  EXPECT_EQ(blocks.ranges(), (Ranges{{0, kBytes},
                                     {2 * kBytes, 4 * kBytes},
                                     {60 * kBytes, 130 * kBytes},
                                     {200 * kBytes, 200 * kBytes + 5}}));
  EXPECT_EQ(blocks.ranges(kBytes + 1).size(), 3U);
  EXPECT_EQ(blocks.ranges(200 * kBytes).size(), 1U);
}

TEST(SparseGzip, ALabelMapSaysWhereItIsZero) {
  Maker maker;
  maker.dim({3, 200, 100, 60, 1, 1, 1, 1});
  std::vector<std::uint8_t> labels(200 * 100 * 60);
  labels[0] = 1;
  for (std::size_t i = 700000; i < 701500; ++i) labels[i] = 2;
  labels.back() = 4;
  maker.voxels(labels);
  const auto volume = parse_nifti_labels(gzip(maker.bytes));
  ASSERT_TRUE(volume) << volume.error().text();
  const auto voxels = volume->as<std::uint8_t>();
  EXPECT_TRUE(std::equal(voxels.begin(), voxels.end(), labels.begin(), labels.end()));
  const std::vector<std::uint64_t> parts = volume->elements.occupied();
  ASSERT_EQ(parts.size(), (labels.size() + 64 * kBytes - 1) / (64 * kBytes));
  std::size_t marked = 0;
  for (std::size_t part = 0; part * kBytes < labels.size(); ++part) {
    const bool occupied = (parts[part / 64] >> (part % 64) & 1) != 0;
    const std::size_t end = std::min(labels.size(), (part + 1) * kBytes);
    for (std::size_t i = part * kBytes; i < end; ++i) ASSERT_TRUE(occupied || labels[i] == 0) << i;
    marked += occupied ? 1 : 0;
  }
  EXPECT_LT(marked, 12U);
  // Unpacked in one piece with another decoder, nothing is known.
  const auto plain = parse_nifti_labels(gzip(maker.bytes) + gzip(""));
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->elements.occupied().empty());
}

/// A sparse map of 160 x 100 x 80 voxels of another type than bytes, with these labels.
template <typename T>
std::string sparse_map(std::int16_t code, const std::vector<T>& labels) {
  Maker maker;
  maker.dim({3, 160, 100, 80, 1, 1, 1, 1});
  maker.type(code, 8 * sizeof(T));
  std::vector<T> voxels(160 * 100 * 80);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::size_t at = i == 0 ? 0 : voxels.size() - 1 - 4999 * (i - 1);
    for (std::size_t run = 0; run < 300 && at + run < voxels.size(); ++run) {
      voxels[at + run] = labels[i];
    }
  }
  maker.voxels(voxels);
  return maker.bytes;
}

/// Whether packed and plain file give the same labels, or the same error; and what is known to be
/// zero is.
template <typename T>
void expect_same_labels(std::int16_t code, const std::vector<T>& labels, bool as_sparse_bytes) {
  const std::string file = sparse_map(code, labels);
  const auto plain = parse_nifti_labels(file);
  const auto packed = parse_nifti_labels(gzip(file));
  ASSERT_EQ(plain.ok(), packed.ok()) << code;
  if (!plain.ok()) {
    EXPECT_EQ(plain.error().text(), packed.error().text());
    return;
  }
  EXPECT_EQ(plain->type, packed->type) << code;
  const auto& expected = plain->elements;
  const auto& found = packed->elements;
  ASSERT_EQ(expected.size(), found.size());
  EXPECT_TRUE(std::equal(expected.data(), expected.data() + expected.size(), found.data())) << code;
  const auto parts = found.occupied();
  EXPECT_EQ(!parts.empty(), as_sparse_bytes) << code;
  for (std::size_t i = 0; i < found.size() && !parts.empty(); ++i) {
    const std::size_t part = i / kBytes;
    ASSERT_TRUE((parts[part / 64] >> (part % 64) & 1) != 0 || found.data()[i] == 0) << i;
  }
}

TEST(SparseGzip, LabelsOfAnyTypeBecomeSparseBytesWhereTheyFit) {
  expect_same_labels<std::int8_t>(256, {1, 4, 127}, true);
  expect_same_labels<std::uint16_t>(512, {1, 255, 4}, true);
  expect_same_labels<std::int16_t>(4, {1, 255, 4}, true);
  expect_same_labels<std::int32_t>(8, {255, 1, 4}, true);
  expect_same_labels<std::uint32_t>(768, {1, 255, 4}, true);
  expect_same_labels<std::int64_t>(1024, {1, 255, 4}, true);
  expect_same_labels<float>(16, {1, 255, -0.0F}, true);
  expect_same_labels<double>(64, {1, 255, 4}, true);
  // Labels that are no bytes, and what is no label.
  expect_same_labels<std::uint16_t>(512, {1, 256}, false);
  expect_same_labels<std::int16_t>(4, {1, 300, -1}, false);
  expect_same_labels<std::int8_t>(256, {1, -1}, false);
  expect_same_labels<float>(16, {1, 70000}, false);
  expect_same_labels<float>(16, {1, 256}, false);
  expect_same_labels<double>(64, {1, -1}, false);
  expect_same_labels<float>(16, {1, 0.5F}, false);
  expect_same_labels<double>(64, {1, std::numeric_limits<double>::quiet_NaN()}, false);
  expect_same_labels<std::int64_t>(1024, {1, std::int64_t{1} << 40}, false);
}

template <typename T>
void expect_bytes_alone(std::int16_t code) {
  std::vector<T> labels(256);
  std::iota(labels.begin(), labels.end(), T(0));
  expect_same_labels<T>(code, labels, true);
  using Limits = std::numeric_limits<T>;
  const T shift = std::ldexp(T(1), Limits::digits - 1);  // what the reader adds
  for (const T other : {T(-0.5), T(254.5), std::nextafter(T(256), T(255)), Limits::denorm_min(),
                        T(256), shift, -shift, Limits::infinity(), Limits::quiet_NaN()}) {
    expect_same_labels<T>(code, {1, other}, false);
  }
}

TEST(SparseGzip, OfFloatingPointLabelsBytesAloneAreTakenForBytes) {
  expect_bytes_alone<float>(16);
  expect_bytes_alone<double>(64);
}

TEST(SparseGzip, ScaledAndForeignOrdersAreReadAsBefore) {
  std::vector<std::int16_t> voxels(160 * 100 * 80);
  for (std::size_t i = 5000; i < 9000; ++i) voxels[i] = 3;
  for (const bool swapped : {false, true}) {
    for (const double slope : {1.0, 2.0}) {
      Maker maker(1, swapped);
      maker.dim({3, 160, 100, 80, 1, 1, 1, 1});
      maker.type(4, 16);
      maker.scaling(slope, 0);
      maker.voxels(voxels);
      const auto found = parse_nifti_labels(gzip(maker.bytes));
      ASSERT_TRUE(found) << found.error().text();
      const auto labels = found->as<std::uint8_t>();
      for (std::size_t i = 0; i < voxels.size(); ++i) ASSERT_EQ(labels[i], slope * voxels[i]) << i;
    }
  }
}

}  // namespace
}  // namespace medperf::imaging
