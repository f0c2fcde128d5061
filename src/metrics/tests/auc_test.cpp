#include "metrics/classification/auc.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace medperf::metrics {
namespace {

using Cases = std::vector<ScoredCase>;

Cases random_cases(unsigned seed, int size, int levels) {
  std::mt19937 random(seed);
  Cases cases;
  for (int i = 0; i < size; ++i) {
    const bool positive = random() % 3 == 0;
    const double score = static_cast<double>(random() % static_cast<unsigned>(levels)) / levels;
    cases.push_back({positive ? std::sqrt(score) : score, positive});
  }
  return cases;
}

/// Straight from the definition: a double loop over all pairs and two-pass sample variances.
struct Reference {
  double value = 0;
  double variance = 0;
};

double sample_variance(const std::vector<double>& values, double mean) {
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return sum / static_cast<double>(values.size() - 1);
}

Reference by_definition(const Cases& cases) {
  std::vector<double> positives, negatives;
  for (const auto& c : cases) (c.positive ? positives : negatives).push_back(c.score);
  const auto kernel = [](double x, double y) { return x > y ? 1.0 : x == y ? 0.5 : 0.0; };
  std::vector<double> v10, v01;
  double total = 0;
  for (const double x : positives) {
    double sum = 0;
    for (const double y : negatives) sum += kernel(x, y);
    total += sum;
    v10.push_back(sum / static_cast<double>(negatives.size()));
  }
  for (const double y : negatives) {
    double sum = 0;
    for (const double x : positives) sum += kernel(x, y);
    v01.push_back(sum / static_cast<double>(positives.size()));
  }
  const auto m = static_cast<double>(positives.size());
  const auto n = static_cast<double>(negatives.size());
  Reference reference{total / (m * n), 0};
  reference.variance =
      sample_variance(v10, reference.value) / m + sample_variance(v01, reference.value) / n;
  return reference;
}

TEST(Auc, ClosedForm) {
  // Positives 0.8 0.6 0.4, negatives 0.6 0.3: wins 2, 1.5, 1 of 2 each. AUC 4.5/6.
  // V10 = 1, 0.75, 0.5 (variance 1/16); V01 = 0.5, 1 (variance 1/8). Variance 1/48 + 1/16 = 1/12.
  const Cases cases = {{0.8, true}, {0.6, true}, {0.4, true}, {0.6, false}, {0.3, false}};
  const auto result = auc(cases);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->doubled_wins, 9);
  EXPECT_EQ(*result->estimate.value, 0.75);
  EXPECT_NEAR(*result->estimate.se, std::sqrt(1.0 / 12), 1e-15);
  EXPECT_NEAR(result->estimate.interval->low, 0.75 - 1.959963984540054 * std::sqrt(1.0 / 12),
              1e-14);
  EXPECT_EQ(result->estimate.interval->high, 1);  // 1.31 clipped
  EXPECT_EQ(result->n_positive, 3);
  EXPECT_EQ(result->n_negative, 2);
  EXPECT_EQ(result->estimate.convention, "auroc-mann-whitney-delong");
}

TEST(Auc, EqualsTheDoubleLoopWithAndWithoutTies) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    for (const int levels : {2, 7, 1'000'000}) {
      const Cases cases = random_cases(seed, 5 + static_cast<int>(seed) * 4, levels);
      const auto result = auc(cases);
      ASSERT_TRUE(result.ok());
      if (result->n_positive < 2 || result->n_negative < 2) continue;
      const Reference expected = by_definition(cases);
      EXPECT_NEAR(*result->estimate.value, expected.value, 1e-14);
      EXPECT_NEAR(*result->estimate.se, std::sqrt(expected.variance), 1e-14);
    }
  }
}

TEST(Auc, OrdersScoresOfEverySignAndSize) {
  using Limits = std::numeric_limits<double>;
  std::mt19937 random(11);
  std::vector<double> scores = {
      0.0,           -0.0,           Limits::max(),        Limits::lowest(),
      Limits::min(), -Limits::min(), Limits::denorm_min(), -Limits::denorm_min()};
  for (int exponent = -60; exponent <= 60; exponent += 3) {
    scores.push_back(std::ldexp(1.5, exponent));
    scores.push_back(-std::ldexp(1.25, exponent));
  }
  for (const int size : {40, 511, 512, 1500}) {
    Cases cases;
    for (int i = 0; i < size; ++i) {
      cases.push_back({scores[random() % scores.size()], random() % 2 == 0});
    }
    const auto result = auc(cases);
    ASSERT_TRUE(result.ok());
    const Reference expected = by_definition(cases);
    EXPECT_NEAR(*result->estimate.value, expected.value, 1e-13) << size;
    EXPECT_NEAR(*result->estimate.se, std::sqrt(expected.variance), 1e-13) << size;
  }
}

TEST(Auc, IsTheSameWhicheverWayFewOrManyScoresAreOrdered) {
  // Few different scores are counted, many are sorted; 512 is the last number of few ones.
  for (const int different : {1, 2, 511, 512, 513, 700}) {
    std::mt19937 random(9);
    Cases cases;
    for (int i = 0; i < 2100; ++i) {
      const int level =
          i < different ? i : static_cast<int>(random() % static_cast<unsigned>(different));
      const double score = (level - different / 2) / 3.0;  // negative, 0 and positive ones
      cases.push_back({score == 0 && i % 2 == 0 ? -0.0 : score, random() % 3 == 0});
    }
    const Reference expected = by_definition(cases);
    const auto found = auc(cases);
    ASSERT_TRUE(found.ok());
    EXPECT_NEAR(*found->estimate.value, expected.value, 1e-14) << different;
    EXPECT_NEAR(*found->estimate.se, std::sqrt(expected.variance), 1e-14) << different;
  }
}

TEST(Auc, IsTheSameForEveryOrderAndMonotoneTransformation) {
  Cases cases = random_cases(7, 300, 50);
  const auto before = auc(cases);
  std::shuffle(cases.begin(), cases.end(), std::mt19937(3));
  for (auto& c : cases) c.score = std::exp(3 * c.score) - 5;
  const auto after = auc(cases);
  EXPECT_EQ(before->doubled_wins, after->doubled_wins);
  EXPECT_NEAR(*before->estimate.se, *after->estimate.se, 1e-15);
}

TEST(Auc, ReversedScoresGiveTheComplement) {
  Cases cases = random_cases(9, 200, 20);
  const auto before = auc(cases);
  for (auto& c : cases) c.score = -c.score;
  const auto after = auc(cases);
  EXPECT_EQ(before->doubled_wins + after->doubled_wins,
            2 * before->n_positive * before->n_negative);
  EXPECT_NEAR(*before->estimate.se, *after->estimate.se, 1e-15);
}

TEST(Auc, PerfectAndUninformative) {
  const Cases perfect = {{1, true}, {2, true}, {0, false}, {-1, false}};
  EXPECT_EQ(*auc(perfect)->estimate.value, 1);
  EXPECT_EQ(*auc(perfect)->estimate.se, 0);
  // No spread of the placements: DeLong's variance cannot tell how certain the area is.
  EXPECT_FALSE(auc(perfect)->estimate.interval.has_value());
  EXPECT_EQ(auc(perfect)->estimate.flag, flag::kNoVariance);
  const Cases same = {{0, true}, {-0.0, true}, {0, false}, {0, false}};
  EXPECT_EQ(*auc(same)->estimate.value, 0.5);
  EXPECT_EQ(*auc(same)->estimate.se, 0);
  EXPECT_FALSE(auc(same)->estimate.interval.has_value());
  EXPECT_EQ(auc(same)->estimate.flag, flag::kNoVariance);
  for (int positives = 2; positives <= 12; ++positives) {
    for (int negatives = 2; negatives <= 12; ++negatives) {
      Cases cases;
      for (int i = 0; i < positives; ++i) cases.push_back({1 + 0.1 * i, true});
      for (int i = 0; i < negatives; ++i) cases.push_back({-0.1 * i, false});
      EXPECT_EQ(*auc(cases)->estimate.value, 1);
      EXPECT_EQ(auc(cases)->estimate.flag, flag::kNoVariance);
      for (auto& one : cases) one.score = -one.score;
      EXPECT_EQ(*auc(cases)->estimate.value, 0);
      EXPECT_EQ(auc(cases)->estimate.flag, flag::kNoVariance);
    }
  }
}

TEST(Auc, UndefinedIsAValueOfItsOwn) {
  const auto empty = auc({});
  EXPECT_FALSE(empty->estimate.value.has_value());
  EXPECT_EQ(empty->estimate.flag, flag::kNoCases);
  const Cases one_class = {{0.1, true}, {0.2, true}};
  EXPECT_FALSE(auc(one_class)->estimate.value.has_value());
  EXPECT_EQ(auc(one_class)->estimate.flag, flag::kOneClass);
  const Cases single = {{0.1, true}, {0.2, false}, {0.0, false}};
  const auto result = auc(single);
  EXPECT_EQ(*result->estimate.value, 0.5);
  EXPECT_FALSE(result->estimate.se.has_value());
  EXPECT_FALSE(result->estimate.interval.has_value());
  EXPECT_EQ(result->estimate.flag, flag::kTooFewForVariance);
}

TEST(Auc, RefusesALevelThatIsNone) {
  const Cases cases = {{1, true}, {2, true}, {0, false}, {1.5, false}};
  for (const double level : {0.0, 1.0, -0.95, 95.0, std::nan("")}) {
    const auto result = auc(cases, level);
    ASSERT_FALSE(result.ok()) << level;
    EXPECT_EQ(result.error().where, "level");
  }
}

TEST(Auc, RefusesScoresThatAreNotFinite) {
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    const Cases cases = {{0.1, true}, {bad, false}};
    const auto result = auc(cases);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::kInvalid);
    EXPECT_EQ(result.error().where, "case 2");
  }
}

}  // namespace
}  // namespace medperf::metrics
