// Figures of other programs for the same masks (oracle/make_surface_fixtures.py).

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "mask_fixture.h"
#include "metrics/segmentation/overlap.h"
#include "metrics/segmentation/surface_metrics.h"

namespace medperf::metrics {
namespace {

constexpr double kDouble = 1e-9;  // of programs that count in 64 bits
constexpr double kSingle = 2e-6;  // in 32 bits

TEST(SurfaceOracle, FiguresOfScipyMonaiAndPanoptica) {
  for (const FixtureRow& row : read_fixture("surface_cases.csv")) {
    const BitMask prediction = row.mask("prediction");
    const BitMask reference = row.mask("reference");
    const SurfaceDistances distances =
        surface_distances(prediction, reference, row.spacing(), row.dimensions());
    const auto expect = [&](const Estimate& ours, const char* theirs, double relative) {
      ASSERT_TRUE(ours.value) << theirs;
      const double value = row.number(theirs);
      EXPECT_NEAR(*ours.value, value, relative * std::max(1.0, std::abs(value))) << theirs;
    };
    const Estimate nsd = normalised_surface_distance(distances, row.number("tau"));
    expect(hausdorff(distances), "hd_scipy", kDouble);
    expect(hausdorff95(distances), "hd95_scipy", kDouble);
    expect(hausdorff95_pooled(distances), "hd95_pooled_scipy", kDouble);
    expect(average_symmetric_surface_distance(distances), "assd_scipy", kDouble);
    expect(mean_average_surface_distance(distances), "masd_scipy", kDouble);
    expect(nsd, "nsd_scipy", kDouble);
    expect(hausdorff95_pooled(distances), "hd95_pooled_panoptica", kDouble);
    expect(mean_average_surface_distance(distances), "masd_panoptica", kDouble);
    expect(hausdorff(distances), "hd_monai", kSingle);
    expect(hausdorff95(distances), "hd95_monai", kSingle);
    expect(average_symmetric_surface_distance(distances), "assd_monai", kSingle);
    expect(nsd, "nsd_monai", kSingle);

    Overlap overlap;
    for_each_run(prediction, [&](int y, int z, int first, int last) {
      for (int x = first; x < last; ++x) {
        ++(reference.get(x, y, z) ? overlap.tp : overlap.fp);
      }
    });
    overlap.fn = reference.count() - overlap.tp;
    expect(dice(overlap), "dice_monai", kSingle);
    expect(intersection_over_union(overlap), "iou_monai", kSingle);
  }
}

}  // namespace
}  // namespace medperf::metrics
