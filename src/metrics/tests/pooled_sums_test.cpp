// Summaries of sites by counts and exact sums: merged they are what one machine computes, bit for
// bit.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "metrics/pooling/count_table.h"
#include "metrics/pooling/moments.h"
#include "metrics/pooling/ratio.h"
#include "metrics/statistics/distributions.h"
#include "metrics/statistics/mean.h"
#include "metrics/statistics/meta_analysis.h"
#include "metrics/statistics/quantile.h"
#include "metrics/statistics/random_stream.h"

namespace medperf::metrics {
namespace {

MomentSummary moments_of(std::span<const double> values) {
  MomentSummary summary;
  for (const double value : values) EXPECT_TRUE(summary.add(value).ok());
  return summary;
}

TEST(Mean, OfThreeByHand) {
  // Mean 2, sd 1, SE 1/sqrt(3), t(2) = 4.3027.
  const auto estimate = mean_estimate(std::vector<double>{1, 2, 3});
  EXPECT_EQ(*estimate->value, 2);
  EXPECT_NEAR(*estimate->se, 1 / std::sqrt(3.0), 1e-15);
  EXPECT_NEAR(estimate->interval->high, 2 + t_quantile(0.975, 2) / std::sqrt(3.0), 1e-13);
  EXPECT_EQ(estimate->convention, "mean-t");
}

TEST(Mean, OfManyEqualValuesIsThatValue) {
  // A plain running sum of 0.1 / 1000 ends seven bits beside 0.1.
  const auto estimate = mean_estimate(std::vector<double>(1000, 0.1));
  EXPECT_EQ(*estimate->value, 0.1);
  EXPECT_EQ(*estimate->se, 0);
}

TEST(Mean, OfEqualValuesHasNoInterval) {
  for (int n = 2; n <= 40; ++n) {
    for (const double value : {1.0, 0.1, 0.7, 0.0}) {
      const std::vector<double> values(static_cast<std::size_t>(n), value);
      for (const Estimate& one : {*mean_estimate(values), moments_of(values).estimate()}) {
        EXPECT_NEAR(*one.value, value, 1e-15) << n;
        EXPECT_EQ(*one.se, 0) << n;
        EXPECT_FALSE(one.interval.has_value()) << n;
        EXPECT_EQ(one.flag, flag::kNoVariance) << n;
      }
    }
  }
}

TEST(Ratio, ThatIsTheSameInEveryCaseHasNoInterval) {
  for (int n = 2; n <= 40; ++n) {
    RatioSummary summary;
    for (int i = 0; i < n; ++i) ASSERT_TRUE(summary.add(7 * (i + 3), 10 * (i + 3)).ok());
    const Estimate estimate = summary.estimate();
    EXPECT_NEAR(*estimate.value, 0.7, 1e-15);
    EXPECT_EQ(*estimate.se, 0) << n;
    EXPECT_FALSE(estimate.interval.has_value()) << n;
    EXPECT_EQ(estimate.flag, flag::kNoVariance) << n;
  }
}

TEST(Mean, OfOneOrNone) {
  EXPECT_EQ(mean_estimate({})->flag, flag::kNoCases);
  const auto one = mean_estimate(std::vector<double>{0.5});
  EXPECT_EQ(*one->value, 0.5);
  EXPECT_FALSE(one->interval.has_value());
  EXPECT_EQ(one->flag, flag::kOneCase);
  EXPECT_FALSE(mean_estimate(std::vector<double>{0.5, NAN}).ok());
  EXPECT_FALSE(mean_estimate(std::vector<double>{0.5}, 0).ok());
}

TEST(Moments, MergedSitesEqualOneMachineBitForBit) {
  RandomStream random(5, 2);
  std::vector<double> values(500);
  for (double& value : values) value = random.uniform();
  const MomentSummary whole = moments_of(values);
  const std::span all(values);
  MomentSummary a = moments_of(all.subspan(0, 120));
  const MomentSummary b = moments_of(all.subspan(120, 1));
  const MomentSummary c = moments_of(all.subspan(121));
  MomentSummary right = c;
  ASSERT_TRUE(right.merge(a).ok());
  ASSERT_TRUE(right.merge(MomentSummary{}).ok());
  ASSERT_TRUE(right.merge(b).ok());
  MomentSummary left = a;
  ASSERT_TRUE(left.merge(b).ok());
  ASSERT_TRUE(left.merge(c).ok());
  EXPECT_TRUE(left == right);
  EXPECT_TRUE(left == whole);
  EXPECT_EQ(left.mean(), whole.mean());
  EXPECT_EQ(left.variance(), right.variance());
  EXPECT_EQ(left.estimate().interval->low, whole.estimate().interval->low);
  const auto direct = mean_estimate(values);
  EXPECT_NEAR(*left.mean(), *direct->value, 1e-15);
  EXPECT_NEAR(*left.estimate().se, *direct->se, 1e-16);
}

TEST(Moments, SpreadSurvivesALargeMean) {
  // 1e9 + {0, 1, 2}: in doubles, squares - n mean^2 has lost the variance 1.
  EXPECT_EQ(*moments_of(std::vector<double>{1e9, 1e9 + 1, 1e9 + 2}).variance(), 1);
  EXPECT_EQ(*moments_of(std::vector<double>{1e15, 1e15 + 1, 1e15 + 2}).variance(), 1);
  EXPECT_EQ(*moments_of(std::vector<double>{0.1, 0.1, 0.1}).variance(), 0);
}

TEST(Moments, RefusesWhatIsNoValue) {
  MomentSummary summary;
  EXPECT_FALSE(summary.add(NAN).ok());
  EXPECT_FALSE(summary.add(INFINITY).ok());
  EXPECT_FALSE(summary.add(1e70).ok());
  EXPECT_FALSE(summary.add(1e-70).ok());
  EXPECT_EQ(summary.cases(), 0);
  EXPECT_TRUE(summary.add(0).ok());
  EXPECT_FALSE(summary.study(Scale::kIdentity).ok());
}

TEST(Moments, FromASiteAreChecked) {
  const MomentSummary site = moments_of(std::vector<double>{0.25, 0.5});
  const auto read = MomentSummary::from_parts(kMomentsConvention, 2, site.sum(), site.squares());
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(*read == site);
  const auto other = MomentSummary::from_parts("exact-moments/2", 2, site.sum(), site.squares());
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().kind, ErrorKind::kConflict);
  const auto made = [](std::int64_t n, const char* sum, const char* squares) {
    return MomentSummary::from_parts(kMomentsConvention, n, *ExactSum::parse(sum),
                                     *ExactSum::parse(squares));
  };
  EXPECT_TRUE(made(1, "3p0", "9p0").ok());
  EXPECT_FALSE(made(1, "3p0", "1p3").ok());  // 9 > 8: no such value
  EXPECT_FALSE(made(0, "1p0", "1p0").ok());
  EXPECT_FALSE(made(-1, "0", "0").ok());
  EXPECT_FALSE(made(2, "0", "-1p0").ok());
  EXPECT_FALSE(made(2, "1p-1000", "1p0").ok());
  EXPECT_FALSE(made(2, "1p900", "1p1000").ok());
  EXPECT_TRUE(made(0, "0", "0").ok());
}

TEST(Moments, TooManyCasesAreAnError) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  auto huge = MomentSummary::from_parts(kMomentsConvention, most, ExactSum{}, ExactSum{});
  ASSERT_TRUE(huge.ok());
  const auto status = huge->merge(*huge);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::kTooLarge);
}

TEST(Moments, OfSitesGoIntoTheMetaAnalysis) {
  const std::vector<std::vector<double>> sites = {
      {0.8, 0.9, 0.85, 0.7}, {0.6, 0.75, 0.9, 0.8}, {0.9, 0.92, 0.88, 0.95}};
  std::vector<Study> studies;
  for (const auto& site : sites) {
    const auto study = moments_of(site).study(Scale::kLogit);
    ASSERT_TRUE(study.ok());
    const auto direct = mean_estimate(site);
    EXPECT_NEAR(study->effect, mean_study(*direct->value, *direct->se, Scale::kLogit)->effect,
                1e-14);
    studies.push_back(*study);
  }
  EXPECT_TRUE(meta_analyse(studies).ok());
  EXPECT_FALSE(moments_of(std::vector<double>{1, 1, 1}).study(Scale::kIdentity).ok());
}

TEST(Moments, MediansCannotBeMadeFromSites) {
  // The row "metrics cannot be averaged": in both cohorts each site has the same size, mean and
  // median, and yet the medians over all cases differ. So no summary here merges medians, and with
  // them no percentile such as HD95.
  const auto pooled_median = [](std::vector<double> first, const std::vector<double>& second) {
    EXPECT_EQ(quantile_of_sorted(first, 0.5), 4);
    EXPECT_EQ(quantile_of_sorted(second, 0.5), 8);
    EXPECT_EQ(*moments_of(first).mean(), 5);
    EXPECT_EQ(*moments_of(second).mean(), 8);
    first.insert(first.end(), second.begin(), second.end());
    std::sort(first.begin(), first.end());
    return quantile_of_sorted(first, 0.5);
  };
  EXPECT_EQ(pooled_median({2, 4, 9}, {7, 8, 9}), 7.5);
  EXPECT_EQ(pooled_median({3, 4, 8}, {5, 8, 11}), 6.5);
}

RatioSummary ratio_of(std::span<const std::pair<std::int64_t, std::int64_t>> cases) {
  RatioSummary summary;
  for (const auto& [a, b] : cases) EXPECT_TRUE(summary.add(a, b).ok());
  return summary;
}

TEST(Ratio, MicroDiceByHand) {
  // Cases 2TP / (2TP + FP + FN) = 2/4 and 6/8: r = 8/12 = 2/3, a - r b = 2 - 8/3 and 6 - 16/3, so
  // squares sum to 8/9, SE = sqrt(2 x 8/9) / 12 = 1/9.
  const std::vector<std::pair<std::int64_t, std::int64_t>> cases = {{2, 4}, {6, 8}};
  const Estimate micro = ratio_of(cases).estimate();
  EXPECT_NEAR(*micro.value, 2.0 / 3, 1e-16);
  EXPECT_NEAR(*micro.se, 1.0 / 9, 1e-15);
  const double half = t_quantile(0.975, 1) * (1.0 / 9) / (2.0 / 9);
  EXPECT_NEAR(micro.interval->high, 1 / (1 + std::exp(-(std::log(2.0) + half))), 1e-14);
  // Macro Dice is another figure: (0.5 + 0.75) / 2.
  EXPECT_NE(*micro.value, 0.625);
}

TEST(Ratio, MergedSitesEqualOneMachineBitForBit) {
  RandomStream random(6, 2);
  std::vector<std::pair<std::int64_t, std::int64_t>> cases(200);
  for (auto& [a, b] : cases) {
    b = static_cast<std::int64_t>(random.below(1ULL << 32) + 1) << 20;
    a = static_cast<std::int64_t>(random.uniform() * static_cast<double>(b));
  }
  const std::span all(cases);
  const RatioSummary whole = ratio_of(all);
  RatioSummary merged = ratio_of(all.subspan(150));
  ASSERT_TRUE(merged.merge(ratio_of(all.first(40))).ok());
  ASSERT_TRUE(merged.merge(RatioSummary{}).ok());
  ASSERT_TRUE(merged.merge(ratio_of(all.subspan(40, 110))).ok());
  EXPECT_TRUE(merged == whole);
  EXPECT_EQ(*merged.estimate().se, *whole.estimate().se);
}

TEST(Ratio, OfNothingOrEverything) {
  EXPECT_EQ(RatioSummary{}.estimate().flag, flag::kNoCases);
  const std::vector<std::pair<std::int64_t, std::int64_t>> empty = {{0, 0}, {0, 0}};
  EXPECT_EQ(ratio_of(empty).estimate().flag, flag::kNothingPositive);
  const std::vector<std::pair<std::int64_t, std::int64_t>> full = {{4, 4}, {5, 5}};
  EXPECT_EQ(*ratio_of(full).estimate().value, 1);
  EXPECT_EQ(ratio_of(full).estimate().flag, flag::kDegenerate);
  EXPECT_FALSE(ratio_of(full).study().ok());
  const std::vector<std::pair<std::int64_t, std::int64_t>> one = {{3, 4}};
  EXPECT_EQ(ratio_of(one).estimate().flag, flag::kOneCase);
  RatioSummary summary;
  EXPECT_FALSE(summary.add(5, 4).ok());
  EXPECT_FALSE(summary.add(-1, 4).ok());
  EXPECT_FALSE(summary.add(0, std::int64_t{1} << 53).ok());
  EXPECT_EQ(summary.cases(), 0);
}

TEST(CountTable, MergesCellByCell) {
  auto site = CountTable::empty("confusion/1 a,b,c", 3, 3);
  ASSERT_TRUE(site.ok());
  ASSERT_TRUE(site->add(0, 1, 4).ok());
  ASSERT_TRUE(site->add(2, 2).ok());
  auto other = CountTable::empty("confusion/1 a,b,c", 3, 3);
  ASSERT_TRUE(other->add(0, 1, 2).ok());
  CountTable left = *site;
  ASSERT_TRUE(left.merge(*other).ok());
  CountTable right = *other;
  ASSERT_TRUE(right.merge(*site).ok());
  EXPECT_TRUE(left == right);
  EXPECT_EQ(left.at(0, 1), 6);
  EXPECT_EQ(left.at(2, 2), 1);
  ASSERT_TRUE(right.merge(*CountTable::empty("confusion/1 a,b,c", 3, 3)).ok());
  EXPECT_TRUE(left == right);
}

TEST(CountTable, RefusesOtherRulesAndOverflow) {
  auto table = *CountTable::empty("confusion/1 a,b", 2, 2);
  EXPECT_EQ(table.merge(*CountTable::empty("confusion/2 a,b", 2, 2)).error().kind,
            ErrorKind::kConflict);
  EXPECT_EQ(table.merge(*CountTable::empty("confusion/1 a,b", 2, 3)).error().kind,
            ErrorKind::kConflict);
  ASSERT_TRUE(table.add(0, 0, 7).ok());
  ASSERT_TRUE(table.add(1, 1, std::numeric_limits<std::int64_t>::max()).ok());
  const CountTable before = table;
  EXPECT_EQ(table.merge(before).error().kind, ErrorKind::kTooLarge);
  EXPECT_TRUE(table == before);
  EXPECT_FALSE(table.add(2, 0).ok());
  EXPECT_FALSE(table.add(0, 0, -1).ok());
  EXPECT_FALSE(CountTable::empty("x", 0, 2).ok());
  EXPECT_FALSE(CountTable::empty("x", std::size_t{1} << 40, std::size_t{1} << 40).ok());
}

TEST(CountTable, TwoByTwoTablesOfSites) {
  Confusion pooled;
  ASSERT_TRUE(merge(pooled, {10, 2, 30, 4}).ok());
  ASSERT_TRUE(merge(pooled, {1, 1, 1, 1}).ok());
  EXPECT_EQ(pooled.tp, 11);
  EXPECT_EQ(pooled.total(), 50);
  EXPECT_FALSE(merge(pooled, {-1, 0, 0, 0}).ok());
  EXPECT_FALSE(merge(pooled, {0, 0, std::numeric_limits<std::int64_t>::max(), 0}).ok());
  EXPECT_EQ(pooled.total(), 50);
}

}  // namespace
}  // namespace medperf::metrics
