#include "imaging/npz.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <numeric>

namespace medperf::imaging {
namespace {

std::string real_file() {
  std::ifstream file(MEDPERF_SOURCE_DIR "/benchmarks/chest-xray/data/pneumoniamnist.npz",
                     std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Npz, ReadsTheRealData) {
  const auto arrays = parse_npz(real_file());
  ASSERT_TRUE(arrays) << arrays.error().text();
  ASSERT_EQ(arrays->size(), 6u);
  const NpyArray& images = arrays->at("test_images");
  EXPECT_EQ(images.description(), "(624, 28, 28) |u1");
  // The expected sums were computed with NumPy.
  const auto values = to_doubles(images);
  EXPECT_EQ(std::accumulate(values.begin(), values.end(), 0.0), 70355184);
  EXPECT_EQ(values[(5 * 28 + 3) * 28 + 7], 131);
  const auto labels = to_doubles(arrays->at("test_labels"));
  EXPECT_EQ(std::accumulate(labels.begin(), labels.end(), 0.0), 390);
}

TEST(Npz, LimitsCountWhatReallyComes) {
  const std::string bytes = real_file();
  const auto arrays = parse_npz(bytes, {.unpacked = mebibytes(3)});
  ASSERT_FALSE(arrays);
  EXPECT_EQ(arrays.error().kind, ErrorKind::kTooLarge);
  const auto few = parse_npz(bytes, {.entries = 5});
  ASSERT_FALSE(few);
  EXPECT_EQ(few.error().kind, ErrorKind::kTooLarge);
}

TEST(Npz, RefusesWhatIsNoZipOrDamaged) {
  for (const std::string_view bytes : {std::string_view(""), std::string_view("hello"),
                                       std::string_view("PK\3\4"), std::string_view("PK\5\6")}) {
    const auto arrays = parse_npz(bytes);
    ASSERT_FALSE(arrays);
    EXPECT_EQ(arrays.error().kind, ErrorKind::kCorrupt);
  }
  std::string bytes = real_file();
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
  const auto arrays = parse_npz(bytes);
  ASSERT_FALSE(arrays);
  EXPECT_EQ(arrays.error().kind, ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace medperf::imaging
