#include "metrics/classification/comparison.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "metrics/classification/auc.h"

namespace medperf::metrics {
namespace {

using Paired = std::vector<PairedScore>;

Paired random_pairs(unsigned seed, int size, double shared) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Paired cases;
  for (int i = 0; i < size; ++i) {
    const bool positive = random() % 2 == 0;
    const double common = shared * normal(random) + (positive ? 1 : 0);
    cases.push_back({std::round(8 * (common + normal(random))), common + normal(random), positive});
  }
  return cases;
}

/// From the definition: placements by double loops, covariance matrix, contrast (1, -1).
double variance_by_definition(const Paired& cases) {
  const auto kernel = [](double x, double y) { return x > y ? 1.0 : x == y ? 0.5 : 0.0; };
  std::vector<double> apart[2];
  for (const bool positive : {false, true}) {
    for (const auto& one : cases) {
      if (one.positive != positive) continue;
      double difference = 0;
      double others = 0;
      for (const auto& other : cases) {
        if (other.positive == positive) continue;
        others += 1;
        difference += positive ? kernel(one.first, other.first) - kernel(one.second, other.second)
                               : kernel(other.first, one.first) - kernel(other.second, one.second);
      }
      apart[positive].push_back(difference / others);
    }
  }
  double variance = 0;
  for (const auto& values : apart) {
    const auto n = static_cast<double>(values.size());
    double mean = 0;
    for (const double value : values) mean += value / n;
    for (const double value : values) variance += (value - mean) * (value - mean) / (n - 1) / n;
  }
  return variance;
}

TEST(Comparison, DeLongEqualsTheDefinition) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    const Paired cases = random_pairs(seed, 20 + 5 * static_cast<int>(seed), 1);
    const auto result = compare_auc(cases);
    ASSERT_TRUE(result.ok());
    EXPECT_NEAR(*result->difference.se, std::sqrt(variance_by_definition(cases)), 1e-13);
    EXPECT_NEAR(*result->z, *result->difference.value / *result->difference.se, 1e-13);
  }
}

TEST(Comparison, VarianceOfTheDifferenceFollowsFromTheCorrelation) {
  const Paired cases = random_pairs(4, 300, 2);
  std::vector<ScoredCase> first, second;
  for (const auto& one : cases) {
    first.push_back({one.first, one.positive});
    second.push_back({one.second, one.positive});
  }
  const double a = *auc(first)->estimate.se;
  const double b = *auc(second)->estimate.se;
  const auto result = compare_auc(cases);
  EXPECT_NEAR(std::sqrt(a * a + b * b - 2 * *result->correlation * a * b), *result->difference.se,
              1e-13);
  EXPECT_GT(*result->correlation, 0.5);  // paired models share cases: independence would be wrong
}

TEST(Comparison, SwappedModelsGiveTheOppositeDifference) {
  Paired cases = random_pairs(6, 80, 1);
  const auto before = compare_auc(cases);
  for (auto& one : cases) std::swap(one.first, one.second);
  const auto after = compare_auc(cases);
  EXPECT_NEAR(*before->difference.value, -*after->difference.value, 1e-15);
  EXPECT_NEAR(*before->p_value, *after->p_value, 1e-12);
}

TEST(Comparison, EqualModelsHaveNoTest) {
  Paired cases = random_pairs(2, 50, 1);
  for (auto& one : cases) one.second = 3 * one.first + 7;
  const auto result = compare_auc(cases);
  EXPECT_EQ(*result->difference.value, 0);
  EXPECT_FALSE(result->p_value.has_value());
  EXPECT_EQ(result->difference.flag, flag::kNoVariance);
  EXPECT_FALSE(result->difference.interval.has_value());
  EXPECT_NEAR(*result->correlation, 1, 1e-12);
}

TEST(Comparison, UndefinedAndInvalid) {
  EXPECT_EQ(compare_auc({})->difference.flag, flag::kNoCases);
  EXPECT_EQ(compare_auc(Paired{{1, 2, true}})->difference.flag, flag::kOneClass);
  const auto few = compare_auc(Paired{{1, 2, true}, {3, 0, false}, {0, 1, false}});
  EXPECT_EQ(few->difference.flag, flag::kTooFewForVariance);
  EXPECT_FALSE(few->p_value.has_value());
  EXPECT_FALSE(compare_auc(Paired{{std::nan(""), 2, true}}).ok());
  EXPECT_FALSE(compare_auc({}, 1.0).ok());
}

TEST(Comparison, McNemarByHand) {
  // 1 against 5: twice (1 + 6) / 64; mid-p takes 6 / 64 off.
  const auto result = mcnemar(1, 5, 100);
  EXPECT_NEAR(result.exact_p_value, 14.0 / 64, 1e-14);
  EXPECT_NEAR(result.mid_p_value, 8.0 / 64, 1e-14);
  EXPECT_NEAR(*result.difference, -0.04, 1e-15);
  const auto even = mcnemar(2, 2, 10);
  EXPECT_EQ(even.exact_p_value, 1);
  EXPECT_NEAR(even.mid_p_value, 1 - 6.0 / 16 / 2, 1e-14);
  EXPECT_EQ(mcnemar(0, 0, 9).mid_p_value, 1);
  EXPECT_FALSE(mcnemar(0, 0, 0).difference.has_value());
  EXPECT_NEAR(mcnemar(0, 10, 10).exact_p_value, 2.0 / 1024, 1e-15);
}

TEST(Comparison, McNemarFromCases) {
  const std::vector<std::uint8_t> first = {1, 1, 0, 1, 0};
  const std::vector<std::uint8_t> second = {1, 0, 0, 0, 1};
  const auto result = mcnemar(first, second);
  EXPECT_EQ(result->only_first, 2);
  EXPECT_EQ(result->only_second, 1);
  EXPECT_EQ(result->exact_p_value, 1);
  EXPECT_FALSE(mcnemar(first, std::vector<std::uint8_t>{1}).ok());
}

TEST(Comparison, McNemarOfVeryManyCases) {
  const auto result = mcnemar(500'000, 502'000, 10'000'000);
  const double z = 2000 / std::sqrt(1'002'000.0);  // the normal approximation is good here
  EXPECT_NEAR(result.mid_p_value, std::erfc(z / std::sqrt(2.0)), 1e-5);
}

TEST(Comparison, PairedBootstrapSeesWhatTheModelsShare) {
  const Paired cases = random_pairs(8, 200, 3);
  const auto area = [&cases](bool of_first) -> Statistic {
    return [&cases, of_first](std::span<const std::uint32_t> drawn) -> std::optional<double> {
      std::vector<ScoredCase> resample;
      for (const auto i : drawn) {
        resample.push_back({of_first ? cases[i].first : cases[i].second, cases[i].positive});
      }
      return auc(resample)->estimate.value;
    };
  };
  const auto units = ResampleUnits::each_case(200);
  const BootstrapOptions options{.seed = 1, .replicates = 1000};
  const auto paired = paired_bootstrap(units, area(true), area(false), options);
  const auto delong = compare_auc(cases);
  EXPECT_NEAR(*paired->difference.estimate.se / *delong->difference.se, 1, 0.1);
  const double alone = *bootstrap(units, area(true), options)->estimate.se;
  EXPECT_LT(*paired->difference.estimate.se, 0.6 * alone);
  EXPECT_NEAR(*paired->p_value, *delong->p_value, 0.1);
  const auto same = paired_bootstrap(units, area(true), area(true), options);
  EXPECT_EQ(*same->p_value, 1);
  EXPECT_EQ(*same->difference.estimate.se, 0);
}

TEST(Comparison, PairedBootstrapOfACertainDifferenceIsNotZero) {
  const auto constant = [](double value) -> Statistic {
    return [value](std::span<const std::uint32_t>) -> std::optional<double> { return value; };
  };
  const auto result =
      paired_bootstrap(ResampleUnits::each_case(9), constant(2), constant(1), {.replicates = 199});
  EXPECT_NEAR(*result->p_value, 2.0 / 200, 1e-15);
}

}  // namespace
}  // namespace medperf::metrics
