// Figures of ITK for the same masks (oracle/make_itk_fixtures.py): those that are ours, and those
// of other definitions that have the same names.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "mask_fixture.h"
#include "metrics/segmentation/components.h"
#include "metrics/segmentation/overlap.h"
#include "metrics/segmentation/surface_metrics.h"
#include "point_distances.h"

namespace medperf::metrics {
namespace {

constexpr double kDouble = 1e-9;  // of filters that count in 64 bits
constexpr double kSingle = 2e-6;  // of distance maps, in 32 bits

void expect_near(double ours, const FixtureRow& row, const char* theirs, double relative) {
  const double value = row.number(theirs);
  EXPECT_NEAR(ours, value, relative * std::max(1.0, std::abs(value))) << theirs;
}

TEST(ItkOracle, Overlap) {
  for (const FixtureRow& row : read_fixture("itk_cases.csv")) {
    const BitMask prediction = row.mask("prediction");
    const BitMask reference = row.mask("reference");
    Overlap overlap;
    for_each_run(prediction, [&](int y, int z, int first, int last) {
      for (int x = first; x < last; ++x) {
        ++(reference.get(x, y, z) ? overlap.tp : overlap.fp);
      }
    });
    overlap.fn = reference.count() - overlap.tp;
    expect_near(*dice(overlap).value, row, "dice", kDouble);
    expect_near(*intersection_over_union(overlap).value, row, "jaccard", kDouble);
    expect_near(1 - *voxel_sensitivity(overlap).value, row, "false_negative_rate", kDouble);
    expect_near(1 - *voxel_precision(overlap).value, row, "false_discovery_rate", kDouble);
    // ITK's volume similarity is signed and twice as large: 0 is best.
    EXPECT_NEAR(*volume_similarity(overlap).value,
                1 - std::abs(row.number("volume_similarity")) / 2, kDouble);
  }
}

TEST(ItkOracle, DistancesOfContours) {
  for (const FixtureRow& row : read_fixture("itk_cases.csv")) {
    const SurfaceDistances found = surface_distances(row.mask("prediction"), row.mask("reference"),
                                                     row.spacing(), row.dimensions());
    expect_near(*hausdorff(found).value, row, "hd", kSingle);
    expect_near(*hausdorff95(found).value, row, "hd95", kSingle);
    expect_near(*hausdorff95_pooled(found).value, row, "hd95_pooled", kSingle);
    expect_near(*average_symmetric_surface_distance(found).value, row, "assd", kSingle);
    expect_near(*mean_average_surface_distance(found).value, row, "masd", kSingle);
  }
}

// ITK's Hausdorff filter measures all voxels of a mask: what lies inside the other has distance 0.
// Its maximum is never larger, and its average is far from an average surface distance.
TEST(ItkOracle, HausdorffFilterIsOfSets) {
  int other_averages = 0;
  for (const FixtureRow& row : read_fixture("itk_cases.csv")) {
    const BitMask prediction = row.mask("prediction");
    const BitMask reference = row.mask("reference");
    const Points p = voxels(prediction, row.spacing());
    const Points r = voxels(reference, row.spacing());
    const auto there = distances(p, r);
    const auto back = distances(r, p);
    expect_near(std::max(largest(there), largest(back)), row, "hd_sets", kSingle);
    expect_near((mean(there) + mean(back)) / 2, row, "average_hd_sets", kSingle);
    const SurfaceDistances ours =
        surface_distances(prediction, reference, row.spacing(), row.dimensions());
    EXPECT_LE(row.number("hd_sets"), *hausdorff(ours).value + 1e-5);
    const double ratio = *mean_average_surface_distance(ours).value / row.number("average_hd_sets");
    other_averages += ratio > 1.1 || ratio < 0.9 ? 1 : 0;
  }
  EXPECT_GT(other_averages, 12) << "of 24";
}

TEST(ItkOracle, NumbersOfComponents) {
  for (const FixtureRow& row : read_fixture("itk_cases.csv")) {
    const BitMask reference = row.mask("reference");
    EXPECT_EQ(static_cast<int>(Components(reference, Neighbours::k6).size()),
              row.whole("components_faces"));
    EXPECT_EQ(static_cast<int>(Components(reference, Neighbours::k26).size()),
              row.whole("components_corners"));
  }
}

}  // namespace
}  // namespace medperf::metrics
