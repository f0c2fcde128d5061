#include "metrics/classification/threshold.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace medperf::metrics {
namespace {

TEST(Threshold, AScoreEqualToTheThresholdIsCalledPositive) {
  const std::vector<ScoredCase> cases = {{0.5, true}, {0.5, false}, {0.4999, true}, {0.1, false}};
  const auto table = confusion_at(cases, 0.5);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->tp, 1);
  EXPECT_EQ(table->fp, 1);
  EXPECT_EQ(table->fn, 1);
  EXPECT_EQ(table->tn, 1);
}

TEST(Threshold, RefusesNonFiniteInput) {
  const std::vector<ScoredCase> cases = {{std::nan(""), true}};
  EXPECT_FALSE(confusion_at(cases, 0.5).ok());
  EXPECT_FALSE(confusion_at({}, INFINITY).ok());
}

TEST(Threshold, RatesOfAKnownTable) {
  const Confusion table{90, 30, 70, 10};
  EXPECT_DOUBLE_EQ(*sensitivity(table).value, 0.9);
  EXPECT_DOUBLE_EQ(*specificity(table).value, 0.7);
  EXPECT_DOUBLE_EQ(*precision(table).value, 0.75);
  EXPECT_DOUBLE_EQ(*negative_predictive_value(table).value, 0.875);
  EXPECT_DOUBLE_EQ(*accuracy(table).value, 0.8);
  EXPECT_DOUBLE_EQ(*f1(table).value, 180.0 / 220.0);
  EXPECT_NEAR(*matthews(table).value, (90.0 * 70 - 30 * 10) / std::sqrt(120.0 * 100 * 100 * 80),
              1e-15);
  EXPECT_EQ(sensitivity(table).convention, "wilson");
}

TEST(Threshold, EmptyDenominatorsAreUndefinedWithTheirReason) {
  const Confusion no_positives{0, 3, 5, 0};
  EXPECT_FALSE(sensitivity(no_positives).value.has_value());
  EXPECT_EQ(sensitivity(no_positives).flag, flag::kNoPositives);
  const Confusion no_negatives{3, 0, 0, 5};
  EXPECT_EQ(specificity(no_negatives).flag, flag::kNoNegatives);
  EXPECT_EQ(precision(Confusion{0, 0, 4, 2}).flag, flag::kNoCalled);
  EXPECT_EQ(negative_predictive_value(Confusion{4, 2, 0, 0}).flag, flag::kNoCalledNegative);
  EXPECT_EQ(accuracy(Confusion{}).flag, flag::kNoCases);
  EXPECT_FALSE(f1(Confusion{0, 0, 9, 0}).value.has_value());
  EXPECT_EQ(f1(Confusion{0, 0, 9, 0}).flag, flag::kNothingPositive);
}

TEST(Threshold, DegenerateMatthewsIsZeroAndSaysSo) {
  EXPECT_EQ(*matthews(Confusion{5, 0, 0, 0}).value, 0);
  EXPECT_EQ(matthews(Confusion{5, 0, 0, 0}).flag, flag::kDegenerate);
  EXPECT_FALSE(matthews(Confusion{}).value.has_value());
  EXPECT_DOUBLE_EQ(*matthews(Confusion{4, 0, 6, 0}).value, 1);
  EXPECT_DOUBLE_EQ(*matthews(Confusion{0, 6, 0, 4}).value, -1);
}

TEST(Threshold, MatthewsOfATableWithoutErrorsIsExactlyOne) {
  for (std::int64_t positives = 1; positives <= 60; ++positives) {
    for (std::int64_t negatives = 1; negatives <= 60; ++negatives) {
      EXPECT_EQ(*matthews(Confusion{positives, 0, negatives, 0}).value, 1)
          << positives << " and " << negatives;
      EXPECT_EQ(*matthews(Confusion{0, negatives, 0, positives}).value, -1);
      EXPECT_LT(*matthews(Confusion{positives, 1, negatives, 0}).value, 1);
    }
  }
}

TEST(Threshold, MatthewsOfVeryLargeTablesStaysFinite) {
  const std::int64_t big = 4'000'000'000'000'000;
  EXPECT_NEAR(*matthews(Confusion{big, big / 2, big, big / 2}).value, 1.0 / 3, 1e-12);
}

}  // namespace
}  // namespace medperf::metrics
