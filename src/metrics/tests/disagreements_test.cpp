// Where existing tools give different numbers for the same pair of masks. Each test has a small
// pair that shows it, the other convention's value from first principles or from our alternative of
// that name, and the side that we take.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "mask_fixture.h"
#include "metrics/segmentation/components.h"
#include "metrics/segmentation/lesion_wise.h"
#include "metrics/segmentation/overlap.h"
#include "metrics/segmentation/panoptic.h"
#include "metrics/segmentation/surface_metrics.h"
#include "metrics/segmentation/surfel.h"
#include "point_distances.h"

namespace medperf::metrics {
namespace {

/// A planar image of a size with some filled rectangles.
BitMask plane(int nx, int ny, const std::vector<std::array<int, 4>>& rectangles) {
  BitMask mask({{0, 0, 0}, {nx, ny, 1}});
  for (const auto& [x0, y0, x1, y1] : rectangles) {
    for (int y = y0; y < y1; ++y) {
      for (int x = x0; x < x1; ++x) mask.set(x, y, 0);
    }
  }
  return mask;
}

/// Voxels of one mask that the other lacks.
BitMask without(const BitMask& mask, const BitMask& other) {
  BitMask result = mask;
  for_each_run(other, [&result](int y, int z, int first, int last) {
    for (int x = first; x < last; ++x) result.clear(x, y, z);
  });
  return result;
}

/// The smallest value that at least this share does not exceed.
double stepped(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double place = std::ceil(share * static_cast<double>(values.size()) - 1e-9);
  return values[static_cast<std::size_t>(place) - 1];
}

SurfaceDistances between(const BitMask& prediction, const BitMask& reference,
                         const SpacingMm& spacing = kMillimetre) {
  return surface_distances(prediction, reference, spacing, Dimensions::k2);
}

SurfelDistances surfels(const BitMask& prediction, const BitMask& reference,
                        const SpacingMm& spacing = kMillimetre) {
  return surfel_distances(prediction, reference, spacing, Dimensions::k2);
}

// HD95 is the larger of two directed percentiles (surface-distance, MONAI, MetricsReloaded), not
// the percentile of both directions in one list (MedPy, GaNDLF, panoptica, seg_metrics).
TEST(Disagreement, Hd95IsTheLargerOfBothDirections) {
  const BitMask reference = plane(100, 8, {{0, 0, 100, 1}});
  const BitMask prediction = plane(100, 8, {{0, 1, 100, 2}, {40, 5, 47, 6}});
  const auto found = between(prediction, reference);
  EXPECT_EQ(*hausdorff95(found).value, 5) << "7 of 107 predicted voxels are 5 mm away";
  EXPECT_EQ(*hausdorff95_pooled(found).value, 1) << "but only 7 of all 207";
  auto pooled = distances(voxels(prediction), voxels(reference));
  const auto back = distances(voxels(reference), voxels(prediction));
  pooled.insert(pooled.end(), back.begin(), back.end());
  EXPECT_EQ(interpolated(pooled, 0.95), 1);
  EXPECT_NE(hausdorff95(found).convention, hausdorff95_pooled(found).convention);
}

// The percentile is linear between order statistics, each voxel counting once; surface-distance
// takes steps, weighted by area. Ours of that kind is a metric of its own.
TEST(Disagreement, Hd95IsInterpolatedAndNotAStepOfTheArea) {
  const BitMask line = plane(30, 3, {{0, 1, 20, 2}});
  const BitMask end = plane(30, 3, {{0, 1, 1, 2}});
  const auto each = distances(voxels(line), voxels(end));
  EXPECT_NEAR(*hausdorff95(between(line, end)).value, 18.05, 1e-12);
  EXPECT_NEAR(interpolated(each, 0.95), 18.05, 1e-12);
  EXPECT_EQ(stepped(each, 0.95), 18) << "the step function on the same distances";
  // By area: 42 corners, the four at the ends of the line count sqrt(1/2), the others 1.
  EXPECT_EQ(*surfel_hausdorff(surfels(line, end), 95).value, 18);
  EXPECT_EQ(*surfel_hausdorff(surfels(line, end), 100).value, 19);
}

// The percentile is taken over the surface, not over the voxels in which the masks disagree
// (EvaluateSegmentation): those leave out all that is right.
TEST(Disagreement, Hd95CountsTheWholeSurface) {
  const BitMask reference = plane(30, 30, {{0, 0, 20, 20}});
  const BitMask prediction = plane(30, 30, {{0, 0, 20, 20}, {20, 10, 23, 11}});
  EXPECT_EQ(*hausdorff95(between(prediction, reference)).value, 0);
  const auto wrong = distances(voxels(without(prediction, reference)), voxels(reference));
  EXPECT_NEAR(interpolated(wrong, 0.95), 2.9, 1e-12);
}

// The percentile is of the surface's voxels. MetricsReloaded before #41 took it over every voxel of
// the union of both masks, in which all but the surface's are 0: a large structure has no HD95.
TEST(Disagreement, Hd95IsNotOfTheUnionVolume) {
  const BitMask reference = plane(50, 40, {{0, 0, 40, 40}});
  const BitMask prediction = plane(50, 40, {{3, 0, 43, 40}});
  EXPECT_EQ(*hausdorff95(between(prediction, reference)).value, 3);
  const auto over_union = [](const BitMask& one, const BitMask& other) {
    auto values = distances(voxels(surface_of(one, Dimensions::k2)),
                            voxels(surface_of(other, Dimensions::k2)));
    EXPECT_EQ(interpolated(values, 0.95), 3);
    values.resize(static_cast<std::size_t>(other.count() + without(one, other).count()), 0.0);
    return interpolated(values, 0.95);
  };
  EXPECT_EQ(std::max(over_union(prediction, reference), over_union(reference, prediction)), 0)
      << "82 of 1,720 voxels have a distance above 0";
}

// Hausdorff distances are those of surfaces. ITK's filter measures the sets: what lies inside the
// other mask has distance 0, so a hole is hardly seen.
TEST(Disagreement, HausdorffIsOfSurfacesAndNotOfSets) {
  const BitMask reference = plane(9, 9, {{0, 0, 9, 9}});
  const BitMask hole = plane(9, 9, {{4, 4, 5, 5}});
  const BitMask prediction = without(reference, hole);
  EXPECT_EQ(*hausdorff(between(prediction, reference)).value, 3);
  const double of_sets = std::max(largest(distances(voxels(prediction), voxels(reference))),
                                  largest(distances(voxels(reference), voxels(prediction))));
  EXPECT_EQ(of_sets, 1);
}

// ITK's "average Hausdorff distance" is a mean over every voxel of the masks; most lie inside the
// other and add 0. It shrinks with the size of the structure and is not ASSD.
TEST(Disagreement, AssdIsNotItksAverageHausdorff) {
  const auto figures = [](int side) {
    const BitMask reference = plane(30, 30, {{0, 0, side, side}});
    const BitMask prediction = plane(30, 30, {{2, 0, side + 2, side}});
    const double of_sets = (mean(distances(voxels(prediction), voxels(reference))) +
                            mean(distances(voxels(reference), voxels(prediction)))) /
                           2;
    const auto found = between(prediction, reference);
    return std::pair(*average_symmetric_surface_distance(found).value, of_sets);
  };
  const auto [small_assd, small_itk] = figures(10);
  const auto [large_assd, large_itk] = figures(20);
  EXPECT_NEAR(small_itk, 3.0 / 10, 1e-12) << "columns at 1 and 2 mm, the rest 0";
  EXPECT_NEAR(large_itk, 3.0 / 20, 1e-12);
  EXPECT_GT(small_assd, 0.8);
  EXPECT_GT(large_assd, 0.8) << "the same error on a larger structure";
}

// Volume similarity is 1 for equal volumes (Taha, Hanbury); ITK's is signed, and 0 is best.
TEST(Disagreement, VolumeSimilarityIsOneAtItsBest) {
  const Overlap half{50, 0, 50, 900};
  EXPECT_NEAR(*volume_similarity(half).value, 2.0 / 3, 1e-15);
  const double itk = 2.0 * (50 - 100) / (50 + 100);
  EXPECT_NEAR(itk, -2.0 / 3, 1e-15);
  const Overlap equal{0, 50, 50, 900};
  EXPECT_EQ(*volume_similarity(equal).value, 1);
  EXPECT_EQ(*relative_volume_difference(half).value, -0.5) << "the signed one is a metric apart";
}

// ASSD is the mean of both directions in one list, MASD the mean of the two means, and a
// one-directed mean (MONAI without symmetric=True) depends on which mask is named first.
TEST(Disagreement, AssdMasdAndOneDirectedMeansAreThreeFigures) {
  const BitMask line = plane(30, 3, {{0, 1, 21, 2}});
  const BitMask end = plane(30, 3, {{0, 1, 1, 2}});
  const auto found = between(line, end);
  EXPECT_NEAR(*average_symmetric_surface_distance(found).value, 210.0 / 22, 1e-12);
  EXPECT_NEAR(*mean_average_surface_distance(found).value, 5, 1e-12);
  EXPECT_NEAR(mean(distances(voxels(line), voxels(end))), 10, 1e-12);
  EXPECT_EQ(mean(distances(voxels(end), voxels(line))), 0);
}

// Surfaces are voxel centres, each counting once. DeepMind's corners weighted by area give another
// figure, under its own id.
TEST(Disagreement, SurfacesAreVoxelCentres) {
  const BitMask prediction = plane(6, 6, {{2, 2, 3, 3}});
  const BitMask reference = plane(6, 6, {{2, 2, 4, 3}});
  EXPECT_NEAR(*normalised_surface_distance(between(prediction, reference), 0.5).value, 2.0 / 3,
              1e-12);
  const double corner = std::sqrt(0.5);
  const auto by_area = surfel_surface_dice(surfels(prediction, reference), 0.5);
  EXPECT_NEAR(*by_area.value, (6 * corner + 2) / (8 * corner + 2), 1e-12);
  EXPECT_EQ(by_area.convention, "surfel-2x2");
}

// A spacing of 0.8 mm is 0.800000012 in a NIfTI header, so three voxels are more than 2.4 mm. What
// is meant to be within tau is.
TEST(Disagreement, ThreeVoxelsOfSinglePrecisionAreWithinTau) {
  const auto stored = static_cast<double>(0.8F);
  const SpacingMm spacing{stored, stored, stored};
  const BitMask a = plane(8, 3, {{1, 1, 2, 2}});
  const BitMask b = plane(8, 3, {{4, 1, 5, 2}});
  const double three_voxels = distances(voxels(a, spacing), voxels(b, spacing))[0];
  EXPECT_FALSE(three_voxels <= 2.4) << "what a plain comparison throws out";
  EXPECT_EQ(*normalised_surface_distance(between(a, b, spacing), 2.4).value, 1);
  const auto by_area = surfels(a, b, spacing);
  EXPECT_EQ(*surfel_surface_dice(by_area, 2.4).value, 1);
  double plainly = 0;
  for (const AreaByDistance* from : {&by_area.from_reference, &by_area.from_prediction}) {
    for (std::size_t i = 0; i < from->area.size(); ++i) {
      if (from->distance_mm[i] <= 2.4) plainly += from->area[i] / (2 * from->total_area);
    }
  }
  EXPECT_NEAR(plainly, 0.5, 1e-12);
  EXPECT_LT(*normalised_surface_distance(between(a, b, spacing), 2.39).value, 1);
}

// Both masks empty is agreement: Dice and IoU are 1, with a flag (MONAI: NaN; MetricsReloaded: Dice
// 1 but IoU NaN).
TEST(Disagreement, BothEmptyIsOneForDiceAndIouAlike) {
  const Overlap nothing{0, 0, 0, 100};
  EXPECT_EQ(*dice(nothing).value, 1);
  EXPECT_EQ(*intersection_over_union(nothing).value, 1);
  EXPECT_EQ(dice(nothing).flag, flag::kBothEmpty);
  const BitMask none = plane(4, 4, {});
  EXPECT_EQ(*hausdorff95(between(none, none)).value, 0);
  EXPECT_EQ(hausdorff95(between(none, none)).flag, flag::kBothEmpty);
}

// A false alarm on a case without the structure is a Dice of 0 (MONAI with ignore_empty: NaN, which
// its mean leaves out, so that the alarm costs nothing).
TEST(Disagreement, AFalseAlarmDoesNotVanish) {
  const Overlap alarm{0, 7, 0, 93};
  EXPECT_EQ(*dice(alarm).value, 0);
  EXPECT_EQ(dice(alarm).flag, flag::kReferenceEmpty);
  const double with_alarm = (1.0 + *dice(alarm).value) / 2;
  EXPECT_EQ(with_alarm, 0.5) << "a mean without it would say 1";
}

// The distance to nothing is undefined: not infinity (surface-distance, MONAI), which swallows the
// mean; not NaN (MetricsReloaded), which is dropped in silence; not 374 (BraTS), which a benchmark
// may choose to put in its place.
TEST(Disagreement, TheDistanceToNothingIsUndefined) {
  const BitMask some = plane(4, 4, {{1, 1, 3, 3}});
  const BitMask none = plane(4, 4, {});
  for (const Estimate& estimate : {hausdorff(between(none, some)), hausdorff95(between(none, some)),
                                   average_symmetric_surface_distance(between(none, some)),
                                   mean_average_surface_distance(between(none, some)),
                                   surfel_hausdorff(surfels(none, some), 95),
                                   surfel_average_from_reference(surfels(none, some))}) {
    EXPECT_FALSE(estimate.value.has_value());
    EXPECT_EQ(estimate.flag, flag::kPredictionEmpty);
  }
  EXPECT_EQ(distances(voxels(some), voxels(none))[0], std::numeric_limits<double>::infinity());
  const LesionPolicy& policy = *find_lesion_policy("brats-2023-met");
  const auto table = lesion_table(none, some, kMillimetre, {4, 4, 1}, policy.rules);
  EXPECT_FALSE(table.lesions[0].hd95.value);
  EXPECT_EQ(*lesion_wise_hd95(table, policy).value, 374) << "only by the policy's leave";
}

// Distances are in millimetres and a spacing must be given (MONAI and EvaluateSegmentation count
// voxels unless told). Its axes have names: an array read as z, y, x gives other figures.
TEST(Disagreement, DistancesAreInMillimetresAlongNamedAxes) {
  BitMask a({{0, 0, 0}, {4, 4, 4}});
  BitMask b({{0, 0, 0}, {4, 4, 4}});
  a.set(1, 1, 0);
  b.set(1, 1, 2);
  const auto hd = [&](const SpacingMm& spacing) {
    return *hausdorff(surface_distances(a, b, spacing, Dimensions::k3)).value;
  };
  EXPECT_EQ(hd({0.5, 0.5, 5}), 10);
  EXPECT_EQ(hd({5, 0.5, 0.5}), 1) << "the axes taken the wrong way round";
  EXPECT_EQ(hd({1, 1, 1}), 2) << "voxels";
  const std::vector<std::uint8_t> labels(8);
  for (const double spacing : {0.0, -1.0, std::nan("")}) {
    EXPECT_FALSE(
        LabelVolume::view(std::span<const std::uint8_t>(labels), {2, 2, 2}, {1, 1, spacing}).ok());
  }
}

// Outside the image is background: a voxel at its edge belongs to the surface. Contours that need
// a background neighbour within the image (some of ITK's) do not see it.
TEST(Disagreement, TheEdgeOfTheImageIsSurface) {
  const BitMask full = plane(5, 5, {{0, 0, 5, 5}});
  EXPECT_EQ(surface_of(full, Dimensions::k2).count(), 16);
  int beside_background = 0;  // of the image
  for (const Point& voxel : voxels(full)) {
    const auto x = static_cast<int>(voxel[0]);
    const auto y = static_cast<int>(voxel[1]);
    const bool inside = x > 0 && y > 0 && x < 4 && y < 4;
    const bool alone = (x > 0 && !full.get(x - 1, y, 0)) || (x < 4 && !full.get(x + 1, y, 0)) ||
                       (y > 0 && !full.get(x, y - 1, 0)) || (y < 4 && !full.get(x, y + 1, 0));
    beside_background += alone ? 1 : 0;
    EXPECT_EQ(surface_of(full, Dimensions::k2).get(x, y, 0), !inside);
  }
  EXPECT_EQ(beside_background, 0) << "no contour at all";
  EXPECT_NEAR(surfels(full, full).from_reference.total_area, 4 * 4 + 4 * std::sqrt(0.5), 1e-12);
}

// Components touch by corners (cc3d), not only by faces (scipy's default), and the convention of
// all that rests on them says which.
TEST(Disagreement, ComponentsTouchByCorners) {
  const BitMask steps = drawn({{"##...", "..##.", "....#"}});
  EXPECT_EQ(Components(steps, Neighbours::k26).size(), 1U);
  EXPECT_EQ(Components(steps, Neighbours::k6).size(), 3U);
  const auto by_corners = panoptic_of_components(steps, steps, Dimensions::k2);
  const auto by_edges = panoptic_of_components(steps, steps, Dimensions::k2, Neighbours::k6);
  EXPECT_EQ(by_corners->tp, 1);
  EXPECT_EQ(by_edges->tp, 3);
  EXPECT_NE(by_corners->convention, by_edges->convention);
}

// No epsilon anywhere: 0 is 0, 1 is 1, and 0/0 is undefined (GaNDLF, panoptica, BraTS add the
// smallest double; losses used as metrics 1e-6 to 1).
TEST(Disagreement, NoEpsilonHidesADivisionByNothing) {
  const Overlap missed{0, 0, 1, 99};
  const auto smoothed = [](const Overlap& o, double epsilon) {
    return (2.0 * static_cast<double>(o.tp) + epsilon) /
           (static_cast<double>(2 * o.tp + o.fp + o.fn) + epsilon);
  };
  EXPECT_EQ(*dice(missed).value, 0);
  EXPECT_EQ(smoothed(missed, 1), 0.5) << "half marks for a missed voxel";
  EXPECT_EQ(*dice(Overlap{9, 0, 0, 91}).value, 1);
  EXPECT_FALSE(voxel_precision(missed).value) << "0/0";
  const double hidden =
      static_cast<double>(missed.tp) /
      (static_cast<double>(missed.tp + missed.fp) + std::numeric_limits<double>::min());
  EXPECT_EQ(hidden, 0) << "looks like a result";
}

// The script of BraTS 2023 measures lesions against a volume but not invented components, and its
// small lesions shield components that touch them. We take its rules as they are, under its name.
TEST(Disagreement, InventedComponentsHaveNoThresholdInBrats) {
  const LesionPolicy& policy = *find_lesion_policy("brats-2023-gli");
  const Extent image{40, 20, 1};
  const BitMask reference = plane(40, 20, {{2, 2, 12, 12}, {20, 2, 22, 4}});
  const BitMask prediction = plane(40, 20, {{2, 2, 12, 12}, {21, 3, 22, 4}, {35, 15, 36, 16}});
  const auto table = lesion_table(prediction, reference, kMillimetre, image, policy.rules);
  EXPECT_EQ(table.tp(), 1);
  EXPECT_EQ(table.fn(), 0) << "4 mm3 are not scored";
  EXPECT_EQ(table.fp(), 1) << "the single voxel far from all; not the one at the small lesion";
  EXPECT_DOUBLE_EQ(*lesion_wise_dice(table, policy).value, 0.5);
  const auto large =
      std::count_if(table.invented.begin(), table.invented.end(), [&policy](const Component& one) {
        return static_cast<double>(one.voxels) > policy.rules.ignored_mm3;
      });
  EXPECT_EQ(1.0 / static_cast<double>(1 + large), 1) << "with the threshold for both";
}

// The enhancing tumour of BraTS was label 4 until 2020 and is 3 since 2023. Neither is built in: a
// map with the other code has no enhancing tumour, and says so.
TEST(Disagreement, TheLabelOfEnhancingTumourIsTheBenchmarks) {
  const std::vector<std::uint8_t> labels = {0, 1, 2, 4};
  const auto volume = LabelVolume::view(std::span<const std::uint8_t>(labels), {4, 1, 1}, {});
  const auto old_code = overlap_of_regions(*volume, *volume, brats_regions(4));
  const auto new_code = overlap_of_regions(*volume, *volume, brats_regions());
  EXPECT_EQ((*old_code)[2].counts.tp, 1);
  EXPECT_EQ((*new_code)[2].counts.tp, 0);
  EXPECT_EQ(dice((*new_code)[2].counts).flag, flag::kBothEmpty);
  EXPECT_EQ((*old_code)[0].counts.tp, 3);
  EXPECT_EQ((*new_code)[0].counts.tp, 2);
}

// A pair at the threshold does not match: "above 0.5" is what makes matches unique. panoptica lets
// it match unless told to be strict.
TEST(Disagreement, AnIouAtTheThresholdDoesNotMatch) {
  const BitMask reference = drawn({{"####"}});
  const BitMask prediction = drawn({{"##.."}});
  const auto strict = panoptic_of_components(prediction, reference, Dimensions::k2);
  EXPECT_EQ(strict->tp, 0);
  const PanopticRules at_threshold{std::nextafter(0.5, 0), Matching::kGreedy};
  const auto lenient =
      panoptic_of_components(prediction, reference, Dimensions::k2, Neighbours::k26, at_threshold);
  EXPECT_EQ(lenient->tp, 1);
  EXPECT_EQ(*lenient->panoptic_quality.value, 0.5);
}

}  // namespace
}  // namespace medperf::metrics
