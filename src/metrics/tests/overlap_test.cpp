#include "metrics/segmentation/overlap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace medperf::metrics {
namespace {

TEST(Overlap, FiguresOfAKnownTable) {
  const Overlap o{60, 20, 40, 880};
  EXPECT_DOUBLE_EQ(*dice(o).value, 120.0 / 180);
  EXPECT_DOUBLE_EQ(*intersection_over_union(o).value, 0.5);
  EXPECT_DOUBLE_EQ(*voxel_sensitivity(o).value, 0.6);
  EXPECT_DOUBLE_EQ(*voxel_precision(o).value, 0.75);
  EXPECT_DOUBLE_EQ(*voxel_specificity(o).value, 880.0 / 900);
  EXPECT_DOUBLE_EQ(*volume_similarity(o).value, 1 - 20.0 / 180);
  EXPECT_DOUBLE_EQ(*relative_volume_difference(o).value, -0.2);
  EXPECT_EQ(dice(o).flag, "");
  EXPECT_DOUBLE_EQ(volume_ml(500, {0.5, 2, 3}), 1.5);
}

TEST(Overlap, SpacingsAreComparedAsSharesOfThem) {
  const std::vector<std::uint8_t> labels(8, 1);
  const auto alike = [&](double one, double other) {
    const auto a = LabelVolume::view(std::span(labels), {2, 2, 2}, {one, 1, 1});
    const auto b = LabelVolume::view(std::span(labels), {2, 2, 2}, {other, 1, 1});
    return same_grid(*a, *b).ok();
  };
  EXPECT_TRUE(alike(1, 1.00009));
  EXPECT_FALSE(alike(1, 1.0002));
  EXPECT_TRUE(alike(5, 5.00009));
  EXPECT_FALSE(alike(5, 5.0002));  // 100 slices further this is 0.02 mm
  // A microscope's pixels: a quarter and a third of a micrometre are not the same.
  EXPECT_FALSE(alike(0.00025, 0.00033));
  EXPECT_TRUE(alike(0.00025, 0.0002500001));
}

TEST(Overlap, BothEmpty) {
  const Overlap o{0, 0, 0, 10};
  for (const Estimate& one : {dice(o), intersection_over_union(o), voxel_specificity(o)}) {
    EXPECT_EQ(*one.value, 1);
    EXPECT_EQ(one.flag, flag::kBothEmpty);
  }
  for (const Estimate& none : {voxel_sensitivity(o), voxel_precision(o), volume_similarity(o),
                               relative_volume_difference(o)}) {
    EXPECT_FALSE(none.value);
    EXPECT_EQ(none.flag, flag::kBothEmpty);
  }
}

TEST(Overlap, OneEmpty) {
  const Overlap no_prediction{0, 0, 5, 5};
  for (const Estimate& zero :
       {dice(no_prediction), intersection_over_union(no_prediction),
        voxel_sensitivity(no_prediction), volume_similarity(no_prediction)}) {
    EXPECT_EQ(*zero.value, 0);
    EXPECT_EQ(zero.flag, flag::kPredictionEmpty);
  }
  EXPECT_FALSE(voxel_precision(no_prediction).value);
  EXPECT_EQ(*voxel_specificity(no_prediction).value, 1);
  EXPECT_EQ(*relative_volume_difference(no_prediction).value, -1);

  const Overlap no_reference{0, 4, 0, 6};
  for (const Estimate& zero : {dice(no_reference), intersection_over_union(no_reference),
                               voxel_precision(no_reference), volume_similarity(no_reference)}) {
    EXPECT_EQ(*zero.value, 0);
    EXPECT_EQ(zero.flag, flag::kReferenceEmpty);
  }
  EXPECT_FALSE(voxel_sensitivity(no_reference).value);
  EXPECT_FALSE(relative_volume_difference(no_reference).value);
  EXPECT_EQ(relative_volume_difference(no_reference).flag, flag::kReferenceEmpty);
  EXPECT_DOUBLE_EQ(*voxel_specificity(no_reference).value, 0.6);
}

TEST(Overlap, SpecificityOfAFullReferenceIsUndefined) {
  EXPECT_FALSE(voxel_specificity({8, 0, 2, 0}).value);
  EXPECT_EQ(voxel_specificity({8, 0, 2, 0}).flag, flag::kNoNegatives);
}

template <typename T>
void compare_with_counting(unsigned seed) {
  std::mt19937 random(seed);
  const Extent size{1 + static_cast<int>(random() % 150), 1 + static_cast<int>(random() % 9),
                    1 + static_cast<int>(random() % 7)};
  const auto draw = [&] {
    std::vector<T> labels(static_cast<std::size_t>(size.voxels()));
    // Runs of equal labels, as in real maps, with many zeros.
    for (std::size_t i = 0; i < labels.size();) {
      const auto label = static_cast<T>(random() % 3 != 0 ? 0 : random() % 6);
      for (std::size_t end = i + random() % 90; i <= end && i < labels.size(); ++i) {
        labels[i] = label;
      }
    }
    return labels;
  };
  const std::vector<T> p = draw();
  const std::vector<T> r = draw();
  const auto prediction = LabelVolume::view(std::span<const T>(p), size, {});
  const auto reference = LabelVolume::view(std::span<const T>(r), size, {});
  const std::vector<Region> regions = {
      {"WT", {1, 2, 4}}, {"TC", {4, 1}}, {"ET", {4}}, {"none", {9}}};
  const auto found = overlap_of_regions(*prediction, *reference, regions);
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->size(), regions.size());
  for (std::size_t i = 0; i < regions.size(); ++i) {
    Overlap expected;
    Box boxes[2];
    const auto in = [&](T label) {
      for (const std::int32_t one : regions[i].labels) {
        if (one == static_cast<std::int32_t>(label)) return true;
      }
      return false;
    };
    const Extent seen = prediction->size();  // a single slice lies last
    for (std::size_t v = 0; v < p.size(); ++v) {
      const int x = static_cast<int>(v) % seen.x;
      const int y = static_cast<int>(v) / seen.x % seen.y;
      const int z = static_cast<int>(v) / seen.x / seen.y;
      const Box voxel{{x, y, z}, {x + 1, y + 1, z + 1}};
      if (in(p[v])) boxes[0] = boxes[0].united(voxel);
      if (in(r[v])) boxes[1] = boxes[1].united(voxel);
      ++(in(p[v]) ? (in(r[v]) ? expected.tp : expected.fp)
                  : (in(r[v]) ? expected.fn : expected.tn));
    }
    EXPECT_EQ((*found)[i].counts, expected);
    EXPECT_EQ((*found)[i].prediction_box, boxes[0]);
    EXPECT_EQ((*found)[i].reference_box, boxes[1]);
  }
}

TEST(Overlap, OnePassEqualsCountingForEveryLabelType) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    compare_with_counting<std::uint8_t>(seed);
    compare_with_counting<std::uint16_t>(seed + 100);
    compare_with_counting<std::int16_t>(seed + 200);
    compare_with_counting<std::int32_t>(seed + 300);
  }
}

TEST(Overlap, PartsThatAreKnownToHaveNoLabelAreNotLookedAt) {
  const Extent size{100, 90, 61};  // 536.1 parts
  std::vector<std::uint8_t> predicted(static_cast<std::size_t>(size.voxels()));
  std::vector<std::uint8_t> referenced(predicted.size());
  std::vector<std::uint64_t> in_prediction(9);
  std::vector<std::uint64_t> in_reference(9);
  std::mt19937 random(5);
  const auto draw = [&](std::vector<std::uint8_t>& labels, std::vector<std::uint64_t>& parts) {
    for (int run = 0; run < 40; ++run) {
      const std::size_t from = random() % labels.size();
      for (std::size_t i = from; i < std::min(labels.size(), from + random() % 1500); ++i) {
        labels[i] = static_cast<std::uint8_t>(1 + random() % 2);
        parts[i / LabelVolume::kPart / 64] |= std::uint64_t{1} << (i / LabelVolume::kPart % 64);
      }
    }
  };
  draw(predicted, in_prediction);
  draw(referenced, in_reference);
  predicted.back() = 1;
  in_prediction.back() |= std::uint64_t{1} << 536 % 64;
  auto p = *LabelVolume::view(std::span<const std::uint8_t>(predicted), size, {});
  auto r = *LabelVolume::view(std::span<const std::uint8_t>(referenced), size, {});
  const std::vector<Region> regions = {{"one", {1}}, {"both", {1, 2}}};
  const auto expected = *overlap_of_regions(p, r, regions);
  const auto expect_same = [&] {
    const auto found = *overlap_of_regions(p, r, regions, 2);
    for (std::size_t i = 0; i < regions.size(); ++i) {
      EXPECT_EQ(found[i].counts, expected[i].counts);
      EXPECT_EQ(found[i].prediction_box, expected[i].prediction_box);
      EXPECT_EQ(found[i].reference_box, expected[i].reference_box);
    }
  };
  p.set_labelled_parts(in_prediction);
  expect_same();  // of the reference nothing is known
  r.set_labelled_parts(std::vector<std::uint64_t>(8));
  EXPECT_TRUE(r.labelled_parts().empty());  // not a bit for every part
  r.set_labelled_parts(in_reference);
  expect_same();
  predicted.back() = 0;  // what is no whole block is always looked at
  p.set_labelled_parts(std::vector<std::uint64_t>(9));
  r.set_labelled_parts(std::vector<std::uint64_t>(9));
  EXPECT_EQ((*overlap_of_regions(p, r, regions))[1].counts, (Overlap{0, 0, 0, size.voxels()}));
}

TEST(Overlap, RefusesWhatDoesNotFit) {
  const std::vector<std::uint8_t> labels(24);
  const std::span<const std::uint8_t> span(labels);
  EXPECT_FALSE(LabelVolume::view(span, {2, 3, 5}, {}).ok());
  EXPECT_FALSE(LabelVolume::view(span, {2, -3, -4}, {}).ok());
  EXPECT_FALSE(LabelVolume::view(span, {2, 3, 4}, {1, 0, 1}).ok());
  EXPECT_FALSE(LabelVolume::view(span, {2, 3, 4}, {1, 1, INFINITY}).ok());
  const auto a = LabelVolume::view(span, {2, 3, 4}, {});
  const auto b = LabelVolume::view(span, {3, 2, 4}, {});
  const auto c = LabelVolume::view(span, {2, 3, 4}, {1, 1, 1.001});
  const auto d = LabelVolume::view(span, {2, 3, 4}, {1, 1, 1.00005});
  const std::vector<Region> region = {{"liver", {5}}};
  EXPECT_FALSE(overlap_of_regions(*a, *b, region).ok());
  EXPECT_FALSE(overlap_of_regions(*a, *c, region).ok());
  EXPECT_TRUE(overlap_of_regions(*a, *d, region).ok());
  EXPECT_FALSE(overlap_of_regions(*a, *a, std::vector<Region>{{"background", {0}}}).ok());
  EXPECT_FALSE(overlap_of_regions(*a, *a, std::vector<Region>{{"nothing", {}}}).ok());
}

}  // namespace
}  // namespace medperf::metrics
