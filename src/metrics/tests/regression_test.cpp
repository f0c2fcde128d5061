#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "metrics/regression/agreement.h"
#include "metrics/regression/errors.h"
#include "metrics/regression/icc.h"
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

TEST(Regression, RefusesWhatIsNotFinite) {
  const Pairs bad = {{1, 2}, {std::numeric_limits<double>::infinity(), 1}};
  EXPECT_EQ(mean_absolute_error(bad).error().where, "case 2");
  EXPECT_FALSE(r_squared(bad).ok());
  EXPECT_FALSE(concordance(bad).ok());
  EXPECT_FALSE(spearman(bad).ok());
  EXPECT_FALSE(limits_of_agreement(bad).ok());
}

// The data and the coefficients of Shrout and Fleiss (1979), tables 2 and 4: six subjects, four
// judges; ICC(1,1) .17, ICC(2,1) .29, ICC(3,1) .71.
const std::vector<double> kShroutFleiss = {9, 2, 5, 8, 6,  1, 3, 2, 8, 4, 6, 8,
                                           7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7};

TEST(Icc, TheFormsOfShroutAndFleiss) {
  const auto icc = intraclass_correlations(kShroutFleiss, 4);
  ASSERT_TRUE(icc.ok());
  EXPECT_NEAR(*icc->one_way.value, 0.17, 0.005);
  EXPECT_NEAR(*icc->agreement.value, 0.29, 0.005);
  EXPECT_NEAR(*icc->consistency.value, 0.71, 0.005);
}

TEST(Icc, ShiftsOfARaterMatterForAgreementOnly) {
  std::vector<double> shifted = kShroutFleiss;
  for (std::size_t i = 0; i < shifted.size(); i += 4) shifted[i] += 10;
  const auto before = intraclass_correlations(kShroutFleiss, 4);
  const auto after = intraclass_correlations(shifted, 4);
  EXPECT_NEAR(*after->consistency.value, *before->consistency.value, 1e-12);
  EXPECT_LT(*after->agreement.value, *before->agreement.value);
  std::vector<double> scaled = kShroutFleiss;
  for (double& value : scaled) value = 5 - 3 * value;
  const auto bent = intraclass_correlations(scaled, 4);
  EXPECT_NEAR(*bent->one_way.value, *before->one_way.value, 1e-12);
  EXPECT_NEAR(bent->agreement.interval->low, before->agreement.interval->low, 1e-10);
}

TEST(Icc, EdgeCases) {
  EXPECT_EQ(intraclass_correlations({}, 2)->agreement.flag, flag::kNoCases);
  EXPECT_EQ(intraclass_correlations(std::vector<double>{1, 2}, 2)->one_way.flag,
            flag::kTooFewSubjects);
  EXPECT_EQ(intraclass_correlations(std::vector<double>{3, 3, 3, 3}, 2)->one_way.flag,
            flag::kNoSpread);
  const auto perfect = intraclass_correlations(std::vector<double>{1, 1, 2, 2, 4, 4}, 2);
  EXPECT_EQ(*perfect->agreement.value, 1);
  EXPECT_EQ(perfect->agreement.flag, flag::kNoResidual);
  EXPECT_FALSE(perfect->agreement.interval.has_value());
  // Raters differ by a shift and subjects not at all: nothing for consistency to explain.
  const auto shift = intraclass_correlations(std::vector<double>{1, 2, 1, 2, 1, 2}, 2);
  EXPECT_FALSE(shift->consistency.value.has_value());
  EXPECT_EQ(shift->consistency.flag, flag::kNoSpread);
  EXPECT_EQ(*shift->agreement.value, 0);
  EXPECT_LT(*shift->one_way.value, 0);
  EXPECT_FALSE(intraclass_correlations(std::vector<double>{1, 2, 3}, 2).ok());
  EXPECT_FALSE(intraclass_correlations(std::vector<double>{1, 2, 3}, 1).ok());
  EXPECT_FALSE(intraclass_correlations(std::vector<double>{1, std::nan("")}, 2).ok());
}

}  // namespace
}  // namespace medperf::metrics
