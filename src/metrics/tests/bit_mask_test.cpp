#include "metrics/segmentation/bit_mask.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

namespace medperf::metrics {
namespace {

BitMask random_mask(const Box& box, int padding, unsigned seed, unsigned one_in) {
  std::mt19937 random(seed);
  BitMask mask(box, padding);
  const Extent extent = mask.extent();
  for (int z = 0; z < extent.z; ++z) {
    for (int y = 0; y < extent.y; ++y) {
      for (int x = 0; x < extent.x; ++x) {
        if (random() % one_in == 0) mask.set(x, y, z);
      }
    }
  }
  return mask;
}

bool outside_or_clear(const BitMask& mask, int x, int y, int z) {
  const Extent e = mask.extent();
  return x < 0 || y < 0 || z < 0 || x >= e.x || y >= e.y || z >= e.z || !mask.get(x, y, z);
}

const Box kBoxes[] = {{{0, 0, 0}, {1, 1, 1}},
                      {{3, 4, 5}, {65, 9, 8}},
                      {{0, 0, 0}, {62, 7, 1}},
                      {{0, 0, 0}, {130, 5, 4}}};

TEST(BitMask, SurfaceIsWhatHasAFaceNeighbourOutside) {
  unsigned seed = 1;
  for (const Box& box : kBoxes) {
    for (const int padding : {1, 3}) {
      // Mostly set, so that there are voxels inside.
      BitMask mask = random_mask(box, padding, seed++, 1);
      const BitMask holes = random_mask(box, padding, seed++, 30);
      for_each_run(holes, [&mask](int y, int z, int first, int last) {
        for (int x = first; x < last; ++x) mask.clear(x, y, z);
      });
      const BitMask surface = surface_of(mask, Dimensions::k3);
      const Extent e = mask.extent();
      std::int64_t count = 0;
      for (int z = 0; z < e.z; ++z) {
        for (int y = 0; y < e.y; ++y) {
          for (int x = 0; x < e.x; ++x) {
            const bool expected =
                mask.get(x, y, z) &&
                (outside_or_clear(mask, x - 1, y, z) || outside_or_clear(mask, x + 1, y, z) ||
                 outside_or_clear(mask, x, y - 1, z) || outside_or_clear(mask, x, y + 1, z) ||
                 outside_or_clear(mask, x, y, z - 1) || outside_or_clear(mask, x, y, z + 1));
            ASSERT_EQ(surface.get(x, y, z), expected);
            count += expected ? 1 : 0;
          }
        }
      }
      EXPECT_EQ(surface.count(), count);
    }
  }
}

TEST(BitMask, SurfaceTakesThePlaceOfAMaskThatIsGivenAway) {
  BitMask mask = random_mask({{0, 0, 0}, {130, 5, 4}}, 3, 7, 2);
  const BitMask expected = surface_of(mask, Dimensions::k3);
  const auto* const words = mask.words();
  const BitMask surface = surface_of(std::move(mask), Dimensions::k3);
  EXPECT_EQ(surface, expected);
  EXPECT_EQ(surface.words(), words);
}

TEST(BitMask, SurfaceOfAPlaneIsItsRim) {
  BitMask mask({{0, 0, 0}, {5, 6, 1}});
  for (int y = 1; y < 6; ++y) {
    for (int x = 0; x < 5; ++x) mask.set(x, y, 0);
  }
  EXPECT_EQ(surface_of(mask, Dimensions::k2).count(), 16);
  EXPECT_EQ(surface_of(mask, Dimensions::k3).count(), 25);
}

TEST(BitMask, DilationReachesExactlyTheNeighbours) {
  const Box box{{0, 0, 0}, {70, 5, 5}};
  for (const int x : {2, 30, 62, 63, 64, 67}) {
    BitMask mask(box);
    mask.set(x, 2, 2);
    EXPECT_EQ(dilated(mask, Neighbours::k6).count(), 7);
    EXPECT_EQ(dilated(mask, Neighbours::k18).count(), 19);
    EXPECT_EQ(dilated(mask, Neighbours::k26).count(), 27);
    EXPECT_EQ(dilated(mask, Neighbours::k6, 2).count(), 25);
    EXPECT_EQ(dilated(mask, Neighbours::k26, 2).count(), 125);
  }
}

TEST(BitMask, DilationStopsAtTheBox) {
  BitMask mask({{0, 0, 0}, {3, 3, 1}});
  mask.set(0, 0, 0);
  const BitMask grown = dilated(mask, Neighbours::k26, 5);
  EXPECT_EQ(grown.count(), 9);
  EXPECT_EQ(grown, dilated(grown, Neighbours::k26));
}

TEST(BitMask, RunsAreTheSetVoxels) {
  unsigned seed = 7;
  for (const Box& box : kBoxes) {
    for (const unsigned one_in : {1U, 2U, 9U}) {
      const BitMask mask = random_mask(box, 2, seed++, one_in);
      BitMask copy(box, 2);
      std::int64_t last_end = -1;
      for_each_run(mask, [&](int y, int z, int first, int last) {
        const std::int64_t row = (std::int64_t{z} * 1000 + y) * 1000;
        EXPECT_LT(first, last);
        EXPECT_GT(row + first, last_end);  // in order, and never two that touch
        last_end = row + last;
        for (int x = first; x < last; ++x) copy.set(x, y, z);
      });
      EXPECT_EQ(copy, mask);
    }
  }
}

TEST(BitMask, TightBoxAndMoving) {
  BitMask mask({{10, 20, 30}, {110, 40, 50}});
  EXPECT_TRUE(mask.tight_box().empty());
  EXPECT_FALSE(mask.any());
  mask.set(5, 6, 7);
  mask.set(70, 2, 9);
  const Box tight{{15, 22, 37}, {81, 27, 40}};
  EXPECT_EQ(mask.tight_box(), tight);
  const BitMask smaller = moved(mask, tight, 4);
  EXPECT_EQ(smaller.count(), 2);
  EXPECT_TRUE(smaller.get(0, 4, 0));
  EXPECT_EQ(moved(smaller, mask.box()), mask);
  EXPECT_EQ(moved(mask, {{15, 26, 37}, {16, 27, 38}}).count(), 1);
}

TEST(BitMask, PacksTheUnionOfLabels) {
  const std::vector<std::uint8_t> labels = {0, 1, 2, 4, 5, 4, 0, 1, 2, 2, 0, 4};
  const auto volume = LabelVolume::view(std::span(labels), {3, 2, 2}, {});
  ASSERT_TRUE(volume.ok());
  const BitMask mask = pack(*volume, {"core", {1, 4}}, Box::whole({3, 2, 2}));
  EXPECT_EQ(mask.count(), 5);
  EXPECT_TRUE(mask.get(1, 0, 0));
  EXPECT_FALSE(mask.get(2, 0, 0));
  EXPECT_TRUE(mask.get(2, 1, 1));
}

}  // namespace
}  // namespace medperf::metrics
