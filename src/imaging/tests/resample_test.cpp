#include "imaging/resample.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace medperf::imaging {
namespace {

Geometry grid(std::array<std::size_t, 3> size, Vector3 spacing, Vector3 origin = {0, 0, 0}) {
  Geometry g;
  g.size = size;
  g.spacing_mm = spacing;
  g.origin_mm = origin;
  return g;
}

Volume labels_on(const Geometry& g) {
  Volume volume = make_volume(g, ElementType::kU8);
  const auto voxels = volume.as<std::uint8_t>();
  std::iota(voxels.begin(), voxels.end(), std::uint8_t{1});
  return volume;
}

std::vector<double> resampled(const Volume& labels, const Geometry& g) {
  const auto out = resample_labels(labels, g);
  EXPECT_TRUE(out) << out.error().text();
  EXPECT_TRUE(compare(out->geometry, g).empty());
  return to_doubles(*out);
}

TEST(Resample, OntoItsOwnGridNothingChanges) {
  Geometry g = grid({4, 3, 2}, {0.7, 1.3, 2.9}, {-100.1, 7.77, 3});
  const double c = std::cos(0.3);
  const double s = std::sin(0.3);
  g.axes = {{{c, s, 0}, {-s, c, 0}, {0, 0, 1}}};
  const Volume labels = labels_on(g);
  EXPECT_EQ(resampled(labels, g), to_doubles(labels));
}

TEST(Resample, AFlippedGridReadsTheSameVoxelsBackwards) {
  const Volume labels = labels_on(grid({3, 2, 1}, {2, 1, 1}));
  Geometry flipped = grid({3, 2, 1}, {2, 1, 1}, {4, 0, 0});
  flipped.axes[0] = {-1, 0, 0};
  EXPECT_EQ(resampled(labels, flipped), (std::vector<double>{3, 2, 1, 6, 5, 4}));
  Geometry turned = grid({2, 3, 1}, {1, 2, 1});  // i and j change places
  turned.axes = {{{0, 1, 0}, {1, 0, 0}, {0, 0, 1}}};
  EXPECT_EQ(resampled(labels, turned), (std::vector<double>{1, 4, 2, 5, 3, 6}));
}

TEST(Resample, FinerCoarserAndTies) {
  const Volume labels = labels_on(grid({4, 1, 1}, {1, 1, 1}));
  // Half a millimetre: centres at 0, 0.5 (a tie: the higher index), 1, ...
  EXPECT_EQ(resampled(labels, grid({7, 1, 1}, {0.5, 1, 1})),
            (std::vector<double>{1, 2, 2, 3, 3, 4, 4}));
  // Quarters are no ties.
  const Volume two = labels_on(grid({2, 1, 1}, {1, 1, 1}));
  EXPECT_EQ(resampled(two, grid({4, 1, 1}, {0.5, 1, 1}, {-0.25, 0, 0})),
            (std::vector<double>{1, 1, 2, 2}));
  EXPECT_EQ(resampled(labels, grid({2, 1, 1}, {2, 1, 1}, {0.5, 0, 0})),
            (std::vector<double>{2, 4}));
  // A tie that rounding puts a hair below half way is still one.
  EXPECT_EQ(resampled(two, grid({1, 1, 1}, {1.1, 1, 1}, {0.5 - 1e-9, 0, 0})),
            (std::vector<double>{2}));
}

TEST(Resample, OutsideIsBackgroundAndNoLabelIsLost) {
  Volume labels = labels_on(grid({4, 1, 1}, {1, 1, 1}));
  const Geometry shifted = grid({4, 1, 1}, {1, 1, 1}, {2, 0, 0});
  const auto lost = resample_labels(labels, shifted);
  ASSERT_FALSE(lost);
  EXPECT_NE(lost.error().what.find("2 labelled voxels"), std::string::npos) << lost.error().what;
  labels.as<std::uint8_t>()[0] = 0;
  labels.as<std::uint8_t>()[1] = 0;
  EXPECT_EQ(resampled(labels, shifted), (std::vector<double>{3, 4, 0, 0}));
  // The grid ends half a voxel beyond the outermost centres.
  Volume first = labels_on(grid({1, 1, 1}, {1, 1, 1}));
  EXPECT_EQ(resampled(first, grid({2, 1, 1}, {4, 1, 1}, {-0.49, 0, 0})),
            (std::vector<double>{1, 0}));
  first.as<std::uint8_t>()[0] = 0;
  EXPECT_EQ(resampled(first, grid({1, 1, 1}, {1, 1, 1}, {-0.51, 0, 0})), (std::vector<double>{0}));
  EXPECT_EQ(resampled(first, grid({1, 1, 1}, {1, 1, 1}, {0, 0, 5})), (std::vector<double>{0}));
}

TEST(Resample, RefusesFloatsAndOtherDimensions) {
  const Volume labels = labels_on(grid({2, 2, 2}, {1, 1, 1}));
  Geometry flat = grid({2, 2, 1}, {1, 1, 1});
  flat.dimensions = 2;
  EXPECT_FALSE(resample_labels(labels, flat));
  EXPECT_FALSE(resample_labels(make_volume(labels.geometry, ElementType::kF32), labels.geometry));
}

TEST(BringToGrid, AnImageOfTwoDimensionsIsAVolumeOfOneSlice) {
  Geometry flat = grid({2, 2, 1}, {1, 1, 1});
  flat.dimensions = 2;
  const Geometry slice = grid({2, 2, 1}, {1, 1, 5});  // what a 2-D image says of z is nothing
  const auto same = bring_to_grid(labels_on(flat), slice, GridRule::kRefuse, "a", "b");
  ASSERT_TRUE(same) << same.error().text();
  EXPECT_TRUE(compare(same->geometry, slice, 0).empty());
  EXPECT_EQ(same->geometry.dimensions, 3);
  EXPECT_TRUE(bring_to_grid(labels_on(slice), flat, GridRule::kRefuse, "a", "b"));
  Geometry coarse = grid({1, 1, 1}, {2, 2, 5}, {0.5, 0.5, 0});
  EXPECT_FALSE(bring_to_grid(labels_on(flat), coarse, GridRule::kRefuse, "a", "b"));
  const auto resampled_to =
      bring_to_grid(labels_on(flat), coarse, GridRule::kResampleNearest, "a", "b");
  ASSERT_TRUE(resampled_to) << resampled_to.error().text();
  EXPECT_EQ(to_doubles(*resampled_to), (std::vector<double>{4}));
}

TEST(BringToGrid, RefusesUnlessAsked) {
  const Geometry g = grid({4, 1, 1}, {1, 1, 1});
  const Geometry other = grid({4, 1, 1}, {1, 1, 1.001});
  const auto same = bring_to_grid(labels_on(g), g, GridRule::kRefuse, "prediction", "reference");
  ASSERT_TRUE(same);
  EXPECT_TRUE(same->remarks.empty());
  const auto no = bring_to_grid(labels_on(g), other, GridRule::kRefuse, "prediction", "reference");
  ASSERT_FALSE(no);
  EXPECT_NE(no.error().what.find("spacing"), std::string::npos);
  const auto yes =
      bring_to_grid(labels_on(g), other, GridRule::kResampleNearest, "prediction", "reference");
  ASSERT_TRUE(yes);
  EXPECT_EQ(yes->remarks.size(), 1u);
  EXPECT_TRUE(compare(yes->geometry, other).empty());
}

}  // namespace
}  // namespace medperf::imaging
