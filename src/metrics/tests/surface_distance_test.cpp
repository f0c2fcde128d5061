#include "metrics/segmentation/surface_distance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "metrics/segmentation/surface_metrics.h"

namespace medperf::metrics {
namespace {

struct Voxel {
  int x, y, z;
};

std::vector<Voxel> voxels_of(const BitMask& mask) {
  std::vector<Voxel> voxels;
  const auto& first = mask.box().first;
  for_each_run(mask, [&](int y, int z, int begin, int end) {
    for (int x = begin; x < end; ++x) {
      voxels.push_back({x + first[0], y + first[1], z + first[2]});
    }
  });
  return voxels;
}

/// Every voxel against every other: what all faster ways must equal.
std::vector<double> brute_force(const BitMask& from, const BitMask& to, const SpacingMm& spacing) {
  std::vector<double> squared;
  const std::vector<Voxel> targets = voxels_of(to);
  for (const Voxel& a : voxels_of(from)) {
    double best = INFINITY;
    for (const Voxel& b : targets) {
      const double x = std::abs(a.x - b.x) * spacing.x;
      const double y = std::abs(a.y - b.y) * spacing.y;
      const double z = std::abs(a.z - b.z) * spacing.z;
      best = std::min(best, (x * x + y * y) + z * z);
    }
    squared.push_back(best);
  }
  std::sort(squared.begin(), squared.end());
  return squared;
}

std::vector<double> sorted(const DirectedDistances& distances) {
  std::vector<double> squared;
  for (const DistanceCount& one : distances.counted) {
    squared.insert(squared.end(), static_cast<std::size_t>(one.voxels), one.squared_mm2);
  }
  EXPECT_TRUE(std::is_sorted(squared.begin(), squared.end()));
  return squared;
}

BitMask random_blobs(const Box& box, std::mt19937& random, int blobs) {
  BitMask mask(box);
  const Extent e = box.extent();
  const auto below = [&random](int limit) {
    return static_cast<int>(random() % static_cast<unsigned>(limit));
  };
  for (int i = 0; i < blobs; ++i) {
    const Voxel centre{below(e.x), below(e.y), below(e.z)};
    const int radius = below(6);
    for (int z = std::max(0, centre.z - radius); z < std::min(e.z, centre.z + radius + 1); ++z) {
      for (int y = std::max(0, centre.y - radius); y < std::min(e.y, centre.y + radius + 1); ++y) {
        for (int x = std::max(0, centre.x - radius); x < std::min(e.x, centre.x + radius + 1);
             ++x) {
          const int dx = x - centre.x;
          const int dy = y - centre.y;
          const int dz = z - centre.z;
          if (dx * dx + dy * dy + dz * dz <= radius * radius) mask.set(x, y, z);
        }
      }
    }
  }
  return mask;
}

const SpacingMm kSpacings[] = {{1, 1, 1}, {0.7, 0.7, 5}, {3, 0.4, 1.1}, {0.8F, 0.8F, 0.8F}};

TEST(SurfaceDistance, EveryWayEqualsBruteForceOnRandomMasks) {
  std::mt19937 random(5);
  for (int round = 0; round < 120; ++round) {
    const int size_x = 1 + static_cast<int>(random() % (round % 3 == 0 ? 200 : 40));
    const int size_y = 1 + static_cast<int>(random() % 40);
    const int size_z = round % 4 == 0 ? 1 : 1 + static_cast<int>(random() % 25);
    const Box box{{0, 0, 0}, {size_x, size_y, size_z}};
    const Dimensions dimensions = size_z == 1 ? Dimensions::k2 : Dimensions::k3;
    const BitMask a = random_blobs(box, random, 1 + static_cast<int>(random() % 4));
    const BitMask b = random_blobs(box, random, 1 + static_cast<int>(random() % 4));
    const SpacingMm& spacing = kSpacings[round % 4];
    const BitMask surface_a = surface_of(a, dimensions);
    const BitMask surface_b = surface_of(b, dimensions);
    const auto expected_a = brute_force(surface_a, surface_b, spacing);
    const auto expected_b = brute_force(surface_b, surface_a, spacing);
    for (const Simd simd : available_simd()) {
      for (const DistanceMethod method :
           {DistanceMethod::kAutomatic, DistanceMethod::kSearchOnly}) {
        const auto found = surface_distances(a, b, spacing, dimensions, {method, simd});
        ASSERT_EQ(sorted(found.to_reference), expected_a) << "round " << round;
        ASSERT_EQ(sorted(found.to_prediction), expected_b) << "round " << round;
      }
      const auto found =
          surface_distances(a, b, spacing, dimensions, {DistanceMethod::kTransformOnly, simd});
      const auto transformed = sorted(found.to_reference);
      ASSERT_EQ(transformed.size(), expected_a.size());
      for (std::size_t i = 0; i < transformed.size(); ++i) {
        ASSERT_NEAR(transformed[i], expected_a[i], 1e-13 * expected_a[i]);
      }
    }
  }
}

TEST(SurfaceDistance, FarAndScatteredTargets) {
  // Far beyond the rows and blocks that are searched first, in boxes wider than one word of blocks.
  std::mt19937 random(6);
  for (int round = 0; round < 12; ++round) {
    const Box box{{0, 0, 0}, {600, 70, 40}};
    BitMask a(box);
    BitMask b(box);
    for (int i = 0; i < 20; ++i) {
      a.set(static_cast<int>(random() % 600), static_cast<int>(random() % 70),
            static_cast<int>(random() % 40));
      b.set(round % 2 == 0 ? static_cast<int>(random() % 600) : 590,
            static_cast<int>(random() % 70), static_cast<int>(random() % 40));
    }
    const SpacingMm& spacing = kSpacings[round % 4];
    const auto expected = brute_force(a, b, spacing);
    for (const DistanceMethod method : {DistanceMethod::kAutomatic, DistanceMethod::kSearchOnly}) {
      const auto found = surface_distances(a, b, spacing, Dimensions::k3, {method, best_simd()});
      ASSERT_EQ(sorted(found.to_reference), expected);
    }
    const auto found =
        surface_distances(a, b, spacing, Dimensions::k3, {DistanceMethod::kTransformOnly});
    const auto transformed = sorted(found.to_reference);
    for (std::size_t i = 0; i < transformed.size(); ++i) {
      ASSERT_NEAR(transformed[i], expected[i], 1e-13 * expected[i]);
    }
  }
}

TEST(SurfaceDistance, ManyFarVoxelsAreLeftToTheTransform) {
  const Box box{{0, 0, 0}, {96, 48, 40}};
  std::mt19937 random(9);
  BitMask a(box);
  BitMask b(box);
  for (int z = 0; z < 40; ++z) {
    for (int y = 0; y < 48; ++y) {
      for (int x = 0; x < 20; ++x) {
        if (random() % 2 == 0) a.set(x, y, z);
      }
      if (random() % 40 == 0) b.set(90, y, z);
    }
  }
  const SpacingMm spacing{0.9, 1.3, 2};
  const auto automatic = surface_distances(a, b, spacing, Dimensions::k3);
  const auto searched =
      surface_distances(a, b, spacing, Dimensions::k3, {DistanceMethod::kSearchOnly});
  const auto expected = sorted(searched.to_reference);
  const auto found = sorted(automatic.to_reference);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], expected[i], 1e-13 * expected[i]);
  }
}

TEST(SurfaceDistance, PartsOfASurfaceMayBeNearFarAndLeftOpen) {
  // A dense cloud, whose slices 0 to 9 touch the other mask, and whose others see only single
  // voxels of it, far away: some parts have lists of what is left, some have all of it left.
  const Box box{{0, 0, 0}, {200, 40, 64}};
  std::mt19937 random(10);
  BitMask a(box);
  BitMask b(box);
  for (int z = 0; z < 64; ++z) {
    for (int y = 0; y < 40; ++y) {
      for (int x = 0; x < 20; ++x) {
        if (random() % 2 == 0) a.set(x, y, z);
        if (z < 10 && random() % 5 == 0) b.set(x, y, z);
      }
    }
    b.set(199, static_cast<int>(random() % 40), z);
  }
  const SpacingMm spacing{0.9, 1.3, 2};
  const BitMask surfaces[] = {surface_of(moved(a, box, kSurfacePadding), Dimensions::k3),
                              surface_of(moved(b, box, kSurfacePadding), Dimensions::k3)};
  const auto expected_a = brute_force(surfaces[0], surfaces[1], spacing);
  const auto expected_b = brute_force(surfaces[1], surfaces[0], spacing);
  const SurfacePair pair{&surfaces[0], &surfaces[1]};
  for (const DistanceMethod method :
       {DistanceMethod::kAutomatic, DistanceMethod::kSearchOnly, DistanceMethod::kTransformOnly}) {
    std::vector<double> first;
    for (const int threads : {1, 2, 3}) {
      Workers workers(threads);
      const auto found = surface_distances({&pair, 1}, spacing, workers, {method}).front();
      const auto to_reference = sorted(found.to_reference);
      const auto to_prediction = sorted(found.to_prediction);
      ASSERT_EQ(to_reference.size(), expected_a.size());
      ASSERT_EQ(to_prediction.size(), expected_b.size());
      for (std::size_t i = 0; i < expected_a.size(); ++i) {
        ASSERT_NEAR(to_reference[i], expected_a[i], 1e-13 * expected_a[i]);
      }
      for (std::size_t i = 0; i < expected_b.size(); ++i) {
        ASSERT_NEAR(to_prediction[i], expected_b[i], 1e-13 * expected_b[i]);
      }
      if (threads == 1) first = to_reference;
      ASSERT_EQ(to_reference, first) << "threads must not matter";
    }
  }
}

}  // namespace
}  // namespace medperf::metrics
