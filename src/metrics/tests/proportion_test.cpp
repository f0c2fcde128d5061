#include "metrics/statistics/proportion.h"

#include <gtest/gtest.h>

#include <cmath>

#include "metrics/statistics/distributions.h"
#include "metrics/statistics/logit_interval.h"

namespace medperf::metrics {
namespace {

double binomial_tail(std::int64_t from, std::int64_t total, double p) {
  double sum = 0;
  for (std::int64_t k = from; k <= total; ++k) {
    sum += std::exp(std::lgamma(total + 1.0) - std::lgamma(k + 1.0) - std::lgamma(total - k + 1.0) +
                    static_cast<double>(k) * std::log(p) +
                    static_cast<double>(total - k) * std::log1p(-p));
  }
  return sum;
}

TEST(Proportion, WilsonMatchesPublishedAndComputedIntervals) {
  // 81/263 and 15/148 are the examples of Newcombe, Stat Med 17 (1998) 857, table I: 0.2553-0.3662,
  // 0.0624-0.1605.
  const Estimate first = wilson(81, 263);
  EXPECT_NEAR(first.interval->low, 0.25528851987827424, 1e-14);
  EXPECT_NEAR(first.interval->high, 0.36620957698280006, 1e-14);
  const Estimate second = wilson(15, 148);
  EXPECT_NEAR(second.interval->low, 0.062386399530736286, 1e-14);
  EXPECT_NEAR(second.interval->high, 0.16048724172330803, 1e-14);
  EXPECT_EQ(*second.value, 15.0 / 148.0);
  EXPECT_EQ(second.convention, "wilson");
}

TEST(Proportion, WilsonAtTheEndsIsExact) {
  const Estimate none = wilson(0, 20);
  EXPECT_EQ(none.interval->low, 0);
  EXPECT_NEAR(none.interval->high, 0.16112515805281933, 1e-14);
  const Estimate all = wilson(29, 29);
  EXPECT_EQ(all.interval->high, 1);
  EXPECT_NEAR(all.interval->low, 0.88303020150025927, 1e-14);
}

TEST(Proportion, ClopperPearsonIsExact) {
  const Estimate estimate = clopper_pearson(81, 263);
  EXPECT_NEAR(estimate.interval->low, 0.25273674558527116, 1e-12);
  EXPECT_NEAR(estimate.interval->high, 0.36762192260135135, 1e-12);
  EXPECT_NEAR(clopper_pearson(0, 10).interval->high, 0.30849710781876076, 1e-12);
  EXPECT_EQ(clopper_pearson(0, 10).interval->low, 0);
  EXPECT_NEAR(clopper_pearson(10, 10).interval->low, 0.69150289218123918, 1e-12);
  EXPECT_EQ(clopper_pearson(10, 10).interval->high, 1);
  EXPECT_NEAR(clopper_pearson(390, 400).interval->high, 0.98794787988681406, 1e-12);
}

TEST(Proportion, ClopperPearsonBoundsHaveTheBinomialTailsTheyPromise) {
  for (const std::int64_t events : {1, 3, 17, 39}) {
    const Estimate estimate = clopper_pearson(events, 40);
    EXPECT_NEAR(binomial_tail(events, 40, estimate.interval->low), 0.025, 1e-10);
    EXPECT_NEAR(1 - binomial_tail(events + 1, 40, estimate.interval->high), 0.025, 1e-10);
  }
}

TEST(Proportion, OfNothingIsUndefined) {
  for (const Estimate& estimate : {wilson(0, 0), clopper_pearson(0, 0)}) {
    EXPECT_FALSE(estimate.value.has_value());
    EXPECT_FALSE(estimate.interval.has_value());
    EXPECT_EQ(estimate.flag, flag::kNoCases);
  }
}

TEST(LogitInterval, StaysInsideAndLeansTowardsOneHalf) {
  // logit(0.8) = log 4, SE 0.04 / 0.16 = 0.25 there.
  const auto interval = logit_interval(0.8, 0.04);
  const double half = normal_quantile(0.975) * 0.25;
  EXPECT_NEAR(interval->low, 1 / (1 + std::exp(half) / 4), 1e-14);
  EXPECT_NEAR(interval->high, 1 / (1 + std::exp(-half) / 4), 1e-14);
  EXPECT_LT(interval->low + interval->high, 1.6);
  const auto mirror = logit_interval(0.2, 0.04);
  EXPECT_NEAR(mirror->low, 1 - interval->high, 1e-14);
  EXPECT_LT(logit_interval(0.999, 0.01)->high, 1);
  EXPECT_FALSE(logit_interval(1, 0.01).has_value());
  EXPECT_FALSE(logit_interval(0, 0.01).has_value());
  EXPECT_FALSE(logit_interval(0.9, 0).has_value());
}

}  // namespace
}  // namespace medperf::metrics
