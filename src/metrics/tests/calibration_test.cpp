#include "metrics/classification/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "metrics/classification/probability.h"

namespace medperf::metrics {
namespace {

using Cases = std::vector<ScoredCase>;

/// Outcomes drawn with logit P(y) = intercept + slope x logit(p).
Cases drawn(unsigned seed, int size, double intercept, double slope) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, 1.5);
  std::uniform_real_distribution<double> uniform;
  Cases cases;
  for (int i = 0; i < size; ++i) {
    const double logit = normal(random);
    const double truth = 1 / (1 + std::exp(-intercept - slope * logit));
    cases.push_back({1 / (1 + std::exp(-logit)), uniform(random) < truth});
  }
  return cases;
}

TEST(Probability, BrierAndLogLossByHand) {
  const Cases cases = {{0.75, true}, {0.5, false}};
  EXPECT_NEAR(*brier_score(cases)->value, (0.0625 + 0.25) / 2, 1e-15);
  EXPECT_NEAR(*log_loss(cases)->estimate.value, -(std::log(0.75) + std::log(0.5)) / 2, 1e-15);
  EXPECT_EQ(*brier_score(Cases{{1, true}, {0, false}})->value, 0);
  EXPECT_EQ(*brier_score(Cases{{0, true}, {1, false}})->value, 1);
}

TEST(Probability, LogLossOfTheCertainAndWrongIsFinite) {
  const auto wrong = log_loss(Cases{{0, true}, {1, false}, {1, true}});
  EXPECT_NEAR(*wrong->estimate.value, 2 * 52 * std::log(2.0) / 3, 1e-12);
  EXPECT_EQ(wrong->floored, 2);
  // A small probability of the other class keeps its digits.
  EXPECT_NEAR(*log_loss(Cases{{1e-20, false}})->estimate.value / 1e-20, 1, 1e-12);
}

TEST(Probability, UndefinedAndInvalid) {
  EXPECT_EQ(brier_score(Cases{})->flag, flag::kNoCases);
  EXPECT_EQ(log_loss(Cases{})->estimate.flag, flag::kNoCases);
  EXPECT_FALSE(brier_score(Cases{{1.01, true}}).ok());
  EXPECT_FALSE(log_loss(Cases{{std::nan(""), true}}).ok());
  EXPECT_EQ(log_loss(Cases{{0.5, true}, {-0.1, true}}).error().where, "case 2");
}

TEST(Calibration, ErrorByHand) {
  // Bins of a half: {0.1, 0.3} with one event, {0.5, 1} with two. Gaps 0.3 and 0.25.
  const Cases cases = {{0.1, false}, {0.3, true}, {0.5, true}, {1, true}};
  const auto result = calibration(cases, CalibrationBinning::kEqualWidth, 2);
  EXPECT_NEAR(*result->expected_error.value, (0.3 + 0.25) / 2, 1e-15);
  EXPECT_NEAR(*result->maximum_error.value, 0.3, 1e-15);
  ASSERT_EQ(result->bins.size(), 2U);
  EXPECT_EQ(result->bins[1].cases, 2);
  EXPECT_EQ(*result->bins[1].event_rate.value, 1);
}

TEST(Calibration, ProbabilitiesOnAnEdgeBelongToTheBinAboveIt) {
  for (const int bins : {3, 10, 15, 49}) {
    for (int k = 0; k <= bins; ++k) {
      const double edge = static_cast<double>(k) / bins;
      const auto result = calibration(Cases{{edge, true}}, CalibrationBinning::kEqualWidth, bins);
      ASSERT_EQ(result->bins.size(), 1U);
      EXPECT_EQ(result->bins[0].low, static_cast<double>(std::min(k, bins - 1)) / bins);
      if (k == 0 || k == bins) continue;
      const auto below = calibration(Cases{{std::nextafter(edge, 0), true}},
                                     CalibrationBinning::kEqualWidth, bins);
      EXPECT_EQ(below->bins[0].high, edge);
    }
  }
}

TEST(Calibration, EqualMassDoesNotDependOnOrderNorCutTies) {
  Cases cases;
  for (int i = 0; i < 40; ++i) cases.push_back({std::floor(i / 7.0) / 8, i % 3 == 0});
  const auto before = calibration(cases, CalibrationBinning::kEqualMass, 8);
  std::shuffle(cases.begin(), cases.end(), std::mt19937(1));
  const auto after = calibration(cases, CalibrationBinning::kEqualMass, 8);
  EXPECT_NEAR(*before->expected_error.value, *after->expected_error.value, 1e-15);
  std::int64_t total = 0;
  for (std::size_t k = 0; k < before->bins.size(); ++k) {
    total += before->bins[k].cases;
    if (k > 0) {
      EXPECT_LT(before->bins[k - 1].high, before->bins[k].low);
    }
  }
  EXPECT_EQ(total, 40);
  Cases distinct;
  for (int i = 0; i < 40; ++i) distinct.push_back({i / 40.0, i % 2 == 0});
  const auto even = calibration(distinct, CalibrationBinning::kEqualMass, 8);
  ASSERT_EQ(even->bins.size(), 8U);
  for (const auto& bin : even->bins) EXPECT_EQ(bin.cases, 5);
}

TEST(Calibration, MoreBinsThanCasesAndOneBin) {
  const Cases cases = {{0.2, false}, {0.8, true}};
  for (const auto binning : {CalibrationBinning::kEqualWidth, CalibrationBinning::kEqualMass}) {
    EXPECT_NEAR(*calibration(cases, binning, 1000)->expected_error.value, 0.2, 1e-15);
    EXPECT_NEAR(*calibration(cases, binning, 1)->expected_error.value, 0, 1e-15);
  }
  EXPECT_FALSE(calibration(cases, CalibrationBinning::kEqualWidth, 0).ok());
  EXPECT_EQ(calibration({})->expected_error.flag, flag::kNoCases);
}

TEST(Calibration, GroupsGiveTheirRates) {
  // Two probabilities: the maximum is reached when each group has its own rate, 1/4 and 2/3.
  Cases cases;
  for (int i = 0; i < 8; ++i) cases.push_back({0.2, i < 2});
  for (int i = 0; i < 6; ++i) cases.push_back({0.7, i < 4});
  const auto logit = [](double p) { return std::log(p / (1 - p)); };
  const double slope = (logit(2.0 / 3) - logit(0.25)) / (logit(0.7) - logit(0.2));
  const auto result = recalibrate(cases);
  EXPECT_NEAR(*result->slope.value, slope, 1e-12);
  EXPECT_NEAR(*result->intercept.value, logit(0.25) - slope * logit(0.2), 1e-12);
  // With two groups the slope's variance is that of a difference of two empirical logits.
  const double variance = 1 / (8 * 0.25 * 0.75) + 1 / (6 * 2.0 / 3 / 3);
  EXPECT_NEAR(*result->slope.se, std::sqrt(variance) / (logit(0.7) - logit(0.2)), 1e-12);
}

TEST(Calibration, InTheLargeMakesTheMeanRight) {
  const Cases cases = drawn(3, 400, 0.7, 1.2);
  const double shift = *recalibrate(cases)->in_the_large.value;
  double expected = 0;
  double observed = 0;
  for (const auto& one : cases) {
    expected += 1 / (1 + (1 - one.score) / one.score * std::exp(-shift));
    observed += one.positive ? 1 : 0;
  }
  EXPECT_NEAR(expected, observed, 1e-9);
}

TEST(Calibration, FindsWhatWasDrawn) {
  const auto result = recalibrate(drawn(5, 40'000, -0.5, 0.7));
  EXPECT_NEAR(*result->slope.value, 0.7, 4 * *result->slope.se);
  EXPECT_NEAR(*result->intercept.value, -0.5, 4 * *result->intercept.se);
  EXPECT_LT(*result->slope.se, 0.02);
}

TEST(Calibration, SwappedClassesGiveTheSameSlopeAndTheOppositeIntercept) {
  Cases cases = drawn(9, 300, 0.4, 0.8);
  const auto before = recalibrate(cases);
  for (auto& one : cases) one = {1 - one.score, !one.positive};
  const auto after = recalibrate(cases);
  EXPECT_NEAR(*before->slope.value, *after->slope.value, 1e-9);
  EXPECT_NEAR(*before->intercept.value, -*after->intercept.value, 1e-9);
}

TEST(Calibration, SaysWhyThereIsNoSlope) {
  const auto reason = [](const Cases& cases) {
    const auto result = recalibrate(cases);
    EXPECT_FALSE(result->slope.value.has_value());
    EXPECT_FALSE(result->intercept.value.has_value());
    return result->slope.flag;
  };
  EXPECT_EQ(reason({}), flag::kNoCases);
  EXPECT_EQ(reason({{0.3, true}, {0.4, true}}), flag::kOneClass);
  EXPECT_EQ(reason({{0.3, true}, {1, true}, {0.2, false}}), flag::kCertainProbability);
  EXPECT_EQ(reason({{0.3, true}, {0.3, false}}), flag::kConstantScore);
  EXPECT_EQ(reason({{0.3, false}, {0.4, true}, {0.6, true}}), flag::kClassesSeparated);
  // Parted up to a tie at the border, and parted the other way round.
  EXPECT_EQ(reason({{0.3, false}, {0.4, true}, {0.4, false}, {0.6, true}}),
            flag::kClassesSeparated);
  EXPECT_EQ(reason({{0.3, true}, {0.4, false}}), flag::kClassesSeparated);
  // The intercept alone exists there.
  EXPECT_TRUE(recalibrate(Cases{{0.3, false}, {0.4, true}})->in_the_large.value.has_value());
}

TEST(Calibration, ConvergesFromFarAway) {
  // Probabilities near 0 and 1 that mean nothing: slope near 0, a long way from 1.
  Cases cases;
  for (int i = 0; i < 200; ++i) cases.push_back({i % 2 == 0 ? 1e-15 : 1 - 1e-15, i % 3 == 0});
  const auto result = recalibrate(cases);
  ASSERT_TRUE(result->slope.value.has_value()) << result->slope.flag;
  EXPECT_NEAR(*result->slope.value, 0, 0.01);
}

}  // namespace
}  // namespace medperf::metrics
