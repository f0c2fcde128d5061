#include "metrics/statistics/label_noise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "metrics/statistics/random_stream.h"

namespace medperf::metrics {
namespace {

std::vector<ScoredCase> drawn(std::uint64_t number, int count, bool tied) {
  RandomStream random(17, number);
  std::vector<ScoredCase> cases;
  for (int i = 0; i < count; ++i) {
    const bool positive = random.uniform() < 0.4;
    double score = random.uniform() + (positive ? 0.4 : 0);
    if (tied) score = std::floor(4 * score) / 4;
    cases.push_back({score, positive});
  }
  return cases;
}

TEST(LabelNoise, SensitivityByHand) {
  // 80 of 100 positives found, 20 of 200 negatives called; eps 0.1 flips 30 labels.
  const Confusion table = {80, 20, 180, 20};
  const auto noise = sensitivity_under_noise(table, 0.1);
  EXPECT_EQ(*noise->as_given, 0.8);
  EXPECT_NEAR(*noise->expected, (80 * 0.9 + 20 * 0.1) / (100 * 0.9 + 200 * 0.1), 1e-15);
  EXPECT_EQ(noise->flips, 30);
  // Lowest: 30 true negatives not called become positives, 80/130 (30 hits leaving: 50/70).
  EXPECT_NEAR(noise->extremes->low, 80.0 / 130, 1e-15);
  // Highest: the 20 misses leave, and 10 called enter: 90/90.
  EXPECT_NEAR(noise->extremes->high, 1, 1e-15);
  const auto specificity = specificity_under_noise(table, 0.1);
  EXPECT_EQ(*specificity->as_given, 0.9);
  EXPECT_NEAR(*specificity->expected, (180 * 0.9 + 20 * 0.1) / (200 * 0.9 + 100 * 0.1), 1e-15);
}

TEST(LabelNoise, OnlyWholeLabelsAreFlipped) {
  // 7 % of 33 labels are 2.31.
  EXPECT_EQ(sensitivity_under_noise({8, 3, 20, 2}, 0.07)->flips, 2);
}

TEST(LabelNoise, NoNoiseMovesNothing) {
  const auto noise = sensitivity_under_noise({8, 3, 20, 2}, 0);
  EXPECT_EQ(*noise->expected, 0.8);
  EXPECT_EQ(noise->extremes->low, 0.8);
  EXPECT_EQ(noise->extremes->high, 0.8);
  const auto area = auc(drawn(1, 50, false));
  const auto moved = auroc_under_noise(*area, 0);
  EXPECT_EQ(*moved->expected, *area->estimate.value);
  EXPECT_NEAR(moved->extremes->low, *area->estimate.value, 1e-15);
  EXPECT_NEAR(moved->extremes->high, *area->estimate.value, 1e-15);
}

TEST(LabelNoise, ExtremesHoldForEveryChoiceOfFlips) {
  // All ways to flip two of ten labels.
  for (std::uint64_t number = 0; number < 20; ++number) {
    const auto cases = drawn(number, 10, number % 2 == 0);
    const auto area = *auc(cases);
    const Confusion table = *confusion_at(cases, 0.7);
    const auto of_area = *auroc_under_noise(area, 0.2);
    const auto of_sensitivity = *sensitivity_under_noise(table, 0.2);
    double lowest = 1;
    double highest = 0;
    for (std::size_t i = 0; i < 10; ++i) {
      for (std::size_t j = i + 1; j < 10; ++j) {
        auto flipped = cases;
        flipped[i].positive = !flipped[i].positive;
        flipped[j].positive = !flipped[j].positive;
        const auto now = auc(flipped)->estimate.value;
        if (now && of_area.extremes) {
          EXPECT_GE(*now, of_area.extremes->low - 1e-12);
          EXPECT_LE(*now, of_area.extremes->high + 1e-12);
        }
        const auto rate = sensitivity(*confusion_at(flipped, 0.7)).value;
        if (rate) lowest = std::min(lowest, *rate);
        if (rate) highest = std::max(highest, *rate);
      }
    }
    if (!of_sensitivity.extremes) continue;
    // Exact: reached by some choice, unless the labels as given are more extreme.
    EXPECT_NEAR(of_sensitivity.extremes->low, std::min(lowest, *of_sensitivity.as_given), 1e-12);
    EXPECT_NEAR(of_sensitivity.extremes->high, std::max(highest, *of_sensitivity.as_given), 1e-12);
  }
}

TEST(LabelNoise, ExpectedIsWhatSimulationTendsTo) {
  const auto cases = drawn(3, 4000, false);
  const auto area = *auc(cases);
  const Confusion table = *confusion_at(cases, 0.7);
  BootstrapOptions options;
  options.replicates = 100;
  options.seed = 5;
  const auto simulated = simulate_label_noise(
      cases, 0.15, [](auto flipped) { return auc(flipped)->estimate.value; }, options);
  ASSERT_TRUE(simulated.ok());
  EXPECT_NEAR(*simulated->estimate.value, *auroc_under_noise(area, 0.15)->expected, 2e-3);
  const auto rates = simulate_label_noise(
      cases, 0.15, [](auto flipped) { return sensitivity(*confusion_at(flipped, 0.7)).value; },
      options);
  EXPECT_NEAR(*rates->estimate.value, *sensitivity_under_noise(table, 0.15)->expected, 2e-3);
  EXPECT_LT(rates->estimate.interval->low, *rates->estimate.value);
}

TEST(LabelNoise, SimulationDoesNotDependOnThreads) {
  const auto cases = drawn(4, 200, true);
  const auto statistic = [](std::span<const ScoredCase> flipped) {
    return auc(flipped)->estimate.value;
  };
  BootstrapOptions options;
  options.replicates = 50;
  const auto one = simulate_label_noise(cases, 0.1, statistic, options);
  options.threads = 4;
  const auto four = simulate_label_noise(cases, 0.1, statistic, options);
  EXPECT_EQ(one->replicates, four->replicates);
  EXPECT_EQ(*one->estimate.value, *four->estimate.value);
}

TEST(LabelNoise, UndefinedAndRefused) {
  EXPECT_FALSE(sensitivity_under_noise({0, 2, 5, 0}, 0.1)->as_given.has_value());
  EXPECT_FALSE(sensitivity_under_noise({1, 2, 5, 0}, 0.6).ok());
  EXPECT_FALSE(sensitivity_under_noise({1, 2, 5, 0}, -0.1).ok());
  EXPECT_FALSE(sensitivity_under_noise({1, -2, 5, 0}, 0.1).ok());
  EXPECT_FALSE(auroc_under_noise(*auc({}), 0.7).ok());
  const std::vector<ScoredCase> few = {{0.1, false}, {0.2, true}, {0.3, false}, {0.4, true}};
  EXPECT_TRUE(auroc_under_noise(*auc(few), 0.25)->extremes.has_value());
  EXPECT_FALSE(auroc_under_noise(*auc(few), 0.5)->extremes.has_value());
  const std::vector<ScoredCase> one_class = {{0.1, false}, {0.2, false}};
  EXPECT_FALSE(auroc_under_noise(*auc(one_class), 0.1)->as_given.has_value());
  BootstrapOptions options;
  options.replicates = 1;
  EXPECT_FALSE(simulate_label_noise(few, 0.1, {}, options).ok());
}

}  // namespace
}  // namespace medperf::metrics
