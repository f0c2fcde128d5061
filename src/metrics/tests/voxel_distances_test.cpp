#include "metrics/segmentation/voxel_distances.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "metrics/segmentation/surface_distance.h"

namespace medperf::metrics {
namespace {

using Voxel = std::array<int, 3>;

std::vector<Voxel> voxels(const BitMask& mask) {
  std::vector<Voxel> result;
  for_each_run(mask, [&result](int y, int z, int first, int last) {
    for (int x = first; x < last; ++x) result.push_back({x, y, z});
  });
  return result;
}

/// Every voxel once, with its distance by trying all targets.
void expect_exact(const BitMask& queries, const BitMask& targets, const SpacingMm& spacing) {
  const auto to = voxels(targets);
  BitMask seen(queries.box(), kSurfacePadding);
  const auto expect_voxel = [&](int x, int y, int z, double squared_mm2) {
    EXPECT_FALSE(seen.get(x, y, z));
    seen.set(x, y, z);
    double expected = std::numeric_limits<double>::infinity();
    for (const Voxel& one : to) {
      const double dx = (x - one[0]) * spacing.x;
      const double dy = (y - one[1]) * spacing.y;
      const double dz = (z - one[2]) * spacing.z;
      expected = std::min(expected, dx * dx + dy * dy + dz * dz);
    }
    ASSERT_NEAR(squared_mm2, expected, 1e-12 * (1 + expected));
  };
  for_each_distance(queries, targets, spacing,
                    [&](int x, int y, int z, std::uint64_t bits, double squared_mm2) {
                      EXPECT_NE(bits, 0U);
                      for (; bits != 0; bits &= bits - 1) {
                        expect_voxel(x + std::countr_zero(bits), y, z, squared_mm2);
                      }
                    });
  EXPECT_EQ(seen, queries);
}

BitMask random_mask(const Box& box, unsigned seed, unsigned one_in, int from_x, int to_x) {
  std::mt19937 random(seed);
  BitMask mask(box, kSurfacePadding);
  const Extent extent = mask.extent();
  for (int z = 0; z < extent.z; ++z) {
    for (int y = 0; y < extent.y; ++y) {
      for (int x = from_x; x < to_x; ++x) {
        if (random() % one_in == 0) mask.set(x, y, z);
      }
    }
  }
  mask.set(from_x, 0, 0);
  return mask;
}

TEST(VoxelDistances, EqualTryingAllTargets) {
  for (const SpacingMm& spacing : {SpacingMm{1, 1, 1}, SpacingMm{0.7, 1.9, 4}}) {
    const Box volume{{3, 4, 5}, {73, 11, 10}};
    const Box plane{{0, 0, 0}, {130, 12, 1}};
    for (const unsigned one_in : {2U, 30U, 500U}) {
      expect_exact(random_mask(volume, one_in, 5, 0, 70), random_mask(volume, 7, one_in, 0, 70),
                   spacing);
      expect_exact(random_mask(plane, one_in, 5, 0, 130), random_mask(plane, 7, one_in, 0, 130),
                   spacing);
    }
  }
}

TEST(VoxelDistances, ManyFarVoxelsAreLeftToTheTransform) {
  // A dense block far from a thin target: searching costs more than its share.
  const Box box{{0, 0, 0}, {120, 24, 24}};
  expect_exact(random_mask(box, 1, 1, 70, 120), random_mask(box, 2, 97, 0, 3), {1, 1.5, 2});
  expect_exact(random_mask(box, 1, 1, 0, 120), random_mask(box, 2, 10000, 0, 1), {1, 1, 1});
}

}  // namespace
}  // namespace medperf::metrics
