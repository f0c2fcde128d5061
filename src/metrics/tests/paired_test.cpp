#include "metrics/statistics/paired.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "metrics/statistics/mean.h"
#include "metrics/statistics/quantile_interval.h"
#include "metrics/statistics/random_stream.h"
#include "oracle_table.h"

namespace medperf::metrics {
namespace {

TEST(Wilcoxon, AllOfFivePositive) {
  // The most extreme of 2^5 sign patterns, and its mirror.
  const TestResult test = wilcoxon_signed_rank(std::vector<double>{1, 2, 3, 4, 5});
  EXPECT_EQ(*test.statistic, 15);
  EXPECT_EQ(*test.p_value, 2.0 / 32);
  EXPECT_EQ(test.convention, "wilcoxon-signed-rank-exact");
}

TEST(Wilcoxon, ExactWithTiesIsTheCountOfSignPatterns) {
  const std::vector<double> differences = {1, -1, 2, 2, -3, 4, 4, 4, 0};
  const TestResult test = wilcoxon_signed_rank(differences);
  const std::vector<double> ranks = {1.5, 1.5, 3.5, 3.5, 5, 7, 7, 7};
  const double mean = 18;
  int extreme = 0;
  for (unsigned signs = 0; signs < 256; ++signs) {
    double sum = 0;
    for (std::size_t i = 0; i < 8; ++i) sum += (signs >> i & 1U) != 0 ? ranks[i] : 0;
    extreme += std::abs(sum - mean) >= std::abs(*test.statistic - mean) ? 1 : 0;
  }
  EXPECT_EQ(*test.statistic, 1.5 + 3.5 + 3.5 + 7 + 7 + 7);
  EXPECT_NEAR(*test.p_value, extreme / 256.0, 1e-15);
}

TEST(Wilcoxon, NothingToTest) {
  EXPECT_EQ(wilcoxon_signed_rank({}).flag, flag::kNoCases);
  const TestResult equal = wilcoxon_signed_rank(std::vector<double>{0, 0, 0});
  EXPECT_EQ(equal.flag, flag::kNoDifference);
  EXPECT_FALSE(equal.p_value.has_value());
}

TEST(Paired, EqualsScipy) {
  std::map<std::string, std::vector<double>> differences;
  std::map<std::string, OracleRow> answers;
  for (auto& row : oracle_rows("paired_scipy")) {
    differences[row["set"]].push_back(oracle_number(row["difference"]));
    answers[row["set"]] = row;
  }
  EXPECT_EQ(answers.size(), 5u);
  for (auto& [name, row] : answers) {
    SCOPED_TRACE(name);
    const std::vector<double> zeros(differences[name].size(), 0.0);
    BootstrapOptions options;
    options.replicates = 200;
    const auto result = compare_paired(differences[name], zeros, options);
    ASSERT_TRUE(result.ok());
    EXPECT_NEAR(*result->t.statistic, oracle_number(row["t"]), 1e-9);
    EXPECT_NEAR(*result->t.p_value, oracle_number(row["t_p"]), 1e-9);
    EXPECT_NEAR(result->mean_difference.interval->low, oracle_number(row["low"]), 1e-9);
    EXPECT_NEAR(result->mean_difference.interval->high, oracle_number(row["high"]), 1e-9);
    EXPECT_EQ(*result->wilcoxon.statistic, oracle_number(row["sum_positive"]));
    EXPECT_NEAR(*result->wilcoxon.p_value, oracle_number(row["wilcoxon_p"]), 1e-9);
    EXPECT_NEAR(*result->bootstrap.estimate.value, *result->mean_difference.value, 1e-12);
    EXPECT_NEAR(*result->bootstrap.estimate.se, *result->mean_difference.se,
                0.25 * *result->mean_difference.se);
  }
}

TEST(Paired, TurnedAroundChangesOnlyTheSign) {
  const std::vector<double> a = {0.8, 0.7, 0.9, 0.85, 0.6, 0.9};
  const std::vector<double> b = {0.75, 0.72, 0.8, 0.85, 0.5, 0.7};
  const auto forth = compare_paired(a, b);
  const auto back = compare_paired(b, a);
  EXPECT_EQ(forth->zero_differences, 1);
  EXPECT_EQ(*forth->t.statistic, -*back->t.statistic);
  EXPECT_EQ(*forth->t.p_value, *back->t.p_value);
  EXPECT_EQ(*forth->wilcoxon.p_value, *back->wilcoxon.p_value);
  EXPECT_EQ(forth->mean_difference.interval->low, -back->mean_difference.interval->high);
}

TEST(Paired, UndefinedAndRefused) {
  const std::vector<double> a = {1, 2, 3};
  const std::vector<double> b = {0, 1, 2};
  const auto constant = compare_paired(a, b);
  EXPECT_EQ(constant->t.flag, flag::kAllEqual);
  EXPECT_FALSE(constant->t.p_value.has_value());
  EXPECT_EQ(*constant->wilcoxon.p_value, 0.25);
  EXPECT_FALSE(compare_paired(a, std::vector<double>{1, 2}).ok());
  EXPECT_FALSE(compare_paired(a, std::vector<double>{1, NAN, 2}).ok());
  const auto one = compare_paired(std::vector<double>{1}, std::vector<double>{2});
  EXPECT_EQ(one->t.flag, flag::kOneCase);
}

TEST(Paired, RoundingIsNoSpread) {
  const std::vector<double> a = {0.9, 0.8, 0.7, 0.5};
  const std::vector<double> b = {0.7, 0.6, 0.5, 0.3};
  const auto shifted = compare_paired(a, b);
  ASSERT_TRUE(shifted.ok());
  EXPECT_NEAR(*shifted->mean_difference.value, 0.2, 1e-15);
  EXPECT_EQ(shifted->t.flag, flag::kAllEqual);
  EXPECT_FALSE(shifted->t.p_value.has_value());
  EXPECT_EQ(*shifted->wilcoxon.p_value, 0.125);
  EXPECT_FALSE(shifted->bootstrap.estimate.interval.has_value());
  const auto same = compare_paired(std::vector<double>(5, 0.1 + 0.2), std::vector<double>(5, 0.3));
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(same->zero_differences, 5);
  EXPECT_EQ(same->wilcoxon.flag, flag::kNoDifference);
  EXPECT_FALSE(compare_paired(a, std::vector<double>{0.7, INFINITY, 0.5, 0.3}).ok());
}

TEST(Quantile, MedianOfTenHasTheTextbookInterval) {
  // P(Bin(10, 1/2) <= 1) = 11/1024 = 0.0107: from the second to the ninth value.
  const std::vector<double> values = {3, 1, 4, 15, 9, 2, 6, 5, 35, 8};
  const auto median = quantile_estimate(values, 0.5);
  EXPECT_EQ(*median->value, 5.5);
  EXPECT_EQ(median->interval->low, 2);
  EXPECT_EQ(median->interval->high, 15);
}

TEST(Quantile, HoldsAtLeastTheLevelAndNoPlaceLess) {
  for (int n = 6; n <= 60; ++n) {
    std::vector<double> values;
    for (int i = 1; i <= n; ++i) values.push_back(i);
    const auto median = quantile_estimate(values, 0.5);
    ASSERT_TRUE(median->interval.has_value()) << n;
    const int low = static_cast<int>(median->interval->low);
    EXPECT_EQ(median->interval->high, n + 1 - low);
    const auto below = [&](int k) {  // P(Bin(n, 1/2) < k)
      double sum = 0;
      for (int i = 0; i < k; ++i) {
        sum += std::exp(std::lgamma(n + 1.0) - std::lgamma(i + 1.0) - std::lgamma(n - i + 1.0) -
                        n * std::log(2.0));
      }
      return sum;
    };
    EXPECT_LE(below(low), 0.025);
    EXPECT_GT(below(low + 1), 0.025);
  }
}

TEST(Quantile, PlacesOfManyCasesAreTheBinomialQuantiles) {
  // Bin(100,000, 0.9): mean 90,000, variance 9,000; the places lie 1.96 deviations beside.
  std::vector<double> values(100'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i + 1);
  const auto found = quantile_estimate(values, 0.9);
  EXPECT_NEAR(found->interval->low, 90'000 - 1.96 * std::sqrt(9'000.0), 2);
  EXPECT_NEAR(found->interval->high, 90'001 + 1.96 * std::sqrt(9'000.0), 2);
}

TEST(Quantile, UpperQuantilesNeedMoreCases) {
  std::vector<double> values(70);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  const auto p95 = quantile_estimate(values, 0.95);
  EXPECT_EQ(p95->flag, flag::kTooFewForQuantile);  // 1 - 0.95^70 = 0.972: the largest is no bound
  EXPECT_NEAR(*p95->value, 65.55, 1e-12);
  values.resize(80, 100);
  EXPECT_TRUE(quantile_estimate(values, 0.95)->interval.has_value());
  EXPECT_EQ(quantile_estimate(std::vector<double>{1, 2, 3, 4, 5}, 0.5)->flag,
            flag::kTooFewForQuantile);
  EXPECT_EQ(quantile_estimate({}, 0.5)->flag, flag::kNoCases);
  EXPECT_FALSE(quantile_estimate(values, 1).ok());
  EXPECT_FALSE(quantile_estimate(std::vector<double>{NAN}, 0.5).ok());
}

}  // namespace
}  // namespace medperf::metrics
