// Histograms of sites: the figures of the cases lie within the stated bound, merging is exact.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "metrics/classification/auc.h"
#include "metrics/classification/calibration.h"
#include "metrics/pooling/calibration_histogram.h"
#include "metrics/pooling/reliability_table.h"
#include "metrics/pooling/score_histogram.h"
#include "metrics/statistics/distributions.h"
#include "metrics/statistics/random_stream.h"

namespace medperf::metrics {
namespace {

constexpr Bins kScoreBins = {0, 1, 64};

/// Cases with probability p of a chance that is not quite p.
std::vector<ScoredCase> drawn(std::uint64_t number, std::size_t count) {
  RandomStream random(42, number);
  std::vector<ScoredCase> cases(count);
  for (ScoredCase& one : cases) {
    const double x = 6 * (random.uniform() - 0.5);
    one.score = 1 / (1 + std::exp(-x));
    one.positive = random.uniform() < 1 / (1 + std::exp(-(0.3 + 0.7 * x)));
  }
  return cases;
}

template <typename Summary>
Summary summary_of(std::span<const ScoredCase> cases, Summary summary) {
  for (const ScoredCase& one : cases) EXPECT_TRUE(summary.add(one.score, one.positive).ok());
  return summary;
}

/// Associative, commutative, with identity `none`, and equal to one machine.
template <typename Summary>
void expect_merges(const Summary& none) {
  const auto cases = drawn(3, 300);
  const std::span all(cases);
  const Summary whole = summary_of(all, none);
  const Summary a = summary_of(all.first(50), none);
  const Summary b = summary_of(all.subspan(50, 170), none);
  const Summary c = summary_of(all.subspan(220), none);
  Summary left = a;
  ASSERT_TRUE(left.merge(b).ok());
  ASSERT_TRUE(left.merge(c).ok());
  Summary right = none;
  ASSERT_TRUE(right.merge(c).ok());
  Summary later = b;
  ASSERT_TRUE(later.merge(a).ok());
  ASSERT_TRUE(right.merge(later).ok());
  EXPECT_TRUE(left == right);
  EXPECT_TRUE(left == whole);
  EXPECT_FALSE(a == whole);
}

TEST(Bins, EdgesPartValuesAsDoubles) {
  const Bins bins = {0, 1, 15};
  for (int k = 0; k < 15; ++k) {
    const double edge = k / 15.0;
    EXPECT_EQ(bins.edge(k), edge);
    EXPECT_EQ(bins.of(edge), k);
    if (k > 0) {
      EXPECT_EQ(bins.of(std::nextafter(edge, 0.0)), k - 1);
    }
  }
  EXPECT_EQ(bins.of(1.0), 14);
  // Here a division by the width rounds to the bin below.
  const Bins logits = {-14, 14, 560};
  for (int k = 0; k < 560; ++k) EXPECT_EQ(logits.of(logits.edge(k)), k);
  EXPECT_FALSE(bins.of(std::nextafter(1.0, 2.0)).has_value());
  EXPECT_FALSE(bins.of(-1e-300).has_value());
  EXPECT_FALSE(bins.of(NAN).has_value());
  EXPECT_EQ((Bins{-14, 14, 560}).of(0.0), 280);
  EXPECT_EQ(bins.text(), "equal-width 0..1 15");
  EXPECT_FALSE(check_bins({1, 1, 3}).ok());
  EXPECT_FALSE(check_bins({0, 1, 0}).ok());
  EXPECT_FALSE(check_bins({0, INFINITY, 3}).ok());
  EXPECT_FALSE(check_bins({0, 1, 1 << 20}).ok());
}

TEST(ScoreHistogram, ByHand) {
  // Two bins: positives 1 and 3, negatives 2 and 1. Wins 3 x 2, ties 1 x 2 + 3 x 1 of 12 pairs.
  const auto histogram = ScoreHistogram::from_parts({0, 1, 2}, {1, 3}, {2, 1});
  ASSERT_TRUE(histogram.ok());
  const HistogramAuc result = histogram->auroc();
  EXPECT_EQ(*result.estimate.value, (6 + 2.5) / 12);
  EXPECT_EQ(result.bound, 2.5 / 12);
  const auto table = histogram->confusion_at_edge(1);
  EXPECT_EQ(table->tp, 3);
  EXPECT_EQ(table->fn, 1);
  EXPECT_EQ(table->fp, 1);
  EXPECT_EQ(table->tn, 2);
  EXPECT_EQ(histogram->confusion_at_edge(2)->tp, 0);
  EXPECT_FALSE(histogram->confusion_at_edge(3).ok());
}

TEST(ScoreHistogram, HoldsTheAreaOfTheScoresWithinItsBound) {
  for (std::uint64_t number = 0; number < 100; ++number) {
    const auto cases = drawn(number, 20 + number);
    const Bins bins = {0, 1, 1 + static_cast<int>(number)};
    const auto binned = summary_of(cases, *ScoreHistogram::empty(bins)).auroc();
    const auto exact = auc(cases);
    if (!exact->estimate.value) continue;
    EXPECT_LE(std::abs(*binned.estimate.value - *exact->estimate.value), binned.bound + 1e-15);
    if (number == 0) {
      EXPECT_NEAR(*binned.estimate.value, 0.5, 1e-15);  // one bin knows nothing
    }
  }
}

TEST(ScoreHistogram, EqualsDelongWhereNoBinMixesScores) {
  auto cases = drawn(9, 400);
  for (ScoredCase& one : cases) one.score = std::floor(one.score * 64) / 64;
  const auto binned = summary_of(cases, *ScoreHistogram::empty(kScoreBins)).auroc();
  const auto exact = auc(cases);
  EXPECT_EQ(*binned.estimate.value, *exact->estimate.value);
  EXPECT_NEAR(*binned.estimate.se, *exact->estimate.se, 1e-15);
  EXPECT_NEAR(binned.estimate.interval->low, exact->estimate.interval->low - binned.bound, 1e-14);
}

TEST(ScoreHistogram, OfClassesThatDoNotMeetHasNoInterval) {
  auto apart = *ScoreHistogram::empty({0, 1, 512});
  auto together = apart;
  for (int i = 0; i < 6; ++i) {
    for (const bool positive : {true, false}) {
      ASSERT_TRUE(apart.add((positive ? 0.7 : 0.1) + 0.01 * i, positive).ok());
      ASSERT_TRUE(together.add(0.5, positive).ok());
    }
  }
  EXPECT_EQ(*apart.auroc().estimate.value, 1);
  EXPECT_EQ(*together.auroc().estimate.value, 0.5);
  EXPECT_EQ(together.auroc().bound, 0.5);
  for (const auto& one : {apart.auroc(), together.auroc()}) {
    EXPECT_EQ(*one.estimate.se, 0);
    EXPECT_FALSE(one.estimate.interval.has_value());
    EXPECT_EQ(one.estimate.flag, flag::kNoVariance);
  }
}

TEST(ScoreHistogram, MergesExactly) {
  expect_merges(*ScoreHistogram::empty(kScoreBins));
}

TEST(ScoreHistogram, RefusesOtherBinsOverflowAndStrangers) {
  auto histogram = *ScoreHistogram::empty(kScoreBins);
  EXPECT_EQ(histogram.merge(*ScoreHistogram::empty({0, 1, 65})).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(histogram.merge(*ScoreHistogram::empty({0, 2, 64})).error().kind, ErrorKind::kConflict);
  EXPECT_FALSE(histogram.add(1.5, true).ok());
  EXPECT_FALSE(histogram.add(NAN, true).ok());
  const std::int64_t many = std::numeric_limits<std::int32_t>::max();
  EXPECT_FALSE(ScoreHistogram::from_parts({0, 1, 2}, {many, 1}, {0, 0}).ok());
  EXPECT_FALSE(ScoreHistogram::from_parts({0, 1, 2}, {1, -1}, {0, 0}).ok());
  EXPECT_FALSE(ScoreHistogram::from_parts({0, 1, 2}, {1}, {0, 0}).ok());
  auto full = *ScoreHistogram::from_parts({0, 1, 2}, {many, 0}, {0, 0});
  const auto before = full;
  EXPECT_EQ(full.merge(before).error().kind, ErrorKind::kTooLarge);
  EXPECT_TRUE(full == before);
  EXPECT_EQ(full.auroc().estimate.flag, flag::kOneClass);
  EXPECT_EQ(histogram.auroc().estimate.flag, flag::kNoCases);
}

TEST(Reliability, ByHand) {
  auto table = *ReliabilityTable::empty({0, 1, 2});
  for (const auto& [p, y] : std::vector<std::pair<double, bool>>{
           {0.25, false}, {0.25, true}, {0.75, true}, {1.0, true}}) {
    ASSERT_TRUE(table.add(p, y).ok());
  }
  // Gaps |0.5 - 1| and |1.75 - 2| over four cases; squares 1/16 + 9/16 + 1/16 + 0.
  EXPECT_EQ(*table.ece().value, 0.1875);
  EXPECT_EQ(*table.brier().value, 11.0 / 64);
  EXPECT_EQ(*table.observed_over_expected(), 3 / 2.25);
  // Both bins: two cases; rates (1 + 1) / 4 and (2 + 1) / 4, variances 2/4 and 2 x 3/16.
  const double c = chi2_quantile(0.95, 2);
  EXPECT_NEAR(table.ece().interval->high, (0.75 + std::sqrt(c * 0.875)) / 4, 1e-12);
  EXPECT_EQ(table.ece().interval->low, 0);
  const auto rows = table.rows();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(*rows[1].mean_probability, 0.875);
  EXPECT_EQ(*rows[0].event_rate.value, 0.5);
  EXPECT_EQ(rows[0].high, 0.5);
}

TEST(Reliability, RegionOfOneBinIsTheIntervalOfItsGap) {
  // One bin: chi-square with one degree of freedom is the square of the normal quantile.
  auto table = *ReliabilityTable::empty({0, 1, 1});
  for (int i = 0; i < 98; ++i) ASSERT_TRUE(table.add(0.9, i < 49).ok());
  const Estimate ece = table.ece();
  const double half = normal_quantile(0.975) * std::sqrt(98 * 0.25) / 98;
  EXPECT_NEAR(*ece.value, 0.4, 1e-14);
  EXPECT_NEAR(ece.interval->low, 0.4 - half, 1e-12);
  EXPECT_NEAR(ece.interval->high, 0.4 + half, 1e-12);
}

TEST(Reliability, MergesExactlyAndKeepsZeroAndOne) {
  expect_merges(*ReliabilityTable::empty());
  auto table = *ReliabilityTable::empty();
  ASSERT_TRUE(table.add(0, false).ok());
  ASSERT_TRUE(table.add(1, true).ok());
  EXPECT_EQ(table.counts().front().cases, 1);
  EXPECT_EQ(table.counts().back().cases, 1);
  EXPECT_EQ(*table.ece().value, 0);
  EXPECT_FALSE(table.add(1.01, true).ok());
  EXPECT_FALSE(table.add(-0.01, true).ok());
  EXPECT_FALSE(table.add(NAN, true).ok());
  EXPECT_EQ(table.cases(), 2);
  EXPECT_FALSE(ReliabilityTable::empty({0, 2, 4}).ok());
  EXPECT_EQ(table.merge(*ReliabilityTable::empty({0, 1, 10})).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(ReliabilityTable::empty()->ece().flag, flag::kNoCases);
  EXPECT_FALSE(ReliabilityTable::empty()->observed_over_expected().has_value());
  EXPECT_FALSE(ReliabilityTable::empty()->rows()[3].mean_probability.has_value());
}

TEST(Reliability, EqualsTheSingleMachinesEce) {
  for (std::uint64_t number = 0; number < 20; ++number) {
    const auto cases = drawn(number, 50 + 40 * number);
    const auto table = summary_of(cases, *ReliabilityTable::empty());
    const auto single = calibration(cases);
    EXPECT_NEAR(*table.ece().value, *single->expected_error.value, 1e-14);
    for (const CalibrationBin& bin : single->bins) {
      const auto k = static_cast<std::size_t>(*table.bins().of(bin.low));
      EXPECT_EQ(table.counts()[k].cases, bin.cases);
      EXPECT_EQ(table.counts()[k].positives, bin.positives);
    }
  }
}

TEST(CalibrationHistogram, HoldsTheSingleMachinesSlopeWithinItsBound) {
  for (std::uint64_t number = 0; number < 20; ++number) {
    const auto cases = drawn(number, 100 + 50 * number);
    const auto pooled = summary_of(cases, *CalibrationHistogram::empty()).calibration();
    const auto single = recalibrate(cases);
    EXPECT_NEAR(*pooled.slope.estimate.value, *single->slope.value, pooled.slope.bound + 1e-9);
    EXPECT_NEAR(*pooled.intercept.estimate.value, *single->in_the_large.value,
                pooled.intercept.bound + 1e-9);
    EXPECT_NEAR(*pooled.slope.estimate.se, *single->slope.se, 1e-3 * *single->slope.se);
  }
}

/// The maximum likelihood line of the cases themselves, by the same histogram with each case its
/// own width: bins so narrow that nothing is left of the bound.
PooledCalibration fine(std::span<const ScoredCase> cases) {
  return summary_of(cases, *CalibrationHistogram::empty({-14, 14, 1 << 13})).calibration();
}

TEST(CalibrationHistogram, SlopeOfFourGroupsHasAClosedForm) {
  // Logits -1 and 1, three cases each, one positive and two: the fitted rates are 1/3 and 2/3, so
  // the slope is log 2.
  auto histogram = *CalibrationHistogram::empty();
  const double high = 1 / (1 + std::exp(-1.0));
  for (const bool positive : {false, false, true}) {
    ASSERT_TRUE(histogram.add(1 - high, positive).ok());
    ASSERT_TRUE(histogram.add(high, !positive).ok());
  }
  const PooledCalibration result = histogram.calibration();
  ASSERT_TRUE(result.slope.estimate.value.has_value());
  EXPECT_NEAR(*result.slope.estimate.value, std::log(2.0), 1e-13);
  EXPECT_NEAR(*result.intercept.estimate.value, 0, 1e-13);
  // Weights 3 x 2/9 at -1 and 1: variance of the slope 1 / (4/3).
  EXPECT_NEAR(*result.slope.estimate.se, std::sqrt(0.75), 1e-13);
}

TEST(CalibrationHistogram, HoldsTheSlopeOfTheCasesWithinItsBound) {
  int compared = 0;
  for (std::uint64_t number = 0; number < 20; ++number) {
    const auto cases = drawn(number, 100 + 20 * number);
    const PooledCalibration exact = fine(cases);
    if (!exact.slope.estimate.value) continue;
    EXPECT_LT(exact.slope.bound, 1e-5);
    for (const int bins : {28, 56, 140, 560}) {
      const auto binned = summary_of(cases, *CalibrationHistogram::empty({-14, 14, bins}));
      const PooledCalibration result = binned.calibration();
      if (result.slope.estimate.value) {
        ++compared;
        EXPECT_LE(std::abs(*result.slope.estimate.value - *exact.slope.estimate.value),
                  result.slope.bound + exact.slope.bound);
      }
      if (result.intercept.estimate.value) {
        EXPECT_LE(std::abs(*result.intercept.estimate.value - *exact.intercept.estimate.value),
                  result.intercept.bound + exact.intercept.bound);
      }
      if (bins == 560) {
        ASSERT_TRUE(result.slope.estimate.value.has_value());
        EXPECT_LT(result.slope.bound, 2e-3);
        EXPECT_LT(result.intercept.bound, 1e-3);
      }
    }
  }
  EXPECT_GT(compared, 60);
}

TEST(CalibrationHistogram, IntervalHoldsTheTruthThatWasDrawn) {
  const auto cases = drawn(77, 5000);
  const auto result =
      summary_of(cases, *CalibrationHistogram::empty()).calibration().slope.estimate;
  EXPECT_LT(result.interval->low, 0.7);
  EXPECT_GT(result.interval->high, 0.7);
  EXPECT_LT(result.interval->high - result.interval->low, 0.2);
}

TEST(CalibrationHistogram, MergesExactly) {
  expect_merges(*CalibrationHistogram::empty());
}

TEST(CalibrationHistogram, UndefinedWithItsReason) {
  auto histogram = *CalibrationHistogram::empty();
  EXPECT_EQ(histogram.calibration().slope.estimate.flag, flag::kNoCases);
  ASSERT_TRUE(histogram.add(0.2, false).ok());
  EXPECT_EQ(histogram.calibration().slope.estimate.flag, flag::kOneClass);
  EXPECT_EQ(histogram.calibration().intercept.estimate.flag, flag::kOneClass);
  ASSERT_TRUE(histogram.add(0.9, true).ok());
  const auto parted = histogram.calibration();
  EXPECT_EQ(parted.slope.estimate.flag, flag::kSeparated);
  EXPECT_FALSE(parted.slope.estimate.value.has_value());
  EXPECT_TRUE(parted.intercept.estimate.value.has_value());
  ASSERT_TRUE(histogram.add(1, true).ok());
  ASSERT_TRUE(histogram.add(0, true).ok());
  EXPECT_EQ(histogram.calibration().clipped, 2);
  EXPECT_EQ(histogram.calibration().slope.estimate.flag, flag::kClipped);
  EXPECT_EQ(histogram.calibration().intercept.estimate.flag, flag::kClipped);
  auto twice = histogram;
  ASSERT_TRUE(twice.merge(histogram).ok());
  EXPECT_EQ(twice.calibration().clipped, 4);
  EXPECT_FALSE(histogram.add(1.2, true).ok());
  EXPECT_FALSE(histogram.add(NAN, true).ok());
  EXPECT_EQ(histogram.merge(*CalibrationHistogram::empty({-14, 14, 561})).error().kind,
            ErrorKind::kConflict);
  const auto coarse = summary_of(drawn(1, 200), *CalibrationHistogram::empty({-14, 14, 2}));
  EXPECT_EQ(coarse.calibration().slope.estimate.flag, flag::kBinsTooWide);
}

}  // namespace
}  // namespace medperf::metrics
