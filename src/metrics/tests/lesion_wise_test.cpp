#include "metrics/segmentation/lesion_wise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "mask_fixture.h"

namespace medperf::metrics {
namespace {

constexpr SpacingMm kCube{1, 1, 1};
constexpr Extent kImage{40, 20, 12};
const LesionPolicy& glioma = *find_lesion_policy("brats-2023-gli");

/// A mask of blocks, each of 4 x 4 x 4 = 64 voxels unless its last corner is given.
BitMask blocks(const std::vector<Box>& boxes) {
  BitMask mask(Box::whole(kImage));
  for (const Box& box : boxes) {
    for (int z = box.first[2]; z < box.last[2]; ++z) {
      for (int y = box.first[1]; y < box.last[1]; ++y) {
        for (int x = box.first[0]; x < box.last[0]; ++x) mask.set(x, y, z);
      }
    }
  }
  return mask;
}

Box cube(int x, int y, int z, int side = 4) {
  return {{x, y, z}, {x + side, y + side, z + side}};
}

LesionTable table_of(const BitMask& prediction, const BitMask& reference,
                     const LesionPolicy& policy = glioma) {
  const double tau = 1;
  return lesion_table(prediction, reference, kCube, kImage, policy.rules, std::span(&tau, 1));
}

TEST(LesionWise, APerfectCaseScoresOne) {
  const BitMask mask = blocks({cube(2, 2, 2), cube(20, 2, 2), cube(30, 14, 7)});
  const auto table = table_of(mask, mask);
  ASSERT_EQ(table.lesions.size(), 3U);
  EXPECT_EQ(table.tp(), 3);
  EXPECT_EQ(*lesion_wise_dice(table, glioma).value, 1);
  EXPECT_EQ(*lesion_wise_hd95(table, glioma).value, 0);
  EXPECT_EQ(*lesion_wise_surface_dice(table, glioma, 0).value, 1);
  EXPECT_EQ(*lesion_f1(table, glioma).value, 1);
  EXPECT_EQ(lesion_wise_dice(table, glioma).convention, "brats-2023-gli");
  EXPECT_EQ(table.lesions[0].box, cube(2, 2, 2));
  EXPECT_EQ(table.lesions[0].volume_mm3, 64);
}

TEST(LesionWise, AMissedAndAnInventedLesionPullTheMeanDown) {
  const BitMask reference = blocks({cube(2, 2, 2), cube(20, 2, 2)});
  const BitMask prediction = blocks({cube(2, 2, 2), cube(33, 14, 6, 1)});
  const auto table = table_of(prediction, reference);
  EXPECT_EQ(table.tp(), 1);
  EXPECT_EQ(table.fn(), 1);
  EXPECT_EQ(table.fp(), 1) << "invented components are not measured against the threshold";
  EXPECT_DOUBLE_EQ(*lesion_wise_dice(table, glioma).value, 1.0 / 3);
  EXPECT_DOUBLE_EQ(*lesion_wise_hd95(table, glioma).value, 2 * 374.0 / 3);
  EXPECT_DOUBLE_EQ(*lesion_sensitivity(table, glioma).value, 0.5);
  EXPECT_DOUBLE_EQ(*lesion_precision(table, glioma).value, 0.5);
}

TEST(LesionWise, PenaltiesAreThePolicysAndNotTheMetrics) {
  const BitMask reference = blocks({cube(2, 2, 2), cube(20, 2, 2)});
  const BitMask prediction = blocks({cube(2, 2, 2)});
  LesionPolicy mild = glioma;
  mild.id = "mild";
  mild.penalties.missed_mm = 100;
  mild.penalties.missed_overlap = 0.25;
  const auto table = table_of(prediction, reference, mild);
  EXPECT_FALSE(table.lesions[1].hd95.value) << "the lesion's own distance stays undefined";
  EXPECT_EQ(table.lesions[1].hd95.flag, flag::kPredictionEmpty);
  EXPECT_DOUBLE_EQ(*lesion_wise_hd95(table, mild).value, 50);
  EXPECT_DOUBLE_EQ(*lesion_wise_dice(table, mild).value, 0.625);
  EXPECT_EQ(lesion_wise_hd95(table, mild).convention, "mild");
}

TEST(LesionWise, NothingToFindAndNothingInvented) {
  const BitMask none(Box{});
  const auto table = table_of(none, none);
  EXPECT_EQ(*lesion_wise_dice(table, glioma).value, 1);
  EXPECT_EQ(*lesion_wise_hd95(table, glioma).value, 0);
  EXPECT_EQ(lesion_wise_dice(table, glioma).flag, flag::kBothEmpty);
  EXPECT_FALSE(lesion_f1(table, glioma).value);
  EXPECT_EQ(lesion_sensitivity(table, glioma).flag, flag::kNoPositives);
  const auto invented = table_of(blocks({cube(2, 2, 2)}), none);
  EXPECT_EQ(*lesion_wise_dice(invented, glioma).value, 0);
  EXPECT_EQ(*lesion_wise_hd95(invented, glioma).value, 374);
}

TEST(LesionWise, PartsThatTouchWhenGrownAreOneLesion) {
  // Six clear voxels between two cubes: grown by three they touch; one more and they do not.
  const auto near = table_of(BitMask(Box{}), blocks({cube(2, 2, 2), cube(12, 2, 2)}));
  ASSERT_EQ(near.lesions.size(), 1U);
  EXPECT_EQ(near.lesions[0].voxels, 128);
  EXPECT_EQ(near.lesions[0].box, (Box{{2, 2, 2}, {16, 6, 6}}));
  EXPECT_EQ(near.fn(), 1);
  const BitMask apart = blocks({cube(2, 2, 2), cube(13, 2, 2)});
  EXPECT_EQ(table_of(BitMask(Box{}), apart).lesions.size(), 2U);
  const LesionPolicy& metastases = *find_lesion_policy("brats-2023-met");
  EXPECT_EQ(
      table_of(BitMask(Box{}), blocks({cube(2, 2, 2), cube(8, 2, 2)}), metastases).lesions.size(),
      1U);
  EXPECT_EQ(
      table_of(BitMask(Box{}), blocks({cube(2, 2, 2), cube(9, 2, 2)}), metastases).lesions.size(),
      2U);
}

TEST(LesionWise, LesionsAtTheLimitAreIgnoredButShieldPredictions) {
  // 5 x 5 x 2 = 50 voxels: at most 50 mm3 is not scored.
  const BitMask reference = blocks({cube(2, 2, 2), {{20, 2, 2}, {25, 7, 4}}});
  const BitMask prediction = blocks({cube(2, 2, 2), cube(21, 3, 2, 2)});
  const auto table = table_of(prediction, reference);
  ASSERT_EQ(table.lesions.size(), 2U);
  EXPECT_FALSE(table.lesions[1].scored);
  EXPECT_EQ(table.lesions[1].hd95.flag, kNotScored);
  EXPECT_EQ(table.fp(), 0) << "the second prediction belongs to the ignored lesion";
  EXPECT_EQ(table.tp(), 1);
  EXPECT_EQ(*lesion_wise_dice(table, glioma).value, 1);
  const BitMask larger = blocks({cube(2, 2, 2), {{20, 2, 2}, {25, 7, 4}}, cube(20, 2, 4, 1)});
  EXPECT_TRUE(table_of(prediction, larger).lesions[1].scored) << "51 mm3";
}

TEST(LesionWise, OnePredictionMayServeSeveralLesions) {
  const BitMask reference = blocks({cube(2, 2, 2), cube(20, 2, 2)});
  const BitMask bar = blocks({{{2, 2, 2}, {24, 6, 6}}});  // over both lesions, 352 voxels
  const auto table = table_of(bar, reference);
  EXPECT_EQ(table.tp(), 2);
  EXPECT_EQ(table.fp(), 0);
  EXPECT_EQ(table.lesions[0].found_by, table.lesions[1].found_by);
  EXPECT_DOUBLE_EQ(*table.lesions[0].dice.value, 2.0 * 64 / (64 + 352));
}

TEST(LesionWise, APredictionNearALesionIsFoundEvenWithoutOverlap) {
  const auto table = table_of(blocks({cube(8, 2, 2)}), blocks({cube(2, 2, 2)}));
  EXPECT_EQ(table.tp(), 1);
  EXPECT_EQ(table.fp(), 0);
  EXPECT_EQ(*table.lesions[0].dice.value, 0);
  EXPECT_EQ(*table.lesions[0].hd95.value, 6);
}

TEST(LesionWise, RegionsOfLabelVolumes) {
  // The tables of regions of label volumes are those of the masks.
  std::vector<std::uint8_t> labels(static_cast<std::size_t>(kImage.voxels()));
  std::vector<std::uint8_t> predicted(labels.size());
  const auto fill = [](std::vector<std::uint8_t>& to, const Box& box, std::uint8_t label) {
    for (int z = box.first[2]; z < box.last[2]; ++z) {
      for (int y = box.first[1]; y < box.last[1]; ++y) {
        for (int x = box.first[0]; x < box.last[0]; ++x) {
          to[static_cast<std::size_t>((z * kImage.y + y) * kImage.x + x)] = label;
        }
      }
    }
  };
  fill(labels, cube(2, 2, 2, 8), 2);
  fill(labels, cube(4, 4, 4), 3);
  fill(predicted, cube(3, 2, 2, 8), 2);
  fill(predicted, cube(30, 2, 2), 1);
  const auto reference = LabelVolume::view(std::span<const std::uint8_t>(labels), kImage, kCube);
  const auto prediction =
      LabelVolume::view(std::span<const std::uint8_t>(predicted), kImage, kCube);
  const auto regions = brats_regions();
  const auto tables = lesion_tables(*prediction, *reference, regions, glioma.rules);
  ASSERT_TRUE(tables.ok());
  ASSERT_EQ(tables->size(), 3U);
  EXPECT_EQ((*tables)[0].tp(), 1);
  EXPECT_EQ((*tables)[0].fp(), 1);
  EXPECT_EQ((*tables)[1].fn(), 1) << "the core is missed";
  EXPECT_EQ((*tables)[1].fp(), 1);
  EXPECT_EQ((*tables)[2].fn(), 1);
  EXPECT_EQ((*tables)[2].fp(), 0);
  EXPECT_DOUBLE_EQ(*(*tables)[0].lesions[0].dice.value, 7.0 / 8);
  const double negative = -1;
  EXPECT_FALSE(
      lesion_tables(*prediction, *reference, regions, glioma.rules, std::span(&negative, 1)).ok());
  LesionRules wrong;
  wrong.growth_voxels = -1;
  EXPECT_FALSE(lesion_tables(*prediction, *reference, regions, wrong).ok());
}

TEST(LesionWise, OnlyLesionsTooSmallToScore) {
  const BitMask small = blocks({cube(2, 2, 2, 2)});
  const auto table = table_of(small, small);
  EXPECT_EQ(*lesion_wise_dice(table, glioma).value, 1);
  EXPECT_EQ(lesion_wise_dice(table, glioma).flag, kNothingScored);
  EXPECT_FALSE(lesion_precision(table, glioma).value);
}

TEST(LesionWise, FlipsKeepTheScores) {
  const auto flipped = [](const BitMask& mask) {
    const Extent& extent = mask.extent();
    BitMask result(mask.box());
    for_each_run(mask, [&](int y, int z, int first, int last) {
      for (int x = first; x < last; ++x) {
        result.set(extent.x - 1 - x, extent.y - 1 - y, extent.z - 1 - z);
      }
    });
    return result;
  };
  for (const FixtureRow& row : read_fixture("lesion_cases.csv")) {
    const BitMask prediction = row.mask("prediction");
    const BitMask reference = row.mask("reference");
    const auto one = lesion_table(prediction, reference, row.spacing(), row.extent(), glioma.rules);
    const auto other = lesion_table(flipped(prediction), flipped(reference), row.spacing(),
                                    row.extent(), glioma.rules);
    EXPECT_EQ(one.tp(), other.tp());
    EXPECT_EQ(one.fp(), other.fp());
    EXPECT_NEAR(*lesion_wise_dice(one, glioma).value, *lesion_wise_dice(other, glioma).value,
                1e-12);
    EXPECT_NEAR(*lesion_wise_hd95(one, glioma).value, *lesion_wise_hd95(other, glioma).value, 1e-9);
    EXPECT_LE(*lesion_wise_dice(one, glioma).value, 1);
    EXPECT_GE(*lesion_wise_dice(one, glioma).value, 0);
  }
}

TEST(LesionWise, PoliciesOfTheChallenges) {
  EXPECT_EQ(find_lesion_policy("brats-2023"), nullptr);
  std::set<std::string_view> ids;
  for (const LesionPolicy& policy : lesion_policies()) ids.insert(policy.id);
  EXPECT_EQ(ids.size(), 5U);
  EXPECT_EQ(find_lesion_policy("brats-2023-met")->rules.ignored_mm3, 2);
  EXPECT_EQ(find_lesion_policy("brats-2023-men")->rules.growth_voxels, 1);
  EXPECT_EQ(find_lesion_policy("brats-2023-ssa")->rules.growth_voxels, 3);
  EXPECT_EQ(brats_regions(4)[0].labels, (std::vector<std::int32_t>{1, 2, 4}));
}

TEST(LesionWise, EqualsTheRulesOfTheChallengeOnSeededPairs) {
  for (const FixtureRow& row : read_fixture("lesion_cases.csv")) {
    LesionPolicy policy = glioma;
    policy.rules.growth_voxels = row.whole("iterations");
    policy.rules.ignored_mm3 = row.number("threshold_mm3");
    const auto table = lesion_table(row.mask("prediction"), row.mask("reference"), row.spacing(),
                                    row.extent(), policy.rules);
    EXPECT_EQ(table.tp(), row.whole("tp"));
    EXPECT_EQ(table.fp(), row.whole("fp"));
    EXPECT_EQ(table.fn(), row.whole("fn"));
    EXPECT_NEAR(*lesion_wise_dice(table, policy).value, row.number("dice"), 1e-9);
    EXPECT_NEAR(*lesion_wise_hd95(table, policy).value, row.number("hd95"), 1e-9);
  }
}

}  // namespace
}  // namespace medperf::metrics
