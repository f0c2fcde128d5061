#include "metrics/statistics/bootstrap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <set>

#include "metrics/statistics/quantile.h"
#include "metrics/statistics/random_stream.h"

namespace medperf::metrics {
namespace {

std::vector<double> normal_sample(unsigned seed, std::size_t n) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(3, 2);
  std::vector<double> values(n);
  for (auto& value : values) value = normal(random);
  return values;
}

Statistic mean_of(const std::vector<double>& values) {
  return [&values](std::span<const std::uint32_t> cases) -> std::optional<double> {
    double sum = 0;
    for (const auto i : cases) sum += values[i];
    return sum / static_cast<double>(cases.size());
  };
}

TEST(Quantile, InterpolatesLinearly) {
  const std::vector<double> values = {1, 2, 4, 8};
  EXPECT_EQ(quantile_of_sorted(values, 0), 1);
  EXPECT_EQ(quantile_of_sorted(values, 1), 8);
  EXPECT_DOUBLE_EQ(quantile_of_sorted(values, 0.5), 3);
  EXPECT_DOUBLE_EQ(quantile_of_sorted(values, 0.9), 4 + 0.7 * 4);
  EXPECT_EQ(quantile_of_sorted(std::vector<double>{7}, 0.3), 7);
}

TEST(RandomStream, IsNamedBySeedAndNumber) {
  RandomStream a(1, 2), again(1, 2), swapped(2, 1), next(1, 3);
  const auto first = a.bits();
  EXPECT_EQ(first, again.bits());
  EXPECT_NE(first, swapped.bits());
  EXPECT_NE(first, next.bits());
}

TEST(RandomStream, BelowIsUniform) {
  RandomStream random(5, 0);
  std::vector<int> counts(7);
  for (int i = 0; i < 70'000; ++i) ++counts[random.below(7)];
  double chi2 = 0;
  for (const int count : counts) chi2 += (count - 1e4) * (count - 1e4) / 1e4;
  EXPECT_LT(chi2, 22.5);  // 99.9 % of chi-squared with 6 degrees of freedom
}

TEST(RandomStream, BelowIsUniformForLargeBoundsToo) {
  constexpr std::uint64_t kBillions = 5'000'000'000;  // more than 32 bits
  for (const std::uint64_t bound :
       {std::uint64_t{1} << 32, kBillions, (std::uint64_t{1} << 63) + 12'345, ~std::uint64_t{0}}) {
    RandomStream random(5, bound);
    double chi2 = 0;
    std::vector<int> counts(5);
    for (int i = 0; i < 50'000; ++i) {
      const std::uint64_t drawn = random.below(bound);
      ASSERT_LT(drawn, bound);
      ++counts[std::min<std::uint64_t>(drawn / (bound / 5), 4)];
    }
    for (const int count : counts) chi2 += (count - 1e4) * (count - 1e4) / 1e4;
    EXPECT_LT(chi2, 18.5) << bound;  // 99.9 % of chi-squared with 4 degrees of freedom
  }
}

TEST(Bootstrap, SpreadOfTheMeanIsThatOfTheSample) {
  const auto values = normal_sample(1, 200);
  const auto result =
      bootstrap(ResampleUnits::each_case(200), mean_of(values), {.seed = 4, .replicates = 20'000});
  ASSERT_TRUE(result.ok());
  // The bootstrap variance of a mean is known: the population variance of the sample over n.
  const double mean = *result->estimate.value;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  EXPECT_NEAR(*result->estimate.se / std::sqrt(squares / 200 / 200), 1, 0.02);
  EXPECT_LT(result->estimate.interval->low, mean);
  EXPECT_GT(result->estimate.interval->high, mean);
  EXPECT_EQ(result->dropped, 0);
  EXPECT_EQ(result->replicates.size(), 20'000U);
}

TEST(Bootstrap, IsTheSameForAnyNumberOfThreads) {
  const auto values = normal_sample(2, 50);
  const auto units = ResampleUnits::each_case(50);
  const auto one = bootstrap(units, mean_of(values), {.seed = 9, .replicates = 501});
  for (const int threads : {2, 3, 8}) {
    const auto many =
        bootstrap(units, mean_of(values), {.seed = 9, .replicates = 501, .threads = threads});
    EXPECT_EQ(one->replicates, many->replicates);
    EXPECT_EQ(one->estimate.interval->low, many->estimate.interval->low);
  }
  const auto other = bootstrap(units, mean_of(values), {.seed = 10, .replicates = 501});
  EXPECT_NE(one->replicates, other->replicates);
}

TEST(Bootstrap, DrawsPatientsWhole) {
  // Ten patients of three images each: an image's count in a resample is its patient's.
  std::vector<std::int64_t> patients;
  for (int i = 0; i < 30; ++i) patients.push_back(i % 10);
  const auto units = ResampleUnits::of(patients);
  ASSERT_TRUE(units.ok());
  EXPECT_EQ(units->n_units(), 10U);
  int seen = 0;
  const auto result = bootstrap(*units,
                                [&](std::span<const std::uint32_t> cases) -> std::optional<double> {
                                  std::vector<int> counts(30);
                                  for (const auto i : cases) ++counts[i];
                                  for (std::size_t i = 0; i < 10; ++i) {
                                    EXPECT_EQ(counts[i], counts[i + 10]);
                                    EXPECT_EQ(counts[i], counts[i + 20]);
                                  }
                                  EXPECT_EQ(cases.size(), 30U);
                                  ++seen;
                                  return 0;
                                },
                                {.replicates = 50});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(seen, 51);
}

TEST(Bootstrap, KeepsTheSizeOfEachStratum) {
  const std::vector<std::int64_t> patients = {1, 1, 2, 3, 4, 5, 5, 6};
  const std::vector<std::int64_t> strata = {7, 7, 0, 0, 7, 0, 0, 0};
  const auto units = ResampleUnits::of(patients, strata);
  ASSERT_TRUE(units.ok());
  EXPECT_EQ(units->stratum_begin().size(), 3U);
  const auto result = bootstrap(*units,
                                [&](std::span<const std::uint32_t> cases) -> std::optional<double> {
                                  double drawn = 0;  // patient 1 has two images
                                  for (const auto i : cases)
                                    drawn += strata[i] == 7 ? (patients[i] == 1 ? 0.5 : 1) : 0;
                                  EXPECT_DOUBLE_EQ(drawn, 2);
                                  return drawn;
                                },
                                {.replicates = 200});
  ASSERT_TRUE(result.ok());
}

TEST(Bootstrap, RefusesAPatientInTwoStrata) {
  const std::vector<std::int64_t> patients = {1, 2, 1};
  const std::vector<std::int64_t> strata = {0, 0, 1};
  const auto units = ResampleUnits::of(patients, strata);
  ASSERT_FALSE(units.ok());
  EXPECT_EQ(units.error().where, "case 3");
}

TEST(Bootstrap, UndefinedIsAValueOfItsOwn) {
  const auto always = [](std::span<const std::uint32_t>) -> std::optional<double> { return 1; };
  const auto never = [](std::span<const std::uint32_t>) -> std::optional<double> { return {}; };
  EXPECT_EQ(bootstrap(ResampleUnits::each_case(0), always)->estimate.flag, flag::kNoCases);
  const auto single = bootstrap(ResampleUnits::each_case(1), always);
  EXPECT_EQ(single->estimate.flag, flag::kTooFewUnits);
  EXPECT_EQ(*single->estimate.value, 1);
  EXPECT_FALSE(single->estimate.interval.has_value());
  EXPECT_EQ(bootstrap(ResampleUnits::each_case(3), never)->estimate.flag, flag::kUndefinedOnSample);
  // Undefined when case 0 is not drawn: (1 - 1/20)^20, or 36 %, of the resamples.
  const auto partly = [](std::span<const std::uint32_t> cases) -> std::optional<double> {
    if (std::count(cases.begin(), cases.end(), 0U) == 0) return {};
    return cases.front();
  };
  const auto some = bootstrap(ResampleUnits::each_case(20), partly);
  EXPECT_EQ(some->estimate.flag, flag::kResamplesDropped);
  EXPECT_NEAR(static_cast<double>(some->dropped), 2000 * std::pow(0.95, 20), 80);
  EXPECT_EQ(some->replicates.size() + static_cast<std::size_t>(some->dropped), 2000U);
}

TEST(Bootstrap, RefusesOptionsOutOfRange) {
  const auto units = ResampleUnits::each_case(4);
  const std::vector<double> values = {1, 2, 3, 4};
  EXPECT_FALSE(bootstrap(units, mean_of(values), {.replicates = 1}).ok());
  EXPECT_FALSE(bootstrap(units, mean_of(values), {.level = 1}).ok());
  EXPECT_FALSE(bootstrap(units, mean_of(values), {.threads = 0}).ok());
}

TEST(Bootstrap, BcaOfASkewedMeanLeansAsItShould) {
  std::vector<double> values = normal_sample(3, 80);
  for (auto& value : values) value = std::exp(value / 2);
  const auto units = ResampleUnits::each_case(80);
  const auto plain = bootstrap(units, mean_of(values), {.seed = 1, .replicates = 5000});
  const auto bca = bootstrap(units, mean_of(values),
                             {.seed = 1, .replicates = 5000, .interval = BootstrapInterval::kBca});
  EXPECT_EQ(bca->estimate.convention, "bootstrap-bca");
  EXPECT_GT(bca->estimate.interval->high, plain->estimate.interval->high);
  EXPECT_GT(bca->estimate.interval->low, plain->estimate.interval->low);
}

TEST(Bootstrap, BcaThatHasNoCorrectionSaysSo) {
  // No resample has as many different cases as the sample: the bias is beyond every quantile.
  const auto different = [](std::span<const std::uint32_t> cases) -> std::optional<double> {
    return static_cast<double>(std::set<std::uint32_t>(cases.begin(), cases.end()).size());
  };
  const auto result =
      bootstrap(ResampleUnits::each_case(30), different, {.interval = BootstrapInterval::kBca});
  EXPECT_FALSE(result->estimate.interval.has_value());
  EXPECT_EQ(result->estimate.flag, flag::kBcaUndefined);
}

TEST(Bootstrap, ReplicatesThatAreAllEqualHaveNoInterval) {
  for (const double value : {2.0, 0.1, 0.0, -1e-9}) {
    const std::vector<double> values(7, value);
    const std::vector<std::int64_t> patients = {1, 1, 1, 2, 2, 3, 4};  // resamples differ in size
    for (const auto kind : {BootstrapInterval::kPercentile, BootstrapInterval::kBca}) {
      const auto result =
          bootstrap(*ResampleUnits::of(patients), mean_of(values), {.interval = kind});
      EXPECT_NEAR(*result->estimate.value, value, 1e-15);
      EXPECT_EQ(*result->estimate.se, 0) << value;
      EXPECT_FALSE(result->estimate.interval.has_value()) << value;
      EXPECT_EQ(result->estimate.flag, flag::kNoVariance) << value;
    }
  }
}

}  // namespace
}  // namespace medperf::metrics
