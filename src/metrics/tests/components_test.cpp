#include "metrics/segmentation/components.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "mask_fixture.h"

namespace medperf::metrics {
namespace {

BitMask random_mask(const Box& box, unsigned seed, unsigned percent) {
  std::mt19937 random(seed);
  BitMask mask(box);
  const Extent extent = mask.extent();
  for (int z = 0; z < extent.z; ++z) {
    for (int y = 0; y < extent.y; ++y) {
      for (int x = 0; x < extent.x; ++x) {
        if (random() % 100 < percent) mask.set(x, y, z);
      }
    }
  }
  return mask;
}

std::vector<std::int64_t> sizes(const BitMask& mask, Neighbours neighbours) {
  std::vector<std::int64_t> result;
  const Components components(mask, neighbours);
  for (const Component& component : components.all()) result.push_back(component.voxels);
  std::sort(result.begin(), result.end());
  return result;
}

TEST(Components, FaceEdgeAndCornerTouch) {
  const BitMask corner = drawn({{"#.", ".."}, {"..", ".#"}});
  EXPECT_EQ(Components(corner, Neighbours::k6).size(), 2U);
  EXPECT_EQ(Components(corner, Neighbours::k18).size(), 2U);
  EXPECT_EQ(Components(corner, Neighbours::k26).size(), 1U);
  const BitMask edge = drawn({{"#.", ".."}, {".#", ".."}});
  EXPECT_EQ(Components(edge, Neighbours::k6).size(), 2U);
  EXPECT_EQ(Components(edge, Neighbours::k18).size(), 1U);
  const BitMask face = drawn({{"#."}, {"#."}});
  EXPECT_EQ(Components(face, Neighbours::k6).size(), 1U);
}

TEST(Components, InAnImageOfOneSliceFourOrEight) {
  const BitMask mask = drawn({{"#..#", ".##."}});
  EXPECT_EQ(Components(mask, Neighbours::k6).size(), 3U);
  EXPECT_EQ(Components(mask, Neighbours::k18).size(), 1U);
  EXPECT_EQ(Components(mask, Neighbours::k26).size(), 1U);
  EXPECT_EQ(neighbour_count(Neighbours::k6, Dimensions::k2), 4);
  EXPECT_EQ(neighbour_count(Neighbours::k26, Dimensions::k2), 8);
  EXPECT_EQ(neighbour_count(Neighbours::k18, Dimensions::k3), 18);
}

TEST(Components, NumbersFollowTheFirstVoxelAndBoxesAreOfTheImage) {
  // The second component in scan order joins two arms only in its last row.
  const BitMask whole = drawn({{"#.#.#", "..#.#", "..###"}});
  const BitMask mask = moved(whole, {{0, 0, 0}, {5, 3, 1}});
  const Components components(mask, Neighbours::k26);
  ASSERT_EQ(components.size(), 2U);
  EXPECT_EQ(components[0].voxels, 1);
  EXPECT_EQ(components[1].voxels, 7);
  EXPECT_EQ(components[1].box, (Box{{2, 0, 0}, {5, 3, 1}}));
  EXPECT_EQ(components.at(4, 0, 0), 1);
  EXPECT_EQ(components.at(1, 0, 0), -1);
  BitMask offset({{10, 20, 30}, {15, 23, 31}});
  offset.set(1, 2, 0);
  EXPECT_EQ(Components(offset, Neighbours::k6)[0].box, (Box{{11, 22, 30}, {12, 23, 31}}));
}

TEST(Components, EmptyAndFullMasks) {
  EXPECT_EQ(Components(BitMask({{0, 0, 0}, {5, 4, 3}}), Neighbours::k26).size(), 0U);
  EXPECT_EQ(Components(BitMask(Box{}), Neighbours::k26).size(), 0U);
  const BitMask full = random_mask({{0, 0, 0}, {130, 4, 3}}, 1, 100);
  EXPECT_EQ(sizes(full, Neighbours::k6), std::vector<std::int64_t>{130 * 4 * 3});
}

TEST(Components, MaskOfAllIsTheMaskAndOfEachIsConnected) {
  const BitMask mask = random_mask({{2, 3, 4}, {150, 12, 9}}, 7, 25);
  for (const Neighbours neighbours : {Neighbours::k6, Neighbours::k18, Neighbours::k26}) {
    const Components components(mask, neighbours);
    EXPECT_EQ(components.mask_of(std::vector<bool>(components.size(), true), mask.box()), mask);
    std::int64_t voxels = 0;
    for (std::size_t i = 0; i < components.size(); i += 17) {
      std::vector<bool> wanted(components.size());
      wanted[i] = true;
      const BitMask one = components.mask_of(wanted, components[i].box);
      EXPECT_EQ(one.count(), components[i].voxels);
      EXPECT_EQ(one.tight_box(), components[i].box);
      EXPECT_EQ(Components(one, neighbours).size(), 1U);
    }
    for (const Component& component : components.all()) voxels += component.voxels;
    EXPECT_EQ(voxels, mask.count());
  }
}

TEST(Components, FlipsKeepTheSizes) {
  const BitMask mask = random_mask({{0, 0, 0}, {70, 9, 8}}, 3, 30);
  BitMask flipped(mask.box());
  for_each_run(mask, [&flipped](int y, int z, int first, int last) {
    for (int x = first; x < last; ++x) flipped.set(69 - x, 8 - y, 7 - z);
  });
  for (const Neighbours neighbours : {Neighbours::k6, Neighbours::k18, Neighbours::k26}) {
    EXPECT_EQ(sizes(mask, neighbours), sizes(flipped, neighbours));
  }
}

TEST(Components, OverlapsCountSharedVoxels) {
  const BitMask one = random_mask({{0, 0, 0}, {90, 11, 7}}, 11, 20);
  const BitMask other = random_mask({{5, 2, 1}, {80, 13, 9}}, 12, 20);
  const Components a(one, Neighbours::k6);
  const Components b(other, Neighbours::k26);
  std::map<std::pair<int, int>, std::int64_t> expected;
  for (int z = 1; z < 7; ++z) {
    for (int y = 2; y < 11; ++y) {
      for (int x = 5; x < 80; ++x) {
        const int in_a = a.at(x, y, z);
        const int in_b = b.at(x - 5, y - 2, z - 1);
        if (in_a >= 0 && in_b >= 0) ++expected[{in_a, in_b}];
      }
    }
  }
  std::map<std::pair<int, int>, std::int64_t> found;
  for (const ComponentOverlap& pair : overlaps(a, b)) found[{pair.a, pair.b}] = pair.voxels;
  EXPECT_EQ(found, expected);
  EXPECT_FALSE(found.empty());
}

TEST(Components, EqualPeersOnSeededMasks) {
  for (const FixtureRow& row : read_fixture("component_cases.csv")) {
    const BitMask mask = row.mask("mask");
    const auto text = [&mask](Neighbours neighbours) {
      std::string result;
      for (const auto size : sizes(mask, neighbours)) {
        result += (result.empty() ? "" : " ") + std::to_string(size);
      }
      return result;
    };
    EXPECT_EQ(text(Neighbours::k6), row.text("faces"));
    EXPECT_EQ(text(Neighbours::k26), row.text("all"));
    EXPECT_EQ(
        text(Neighbours::k18),
        row.text(row.extent().z == 1 && row.whole("dimensions") == 2 ? "all" : "faces_edges"));
  }
}

}  // namespace
}  // namespace medperf::metrics
