#include "metrics/segmentation/panoptic.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "mask_fixture.h"
#include "metrics/segmentation/assignment.h"

namespace medperf::metrics {
namespace {

PanopticQuality quality(const BitMask& prediction, const BitMask& reference,
                        const PanopticRules& rules = {}, Neighbours neighbours = Neighbours::k26) {
  auto result = panoptic_of_components(prediction, reference, Dimensions::k2, neighbours, rules);
  EXPECT_TRUE(result.ok());
  return *result;
}

TEST(Panoptic, OneMatchOneMissedOneInvented) {
  const BitMask reference = drawn({{"####...##.", "####...##.", ".........."}});
  const BitMask prediction = drawn({{".###......", "####......", ".......##."}});
  const auto result = quality(prediction, reference);
  EXPECT_EQ(result.tp, 1);
  EXPECT_EQ(result.fp, 1);
  EXPECT_EQ(result.fn, 1);
  EXPECT_DOUBLE_EQ(*result.segmentation_quality.value, 7.0 / 8);
  EXPECT_DOUBLE_EQ(*result.recognition_quality.value, 0.5);
  EXPECT_DOUBLE_EQ(*result.panoptic_quality.value, 7.0 / 16);
  EXPECT_EQ(result.convention, "panoptic-iou-greedy>0.5/components-8");
  EXPECT_EQ(result.panoptic_quality.convention, result.convention);
}

TEST(Panoptic, AnIouOfExactlyTheThresholdIsNoMatch) {
  const BitMask reference = drawn({{"####"}});
  const BitMask prediction = drawn({{"##.."}});
  const auto result = quality(prediction, reference);
  EXPECT_EQ(result.tp, 0);
  EXPECT_EQ(*result.panoptic_quality.value, 0);
  EXPECT_EQ(*result.recognition_quality.value, 0);
  EXPECT_FALSE(result.segmentation_quality.value);
  EXPECT_EQ(result.segmentation_quality.flag, kNoMatch);
  EXPECT_EQ(quality(prediction, reference, {0.49, Matching::kGreedy}).tp, 1);
}

TEST(Panoptic, EmptyMasks) {
  const BitMask some = drawn({{"##.."}});
  const BitMask none(Box{});
  const auto both = quality(none, none);
  EXPECT_FALSE(both.panoptic_quality.value);
  EXPECT_FALSE(both.recognition_quality.value);
  EXPECT_EQ(both.panoptic_quality.flag, flag::kBothEmpty);
  const auto missed = quality(none, some);
  EXPECT_EQ(*missed.panoptic_quality.value, 0);
  EXPECT_EQ(missed.panoptic_quality.flag, flag::kPredictionEmpty);
  EXPECT_EQ(quality(some, none).fp, 1);
  EXPECT_EQ(quality(some, none).recognition_quality.flag, flag::kReferenceEmpty);
}

TEST(Panoptic, ConnectivityChangesTheInstances) {
  const BitMask mask = drawn({{"##..", "..##"}});
  EXPECT_EQ(quality(mask, mask).tp, 1);
  const auto four = quality(mask, mask, {}, Neighbours::k6);
  EXPECT_EQ(four.tp, 2);
  EXPECT_EQ(four.convention, "panoptic-iou-greedy>0.5/components-4");
}

TEST(Panoptic, RegionsOfLabelVolumes) {
  const std::vector<std::uint8_t> reference = {1, 1, 0, 2, 2, 0, 1, 1};
  const std::vector<std::uint8_t> prediction = {1, 1, 0, 2, 2, 0, 0, 0};
  const Extent size{8, 1, 1};
  const auto r = LabelVolume::view(std::span<const std::uint8_t>(reference), size, {});
  const auto p = LabelVolume::view(std::span<const std::uint8_t>(prediction), size, {});
  const std::vector<Region> regions = {{"one", {1}}, {"two", {2}}, {"three", {3}}};
  const auto result = panoptic_of_regions(*p, *r, regions);
  ASSERT_TRUE(result.ok());
  EXPECT_DOUBLE_EQ(*(*result)[0].panoptic_quality.value, 2.0 / 3);
  EXPECT_EQ(*(*result)[1].panoptic_quality.value, 1);
  EXPECT_EQ((*result)[2].panoptic_quality.flag, flag::kBothEmpty);
  const std::vector<Region> background = {{"none", {0}}};
  EXPECT_FALSE(panoptic_of_regions(*p, *r, background).ok());
}

/// Labels of a picture, 'a' is 1.
std::vector<std::int16_t> labels_of(const std::string& picture) {
  std::vector<std::int16_t> labels;
  for (const char letter : picture) {
    labels.push_back(letter == '.' ? std::int16_t{0} : static_cast<std::int16_t>(letter - 'a' + 1));
  }
  return labels;
}

PanopticQuality of_labels(const std::string& prediction, const std::string& reference,
                          const PanopticRules& rules) {
  const auto predicted = labels_of(prediction);
  const auto referenced = labels_of(reference);
  const Extent size{static_cast<int>(prediction.size()), 1, 1};
  const auto p = LabelVolume::view(std::span<const std::int16_t>(predicted), size, {});
  const auto r = LabelVolume::view(std::span<const std::int16_t>(referenced), size, {});
  auto result = panoptic_of_instances(*p, *r, rules);
  EXPECT_TRUE(result.ok());
  return *result;
}

TEST(Panoptic, InstancesAreLabelsAndMayTouchOrBeApart) {
  const auto result = of_labels("bbbaaa.c", "aaabbbcc", {});
  EXPECT_EQ(result.tp, 2);
  EXPECT_EQ(result.convention, "panoptic-iou-greedy>0.5/instances");
  ASSERT_EQ(result.matches.size(), 2U);
  EXPECT_EQ(result.matches[0].reference, 1);
  EXPECT_EQ(result.matches[0].prediction, 2);
  EXPECT_EQ(result.fn, 1) << "c overlaps to exactly one half";
  EXPECT_EQ(of_labels("a..a", "a..a", {}).tp, 1);
}

TEST(Panoptic, BelowOneHalfTheMatchingMatters) {
  // IoU: (a,a) 6/12, (a,b) and (b,a) 3/9, nothing for (b,b).
  const std::string reference = "aaaaaaaaabbb";
  const std::string prediction = "bbbaaaaaaaaa";
  const auto greedy = of_labels(prediction, reference, {0.2, Matching::kGreedy});
  const auto optimal = of_labels(prediction, reference, {0.2, Matching::kOptimal});
  EXPECT_EQ(greedy.tp, 1);
  EXPECT_DOUBLE_EQ(*greedy.panoptic_quality.value, 0.5 * 0.5);
  EXPECT_EQ(optimal.tp, 2);
  EXPECT_DOUBLE_EQ(*optimal.panoptic_quality.value, 1.0 / 3);
  EXPECT_EQ(optimal.convention, "panoptic-iou-optimal>0.2/instances");
}

TEST(Panoptic, RefusesThresholdsOutsideTheRange) {
  const BitMask none(Box{});
  for (const double threshold : {-0.1, 1.0, std::nan("")}) {
    EXPECT_FALSE(panoptic_of_components(none, none, Dimensions::k3, Neighbours::k26,
                                        {threshold, Matching::kGreedy})
                     .ok());
  }
}

double sum_of(const std::vector<WeightedPair>& pairs) {
  double sum = 0;
  for (const WeightedPair& pair : pairs) sum += pair.weight;
  return sum;
}

/// Tries everything.
double best_sum(const std::vector<WeightedPair>& pairs, std::size_t from, unsigned left,
                unsigned right) {
  if (from == pairs.size()) return 0;
  const double without = best_sum(pairs, from + 1, left, right);
  const WeightedPair& pair = pairs[from];
  if ((left >> pair.left & 1) != 0 || (right >> pair.right & 1) != 0) return without;
  return std::max(without, pair.weight + best_sum(pairs, from + 1, left | 1U << pair.left,
                                                  right | 1U << pair.right));
}

TEST(Assignment, HasTheLargestSum) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::vector<WeightedPair> pairs;
    const int lefts = 1 + static_cast<int>(random() % 5);
    const int rights = 1 + static_cast<int>(random() % 5);
    for (int i = 0; i < lefts; ++i) {
      for (int j = 0; j < rights; ++j) {
        if (random() % 3 != 0)
          pairs.push_back({i, j, 0.01 * (1 + static_cast<int>(random() % 99))});
      }
    }
    const auto chosen = largest_assignment(pairs);
    EXPECT_NEAR(sum_of(chosen), best_sum(pairs, 0, 0, 0), 1e-12);
    unsigned left = 0;
    unsigned right = 0;
    for (const WeightedPair& pair : chosen) {
      EXPECT_EQ(left >> pair.left & 1, 0U);
      EXPECT_EQ(right >> pair.right & 1, 0U);
      left |= 1U << pair.left;
      right |= 1U << pair.right;
    }
  }
  EXPECT_TRUE(largest_assignment({}).empty());
}

TEST(Panoptic, EqualsThePeerOnSeededPairs) {
  for (const FixtureRow& row : read_fixture("panoptic_cases.csv")) {
    const PanopticRules rules{row.number("threshold"), row.text("matching") == "greedy"
                                                           ? Matching::kGreedy
                                                           : Matching::kOptimal};
    const Neighbours neighbours = row.whole("neighbours") == 26 ? Neighbours::k26 : Neighbours::k6;
    const auto result = panoptic_of_components(row.mask("prediction"), row.mask("reference"),
                                               row.dimensions(), neighbours, rules);
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->tp, row.whole("tp"));
    EXPECT_EQ(result->fp, row.whole("fp"));
    EXPECT_EQ(result->fn, row.whole("fn"));
    if (result->tp == 0) continue;
    EXPECT_NEAR(*result->segmentation_quality.value, row.number("sq"), 1e-9);
    EXPECT_NEAR(*result->recognition_quality.value, row.number("rq"), 1e-9);
    EXPECT_NEAR(*result->panoptic_quality.value, row.number("pq"), 1e-9);
  }
}

TEST(Panoptic, EqualsThePeerOnSeededInstanceMaps) {
  for (const FixtureRow& row : read_fixture("instance_cases.csv")) {
    const auto labels = [&row](const char* name) {
      std::vector<std::uint8_t> result;
      for (const char digit : row.text(name)) {
        result.push_back(static_cast<std::uint8_t>(digit - '0'));
      }
      return result;
    };
    const auto reference = labels("reference");
    const auto prediction = labels("prediction");
    const PanopticRules rules{row.number("threshold"), row.text("matching") == "greedy"
                                                           ? Matching::kGreedy
                                                           : Matching::kOptimal};
    const auto result = panoptic_of_instances(
        *LabelVolume::view(std::span<const std::uint8_t>(prediction), row.extent(), {}),
        *LabelVolume::view(std::span<const std::uint8_t>(reference), row.extent(), {}), rules);
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->tp, row.whole("tp"));
    EXPECT_EQ(result->fp, row.whole("fp"));
    EXPECT_EQ(result->fn, row.whole("fn"));
    if (result->tp == 0) continue;
    EXPECT_NEAR(*result->segmentation_quality.value, row.number("sq"), 1e-9);
    EXPECT_NEAR(*result->panoptic_quality.value, row.number("pq"), 1e-9);
  }
}

}  // namespace
}  // namespace medperf::metrics
