#include "metrics/segmentation/surfel_area.h"

#include <gtest/gtest.h>

#include <cmath>

#include "mask_fixture.h"

namespace medperf::metrics {
namespace {

constexpr SpacingMm kCube{1, 1, 1};
constexpr SpacingMm kOblong{0.7, 1.3, 2.9};

TEST(SurfelArea, ShapesOfKnownSize) {
  const auto cube = surfel_areas_mm2(kCube);
  EXPECT_DOUBLE_EQ(cube[0], 0);
  EXPECT_DOUBLE_EQ(cube[255], 0);
  EXPECT_DOUBLE_EQ(cube[1], std::sqrt(3) / 8);            // a corner: side sqrt(1/2)
  EXPECT_DOUBLE_EQ(cube[0b11], std::sqrt(0.5));           // an edge: 1 x sqrt(1/2)
  EXPECT_DOUBLE_EQ(cube[0b1111], 1);                      // a face
  EXPECT_DOUBLE_EQ(cube[0b10111], 3 * std::sqrt(3) / 4);  // a corner and its three neighbours
  EXPECT_DOUBLE_EQ(cube[0b111], 0.5 + 3 * std::sqrt(3) / 8);
  EXPECT_DOUBLE_EQ(cube[0b10000001], std::sqrt(3) / 4);  // opposite corners: two pieces
  const auto oblong = surfel_areas_mm2(kOblong);
  EXPECT_DOUBLE_EQ(oblong[0b1111], 0.7 * 1.3);
  EXPECT_DOUBLE_EQ(oblong[0b110011], 0.7 * 2.9);
  EXPECT_DOUBLE_EQ(oblong[0b1010101], 1.3 * 2.9);
  EXPECT_DOUBLE_EQ(oblong[0b11], 0.7 * std::hypot(1.3, 2.9) / 2);
}

TEST(SurfelArea, InsideAndOutsideLookAlikeAndFlipsChangeNothing) {
  const auto areas = surfel_areas_mm2(kOblong);
  for (unsigned code = 0; code < 256; ++code) {
    EXPECT_NEAR(areas[code], areas[255 - code], 1e-12) << code;
    for (unsigned axis = 0; axis < 3; ++axis) {
      unsigned flipped = 0;
      for (unsigned voxel = 0; voxel < 8; ++voxel) {
        if ((code >> voxel & 1) != 0) flipped |= 1U << (voxel ^ 1U << axis);
      }
      EXPECT_NEAR(areas[code], areas[flipped], 1e-12) << code << " axis " << axis;
    }
  }
  const auto larger = surfel_areas_mm2({1.4, 2.6, 5.8});
  for (unsigned code = 0; code < 256; ++code) EXPECT_NEAR(larger[code], 4 * areas[code], 1e-12);
}

TEST(SurfelArea, ContoursOfKnownLength) {
  const auto lengths = contour_lengths_mm({3, 4, 1});
  EXPECT_DOUBLE_EQ(lengths[0], 0);
  EXPECT_DOUBLE_EQ(lengths[15], 0);
  EXPECT_DOUBLE_EQ(lengths[0b0001], 2.5);
  EXPECT_DOUBLE_EQ(lengths[0b0111], 2.5);
  EXPECT_DOUBLE_EQ(lengths[0b0011], 3);
  EXPECT_DOUBLE_EQ(lengths[0b1100], 3);
  EXPECT_DOUBLE_EQ(lengths[0b0101], 4);
  EXPECT_DOUBLE_EQ(lengths[0b0110], 5);
}

TEST(SurfelArea, EqualsThePeersTableForEveryCode) {
  for (const FixtureRow& row : read_fixture("surfel_areas.csv")) {
    const auto code = static_cast<std::size_t>(row.whole("code"));
    const double ours = row.whole("dimensions") == 3 ? surfel_areas_mm2(row.spacing())[code]
                                                     : contour_lengths_mm(row.spacing())[code];
    EXPECT_NEAR(ours, row.number("area"), 1e-12) << code;
  }
}

}  // namespace
}  // namespace medperf::metrics
