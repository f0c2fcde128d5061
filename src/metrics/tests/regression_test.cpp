#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "metrics/regression/agreement.h"
#include "metrics/regression/errors.h"
#include "metrics/statistics/distributions.h"

namespace medperf::metrics {
namespace {

using Pairs = std::vector<MeasuredPair>;

Pairs random_pairs(unsigned seed, int size, double shift, double noise) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Pairs cases;
  for (int i = 0; i < size; ++i) {
    const double truth = 10 + 3 * normal(random);
    cases.push_back({truth, truth + shift + noise * normal(random)});
  }
  return cases;
}

TEST(Regression, ErrorsByHand) {
  const Pairs cases = {{1, 2}, {3, 3}, {5, 2}};  // errors 1, 0, -3
  EXPECT_NEAR(*mean_absolute_error(cases)->value, 4.0 / 3, 1e-15);
  EXPECT_NEAR(*root_mean_squared_error(cases)->value, std::sqrt(10.0 / 3), 1e-15);
  EXPECT_NEAR(*mean_error(cases)->value, -2.0 / 3, 1e-15);
  EXPECT_NEAR(*r_squared(cases)->value, 1 - 10.0 / 8, 1e-15);
  EXPECT_FALSE(root_mean_squared_error(cases)->interval.has_value());
  EXPECT_GE(mean_absolute_error(cases)->interval->low, 0);
}

TEST(Regression, R2EdgeCases) {
  EXPECT_EQ(*r_squared(Pairs{{1, 1}, {2, 2}})->value, 1);
  EXPECT_EQ(r_squared(Pairs{{0.1, 1}, {0.1, 2}, {0.1, 0}})->flag, flag::kConstantReference);
  EXPECT_EQ(r_squared(Pairs{{1, 1}})->flag, flag::kConstantReference);
  EXPECT_EQ(r_squared(Pairs{})->flag, flag::kNoCases);
  EXPECT_NEAR(*r_squared(Pairs{{1, 2}, {3, 2}})->value, 0, 1e-15);  // the mean itself
}

TEST(Regression, LimitsOfAgreementByHand) {
  const Pairs cases = {{0, 1}, {0, 3}, {0, 5}, {0, 7}};  // mean 4, deviation sqrt(20 / 3)
  const auto result = limits_of_agreement(cases);
  const double deviation = std::sqrt(20.0 / 3);
  EXPECT_NEAR(*result->bias.value, 4, 1e-15);
  EXPECT_NEAR(result->deviation, deviation, 1e-14);
  EXPECT_NEAR(*result->upper.value, 4 + 1.959963984540054 * deviation, 1e-13);
  EXPECT_NEAR(*result->lower.value, 4 - 1.959963984540054 * deviation, 1e-13);
  const double se = deviation * std::sqrt(0.25 + 1.959963984540054 * 1.959963984540054 / 6);
  EXPECT_NEAR(result->upper.interval->high - *result->upper.value, t_quantile(0.975, 3) * se,
              1e-11);
  EXPECT_EQ(limits_of_agreement(Pairs{{1, 2}})->upper.flag, "one_case");
  EXPECT_FALSE(limits_of_agreement(Pairs{{1, 2}})->upper.value.has_value());
  EXPECT_EQ(limits_of_agreement(Pairs{})->lower.flag, flag::kNoCases);
  EXPECT_FALSE(limits_of_agreement(cases, 1.0).ok());
}

TEST(Regression, LimitsHoldMostDifferences) {
  const Pairs cases = random_pairs(1, 4000, 2, 1.5);
  const auto result = limits_of_agreement(cases);
  int inside = 0;
  for (const auto& one : cases) {
    const double d = one.predicted - one.reference;
    inside += d >= *result->lower.value && d <= *result->upper.value ? 1 : 0;
  }
  EXPECT_NEAR(inside / 4000.0, 0.95, 0.012);
}

TEST(Regression, ConcordanceIsPearsonTimesTheLossByShiftAndScale) {
  const Pairs cases = random_pairs(3, 200, 4, 1);
  const double r = *pearson(cases)->value;
  const double ccc = *concordance(cases)->value;
  EXPECT_LT(ccc, r);
  Pairs moved = cases;
  for (auto& one : moved) one.predicted -= 4;
  EXPECT_NEAR(*pearson(moved)->value, r, 1e-12);
  EXPECT_GT(*concordance(moved)->value, ccc + 0.2);
  Pairs swapped = cases;
  for (auto& one : swapped) std::swap(one.reference, one.predicted);
  EXPECT_NEAR(*concordance(swapped)->value, ccc, 1e-14);
  EXPECT_NEAR(concordance(swapped)->interval->low, concordance(cases)->interval->low, 1e-12);
  Pairs scaled = cases;
  for (auto& one : scaled) one = {one.reference * 1000, one.predicted * 1000};
  EXPECT_NEAR(*concordance(scaled)->value, ccc, 1e-12);
}

TEST(Regression, ConcordanceEdgeCases) {
  EXPECT_NEAR(*concordance(Pairs{{1, 1}, {2, 2}, {3, 3}, {4, 4}})->value, 1, 1e-15);
  EXPECT_EQ(concordance(Pairs{{1, 1}, {2, 2}, {3, 3}, {4, 4}})->flag, flag::kPerfect);
  const auto constant = concordance(Pairs{{1, 2}, {2, 2}, {3, 2}, {5, 2}});
  EXPECT_EQ(*constant->value, 0);
  EXPECT_EQ(constant->flag, flag::kConstantPrediction);
  EXPECT_EQ(concordance(Pairs{{1, 2}, {1, 2}})->flag, flag::kConstantReference);
  EXPECT_FALSE(concordance(Pairs{{1, 2}, {1, 2}})->value.has_value());
  EXPECT_EQ(concordance(Pairs{{1, 2}, {2, 2.5}})->flag, flag::kTooFewCases);
}

TEST(Regression, RanksShareTies) {
  // Ranks 1 2.5 2.5 4 against 1 3 2 4: sum of products of deviations 4.5 of sqrt(4.5 x 5).
  const Pairs cases = {{1, 10}, {2, 30}, {2, 20}, {9, 99}};
  EXPECT_NEAR(*spearman(cases)->value, 4.5 / std::sqrt(4.5 * 5), 1e-15);
  Pairs bent = cases;  // ranks do not see monotone changes
  for (auto& one : bent) one.predicted = std::exp(one.predicted / 20);
  EXPECT_EQ(*spearman(bent)->value, *spearman(cases)->value);
  for (auto& one : bent) one.predicted = -one.predicted;
  EXPECT_NEAR(*spearman(bent)->value, -*spearman(cases)->value, 1e-15);
  const auto ranked = spearman(random_pairs(4, 53, 0, 2));
  const double half = 1.959963984540054 * std::sqrt((1 + std::pow(*ranked->value, 2) / 2) / 50);
  EXPECT_NEAR(std::atanh(ranked->interval->high), std::atanh(*ranked->value) + half, 1e-9);
  EXPECT_EQ(spearman(Pairs{{1, 5}, {2, 5}})->flag, flag::kConstantPrediction);
  EXPECT_EQ(spearman(Pairs{{1, 5}, {1, 6}})->flag, flag::kConstantReference);
}

TEST(Regression, RanksInTheSameOrderCorrelateExactly) {
  for (int n = 4; n <= 60; ++n) {
    Pairs rising, falling, tied;
    for (int i = 0; i < n; ++i) {
      rising.push_back({0.1 * i, std::exp(0.3 * i)});
      falling.push_back({0.1 * i, -0.7 * i});
      tied.push_back({0.1 * (i / 3), std::exp(0.3 * (i / 3))});
    }
    EXPECT_EQ(*spearman(rising)->value, 1) << n;
    EXPECT_EQ(*spearman(tied)->value, 1) << n;
    EXPECT_EQ(*spearman(falling)->value, -1) << n;
    for (const Pairs& cases : {rising, falling, tied}) {
      EXPECT_EQ(spearman(cases)->flag, flag::kPerfect) << n;
      EXPECT_FALSE(spearman(cases)->interval.has_value()) << n;
    }
    std::swap(rising[1].predicted, rising[2].predicted);
    EXPECT_LT(*spearman(rising)->value, 1) << n;
    EXPECT_TRUE(spearman(rising)->interval.has_value()) << n;
  }
}

TEST(Regression, ValuesOnALineCorrelateExactly) {
  for (int n = 4; n <= 60; ++n) {
    Pairs same, line;
    for (int i = 0; i < n; ++i) {
      const double volume = 0.7 + 0.31 * i + 0.013 * i * i;
      same.push_back({volume, volume});
      line.push_back({volume, 0.3 - 1.7 * volume});
    }
    EXPECT_EQ(*pearson(same)->value, 1) << n;
    EXPECT_EQ(pearson(same)->flag, flag::kPerfect) << n;
    EXPECT_EQ(*pearson(line)->value, -1) << n;
    EXPECT_EQ(pearson(line)->flag, flag::kPerfect) << n;
    EXPECT_EQ(*concordance(same)->value, 1) << n;
    EXPECT_EQ(concordance(same)->flag, flag::kPerfect) << n;
  }
}

TEST(Regression, EqualDifferencesHaveNoInterval) {
  for (int n = 2; n <= 40; ++n) {
    Pairs cases, equal;
    for (int i = 0; i < n; ++i) {
      cases.push_back({0.7 + 0.31 * i, 0.7 + 0.31 * i + 0.1});
      equal.push_back({0.7 + 0.31 * i, 0.7 + 0.31 * i});
    }
    for (const Pairs& one : {cases, equal}) {
      const auto limits = limits_of_agreement(one);
      EXPECT_EQ(limits->deviation, 0) << n;
      for (const Estimate& figure : {limits->bias, limits->lower, limits->upper}) {
        EXPECT_NEAR(*figure.value, one[0].predicted - one[0].reference, 1e-14) << n;
        EXPECT_FALSE(figure.interval.has_value()) << n;
        EXPECT_EQ(figure.flag, flag::kNoVariance) << n;
      }
      EXPECT_EQ(mean_absolute_error(one)->flag, flag::kNoVariance) << n;
      EXPECT_EQ(mean_error(one)->flag, flag::kNoVariance) << n;
      EXPECT_EQ(root_mean_squared_error(one)->flag, "") << n;  // it never has an interval
    }
  }
}

TEST(Regression, RefusesWhatIsNotFinite) {
  const Pairs bad = {{1, 2}, {std::numeric_limits<double>::infinity(), 1}};
  EXPECT_EQ(mean_absolute_error(bad).error().where, "case 2");
  EXPECT_FALSE(r_squared(bad).ok());
  EXPECT_FALSE(concordance(bad).ok());
  EXPECT_FALSE(spearman(bad).ok());
  EXPECT_FALSE(limits_of_agreement(bad).ok());
}

}  // namespace
}  // namespace medperf::metrics
