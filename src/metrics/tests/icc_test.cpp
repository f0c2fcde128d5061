#include "metrics/regression/icc.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace medperf::metrics {
namespace {

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

/// One row (reference, prediction) a case.
std::vector<double> rows(int n, double (*reference)(int), double (*predicted)(double)) {
  std::vector<double> ratings;
  for (int i = 0; i < n; ++i) {
    ratings.push_back(reference(i));
    ratings.push_back(predicted(reference(i)));
  }
  return ratings;
}

double volume(int i) {
  return 0.7 + 0.31 * i + 0.013 * i * i;
}

void expect_finite(const Estimate& estimate, int n) {
  if (estimate.value) {
    EXPECT_TRUE(std::isfinite(*estimate.value)) << n;
    EXPECT_LE(*estimate.value, 1) << n;
  }
  if (!estimate.interval) return;
  EXPECT_TRUE(std::isfinite(estimate.interval->low)) << n;
  EXPECT_TRUE(std::isfinite(estimate.interval->high)) << n;
  EXPECT_LT(estimate.interval->low, estimate.interval->high) << n;
  EXPECT_LE(estimate.interval->high, 1) << n;
}

TEST(Icc, SubjectsThatAreAllAlikeExplainNothing) {
  // 5 against 2 in every row: of the mean squares only the raters' is not 0, however sums round.
  for (int n = 2; n <= 40; ++n) {
    for (const double reference : {2.0, 0.1, 1e-200, 1e200}) {
      std::vector<double> ratings;
      for (int i = 0; i < n; ++i) {
        ratings.push_back(reference);
        ratings.push_back(2.7 * reference);
      }
      const auto icc = intraclass_correlations(ratings, 2);
      EXPECT_EQ(*icc->agreement.value, 0) << n;
      EXPECT_EQ(icc->agreement.flag, flag::kNoResidual) << n;
      EXPECT_FALSE(icc->agreement.interval.has_value()) << n;
      EXPECT_FALSE(icc->consistency.value.has_value()) << n;
      EXPECT_EQ(icc->consistency.flag, flag::kNoSpread) << n;
      EXPECT_NEAR(*icc->one_way.value, -1, 1e-12) << n;
      EXPECT_FALSE(icc->one_way.interval.has_value()) << n;
      EXPECT_EQ(icc->one_way.flag, flag::kNoVariance) << n;
    }
  }
}

TEST(Icc, RatersThatAgreeExactlyHaveTheValueOneAndNoInterval) {
  for (int n = 2; n <= 40; ++n) {
    for (const double scale : {1.0, 1e-200, 1e200}) {
      auto ratings = rows(n, volume, [](double value) { return value; });
      for (double& one : ratings) one *= scale;
      const auto icc = intraclass_correlations(ratings, 2);
      for (const Estimate& form : {icc->one_way, icc->agreement, icc->consistency}) {
        EXPECT_EQ(*form.value, 1) << n;
        EXPECT_EQ(form.flag, flag::kNoResidual) << n;
        EXPECT_FALSE(form.interval.has_value()) << n;
      }
    }
  }
}

TEST(Icc, RatersThatDifferByAShiftAreConsistentExactly) {
  for (int n = 2; n <= 40; ++n) {
    const auto icc =
        intraclass_correlations(rows(n, volume, [](double value) { return value + 0.1; }), 2);
    EXPECT_EQ(*icc->consistency.value, 1) << n;
    EXPECT_EQ(icc->consistency.flag, flag::kNoResidual) << n;
    EXPECT_FALSE(icc->consistency.interval.has_value()) << n;
    EXPECT_LT(*icc->agreement.value, 1) << n;
    EXPECT_GT(*icc->agreement.value, 0) << n;
    EXPECT_EQ(icc->agreement.flag, flag::kNoResidual) << n;
    EXPECT_FALSE(icc->agreement.interval.has_value()) << n;
    expect_finite(icc->one_way, n);
  }
}

TEST(Icc, DoesNotDependOnTheUnit) {
  const auto plain = intraclass_correlations(kShroutFleiss, 4);
  for (const double unit : {1e-300, 1e-200, 1e-9, 1e9, 1e200, 1e300}) {
    std::vector<double> ratings = kShroutFleiss;
    for (double& one : ratings) one *= unit;
    const auto icc = intraclass_correlations(ratings, 4);
    EXPECT_NEAR(*icc->one_way.value, *plain->one_way.value, 1e-12) << unit;
    EXPECT_NEAR(*icc->agreement.value, *plain->agreement.value, 1e-12) << unit;
    EXPECT_NEAR(*icc->consistency.value, *plain->consistency.value, 1e-12) << unit;
    EXPECT_NEAR(icc->agreement.interval->low, plain->agreement.interval->low, 1e-10) << unit;
  }
}

TEST(Icc, IsFiniteWhateverTheRatings) {
  // Few whole numbers make many tables whose mean squares, or differences of them, are 0.
  std::mt19937_64 random(5);
  for (int run = 0; run < 600; ++run) {
    const int raters = 2 + static_cast<int>(random() % 2);
    const int n = 2 + static_cast<int>(random() % 5);
    const double step = run % 2 == 0 ? 0.1 : 1;
    std::vector<double> ratings;
    for (int i = 0; i < n * raters; ++i)
      ratings.push_back(step * static_cast<double>(random() % 3));
    const auto icc = intraclass_correlations(ratings, raters);
    for (const Estimate& form : {icc->one_way, icc->agreement, icc->consistency}) {
      expect_finite(form, run);
      EXPECT_TRUE(form.interval.has_value() || !form.flag.empty()) << run;
    }
  }
  // Neither the subjects nor the raters differ: agreement would be -1 over 0.
  const auto crossed = intraclass_correlations(std::vector<double>{0.1, 0.2, 0.2, 0.1}, 2);
  EXPECT_FALSE(crossed->agreement.value.has_value());
  EXPECT_EQ(crossed->agreement.flag, flag::kNoSpread);
  EXPECT_NEAR(*crossed->consistency.value, -1, 1e-12);
}

}  // namespace
}  // namespace medperf::metrics
