#include "metrics/segmentation/surfel.h"

#include <gtest/gtest.h>

#include <cmath>

#include "mask_fixture.h"

namespace medperf::metrics {
namespace {

constexpr SpacingMm kCube{1, 1, 1};

BitMask block(const Box& inside, const Box& box) {
  BitMask mask(box);
  for (int z = inside.first[2]; z < inside.last[2]; ++z) {
    for (int y = inside.first[1]; y < inside.last[1]; ++y) {
      for (int x = inside.first[0]; x < inside.last[0]; ++x) {
        mask.set(x - box.first[0], y - box.first[1], z - box.first[2]);
      }
    }
  }
  return mask;
}

SurfelDistances between(const BitMask& prediction, const BitMask& reference,
                        const SpacingMm& spacing = kCube, Dimensions dimensions = Dimensions::k3) {
  return surfel_distances(prediction, reference, spacing, dimensions);
}

TEST(Surfel, ABlockHasTheAreaOfItsFacesLessTheCutEdges) {
  // 4 x 3 x 2 voxels: flat pieces inside the faces, half-cut pieces along edges, eight corners.
  const BitMask mask = block({{1, 1, 1}, {5, 4, 3}}, {{0, 0, 0}, {8, 8, 8}});
  const auto distances = between(mask, mask);
  const double faces = 2.0 * (3 * 2 + 3 * 1 + 2 * 1);
  const double edges = 4.0 * (3 + 2 + 1) * std::sqrt(0.5);
  const double corners = 8 * std::sqrt(3) / 8;
  EXPECT_NEAR(distances.from_reference.total_area, faces + edges + corners, 1e-12);
  ASSERT_EQ(distances.from_reference.distance_mm, std::vector<double>{0});
  EXPECT_EQ(*surfel_hausdorff(distances, 95).value, 0);
  EXPECT_EQ(*surfel_surface_dice(distances, 0).value, 1);
  EXPECT_EQ(*surfel_average_from_reference(distances).value, 0);
  EXPECT_EQ(surfel_hausdorff(distances, 95).convention, "surfel-2x2x2");
}

TEST(Surfel, ATranslatedPlateIsAsFarAwayAsItWasMoved) {
  const BitMask reference = block({{0, 0, 0}, {20, 20, 2}}, {{0, 0, 0}, {20, 20, 2}});
  const BitMask prediction = block({{0, 0, 7}, {20, 20, 9}}, {{0, 0, 7}, {20, 20, 9}});
  const auto distances = between(prediction, reference, {1, 1, 2.5});
  EXPECT_DOUBLE_EQ(*surfel_hausdorff(distances, 100).value, 17.5);  // far side to near side
  EXPECT_DOUBLE_EQ(distances.from_reference.distance_mm.front(), 12.5);
  EXPECT_DOUBLE_EQ(*surfel_surface_dice(distances, 12.4).value, 0);
  EXPECT_DOUBLE_EQ(*surfel_surface_dice(distances, 17.5).value, 1);
}

TEST(Surfel, APercentileIsAStepFunctionOfTheArea) {
  // A bar of pixels beside one with a bump: the share of the contour beyond decides.
  const BitMask reference = drawn({{"##########", "..........", ".........."}});
  const BitMask prediction = drawn({{"##########", "....#.....", "....#....."}});
  const auto distances = between(prediction, reference, kCube, Dimensions::k2);
  EXPECT_EQ(distances.convention, "surfel-2x2");
  const auto& steps = distances.from_prediction;
  const double total = steps.total_area;
  double cumulated = 0;
  for (std::size_t i = 0; i + 1 < steps.area.size(); ++i) {
    cumulated += steps.area[i];
    EXPECT_EQ(*surfel_hausdorff(distances, 100 * cumulated / total).value, steps.distance_mm[i]);
    EXPECT_EQ(*surfel_hausdorff(distances, 100 * cumulated / total + 1e-6).value,
              steps.distance_mm[i + 1]);
  }
}

TEST(Surfel, EmptyMasksAreUndefinedOrSayWhy) {
  const BitMask some = block({{1, 1, 1}, {2, 2, 2}}, {{0, 0, 0}, {4, 4, 4}});
  const BitMask none(Box{});
  const auto both = between(none, none);
  EXPECT_EQ(*surfel_hausdorff(both, 95).value, 0);
  EXPECT_EQ(*surfel_surface_dice(both, 1).value, 1);
  EXPECT_EQ(*surfel_average_from_prediction(both).value, 0);
  EXPECT_EQ(surfel_hausdorff(both, 95).flag, flag::kBothEmpty);
  const auto missed = between(none, some);
  EXPECT_FALSE(surfel_hausdorff(missed, 95).value);
  EXPECT_EQ(*surfel_surface_dice(missed, 1).value, 0);
  EXPECT_FALSE(surfel_average_from_reference(missed).value);
  EXPECT_EQ(surfel_hausdorff(missed, 95).flag, flag::kPredictionEmpty);
  EXPECT_EQ(surfel_surface_dice(between(some, none), 1).flag, flag::kReferenceEmpty);
}

TEST(Surfel, SwappingTheMasksSwapsTheDirectionsAndScaleIsLinear) {
  for (const FixtureRow& row : read_fixture("surfel_cases.csv")) {
    const BitMask reference = row.mask("reference");
    const BitMask prediction = row.mask("prediction");
    const SpacingMm spacing = row.spacing();
    const auto one = between(prediction, reference, spacing, row.dimensions());
    const auto other = between(reference, prediction, spacing, row.dimensions());
    EXPECT_EQ(one.from_reference.area, other.from_prediction.area);
    EXPECT_EQ(one.from_reference.distance_mm, other.from_prediction.distance_mm);
    const SpacingMm twice{2 * spacing.x, 2 * spacing.y, 2 * spacing.z};
    const auto larger = between(prediction, reference, twice, row.dimensions());
    EXPECT_EQ(*surfel_hausdorff(larger, 95).value, 2 * *surfel_hausdorff(one, 95).value);
    EXPECT_DOUBLE_EQ(*surfel_surface_dice(larger, 3).value, *surfel_surface_dice(one, 1.5).value);
    EXPECT_LE(*surfel_hausdorff(one, 95).value, *surfel_hausdorff(one, 100).value);
    EXPECT_LE(*surfel_average_from_reference(one).value, *surfel_hausdorff(one, 100).value);
  }
}

TEST(Surfel, RegionsOfLabelVolumesAreTheirMasks) {
  std::vector<std::uint8_t> reference(8 * 7 * 6);
  std::vector<std::uint8_t> prediction(reference.size());
  const Extent size{8, 7, 6};
  BitMask in_reference(Box::whole(size));
  BitMask in_prediction(Box::whole(size));
  for (int i = 100; i < 150; ++i) {
    reference[static_cast<std::size_t>(i)] = 2;
    in_reference.set(i % 8, i / 8 % 7, i / 56);
    prediction[static_cast<std::size_t>(i + 9)] = static_cast<std::uint8_t>(1 + i % 2);
    in_prediction.set((i + 9) % 8, (i + 9) / 8 % 7, (i + 9) / 56);
  }
  const SpacingMm spacing{0.5, 1, 2};
  const auto r = LabelVolume::view(std::span<const std::uint8_t>(reference), size, spacing);
  const auto p = LabelVolume::view(std::span<const std::uint8_t>(prediction), size, spacing);
  const std::vector<Region> regions = {{"both", {1, 2}}, {"none", {7}}};
  const auto found = surfel_distances_of_regions(*p, *r, regions);
  ASSERT_TRUE(found.ok());
  const auto expected = between(in_prediction, in_reference, spacing);
  EXPECT_EQ((*found)[0].from_reference.area, expected.from_reference.area);
  EXPECT_EQ((*found)[0].from_prediction.distance_mm, expected.from_prediction.distance_mm);
  EXPECT_EQ((*found)[1].flag, flag::kBothEmpty);
}

TEST(Surfel, BoxesDoNotMatter) {
  for (const FixtureRow& row : read_fixture("surfel_cases.csv")) {
    const BitMask reference = row.mask("reference");
    const BitMask prediction = row.mask("prediction");
    const auto whole = between(prediction, reference, row.spacing(), row.dimensions());
    const auto tight =
        between(moved(prediction, prediction.tight_box(), 2),
                moved(reference, reference.tight_box()), row.spacing(), row.dimensions());
    EXPECT_EQ(whole.from_reference.distance_mm, tight.from_reference.distance_mm);
    EXPECT_EQ(whole.from_prediction.area, tight.from_prediction.area);
  }
}

TEST(Surfel, EqualsThePeerOnSeededPairs) {
  for (const FixtureRow& row : read_fixture("surfel_cases.csv")) {
    const auto distances =
        between(row.mask("prediction"), row.mask("reference"), row.spacing(), row.dimensions());
    EXPECT_NEAR(*surfel_average_from_reference(distances).value, row.number("asd_ref"), 1e-9);
    EXPECT_NEAR(*surfel_average_from_prediction(distances).value, row.number("asd_pred"), 1e-9);
    EXPECT_NEAR(*surfel_hausdorff(distances, 100).value, row.number("hd100"), 1e-9);
    EXPECT_NEAR(*surfel_hausdorff(distances, 95).value, row.number("hd95"), 1e-9);
    EXPECT_NEAR(*surfel_hausdorff(distances, 71.3).value, row.number("hd71.3"), 1e-9);
    EXPECT_NEAR(*surfel_surface_dice(distances, 0.55).value, row.number("nsd0.55"), 1e-9);
    EXPECT_NEAR(*surfel_surface_dice(distances, 1.61).value, row.number("nsd1.61"), 1e-9);
    EXPECT_NEAR(*surfel_surface_dice(distances, 3.33).value, row.number("nsd3.33"), 1e-9);
  }
}

}  // namespace
}  // namespace medperf::metrics
