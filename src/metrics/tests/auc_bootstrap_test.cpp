// The fast bootstrap of the area is held against the slow one: same distribution, not same numbers.
#include "metrics/classification/auc_bootstrap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "metrics/classification/auc.h"
#include "metrics/statistics/distributions.h"
#include "metrics/statistics/group_counts.h"

namespace medperf::metrics {
namespace {

using Cases = std::vector<ScoredCase>;
using Patients = std::vector<std::int64_t>;

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

/// Straight from the definition: cases are drawn and the area is computed anew.
Statistic auc_statistic(const Cases& cases) {
  return [&cases](std::span<const std::uint32_t> drawn) -> std::optional<double> {
    Cases resample;
    for (const auto i : drawn) resample.push_back(cases[i]);
    return auc(resample)->estimate.value;
  };
}

Patients classes(const Cases& cases) {
  Patients result;
  for (const auto& one : cases) result.push_back(one.positive ? 1 : 0);
  return result;
}

Patients each(std::size_t n) {
  Patients result(n);
  for (std::size_t i = 0; i < n; ++i) result[i] = static_cast<std::int64_t>(i);
  return result;
}

/// The two-sample Kolmogorov-Smirnov distance times sqrt(n m / (n + m)); above 1.95 in 1 of 1000
/// draws from one distribution (less often with ties).
double kolmogorov_smirnov(std::vector<double> a, std::vector<double> b) {
  // The slow and the fast way divide by the same whole numbers, so equal areas are equal doubles.
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double distance = 0;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    const double x = std::min(a[i], b[j]);
    while (i < a.size() && a[i] == x) ++i;
    while (j < b.size() && b[j] == x) ++j;
    distance = std::max(distance, std::abs(static_cast<double>(i) / static_cast<double>(a.size()) -
                                           static_cast<double>(j) / static_cast<double>(b.size())));
  }
  const auto n = static_cast<double>(a.size());
  const auto m = static_cast<double>(b.size());
  return distance * std::sqrt(n * m / (n + m));
}

double factorial(std::uint32_t n) {
  return n < 2 ? 1.0 : n * factorial(n - 1);
}

TEST(GroupCounts, IsTheMultinomialDistribution) {
  // Sizes 1, 0, 3, 2: every outcome of six draws against its exact probability.
  const std::vector<std::uint32_t> sizes = {1, 0, 3, 2};
  const GroupCounts groups(sizes);
  RandomStream random(11, 0);
  std::map<std::vector<std::uint32_t>, int> seen;
  std::vector<std::uint32_t> counts(4);
  constexpr int kDraws = 200'000;
  for (int i = 0; i < kDraws; ++i) {
    groups.draw(random, counts);
    ++seen[counts];
  }
  double chi2 = 0;
  int outcomes = 0;
  double total = 0;
  for (std::uint32_t a = 0; a <= 6; ++a) {
    for (std::uint32_t b = 0; a + b <= 6; ++b) {
      const std::uint32_t c = 6 - a - b;
      const double p = factorial(6) / (factorial(a) * factorial(b) * factorial(c)) *
                       std::pow(1.0 / 6, a) * std::pow(3.0 / 6, b) * std::pow(2.0 / 6, c);
      const double expected = p * kDraws;
      const double found = seen[{a, 0, b, c}];
      total += found;
      chi2 += (found - expected) * (found - expected) / expected;
      ++outcomes;
    }
  }
  EXPECT_EQ(total, kDraws);  // nothing else was drawn, the empty group never
  EXPECT_LT(chi2, chi2_quantile(0.999, outcomes - 1));
}

TEST(GroupCounts, MomentsOfLargeGroups) {
  const std::vector<std::uint32_t> sizes = {40, 1, 300, 1000, 7};
  const double n = 1348;
  const GroupCounts groups(sizes);
  constexpr int kDraws = 20'000;
  std::vector<double> sums(5), squares(5);
  double product = 0;
  for (int i = 0; i < kDraws; ++i) {
    RandomStream random(3, static_cast<std::uint64_t>(i));
    std::vector<std::uint32_t> counts(5);
    groups.draw(random, counts);
    std::uint32_t total = 0;
    for (std::size_t g = 0; g < 5; ++g) {
      sums[g] += counts[g];
      squares[g] += static_cast<double>(counts[g]) * counts[g];
      total += counts[g];
    }
    product += static_cast<double>(counts[2]) * counts[3];
    ASSERT_EQ(total, n);
  }
  for (std::size_t g = 0; g < 5; ++g) {
    const double p = sizes[g] / n;
    const double variance = n * p * (1 - p);
    const double mean = sums[g] / kDraws;
    EXPECT_NEAR(mean, n * p, 4 * std::sqrt(variance / kDraws));
    EXPECT_NEAR((squares[g] / kDraws - mean * mean) / variance, 1, 0.05);
  }
  const double covariance = product / kDraws - sums[2] / kDraws * sums[3] / kDraws;
  EXPECT_NEAR(covariance / (-n * (300 / n) * (1000 / n)), 1, 0.1);
}

TEST(AucBootstrap, IsTheExactDistributionOfASmallSample) {
  // Two positives (2, 4), two negatives (1, 3). A resample has a positives 4 and b negatives 1 with
  // the weights 1 2 1 of (a, b) in 0..2; the area is b/2 + a/2 - ab/4.
  const Cases cases = {{2, true}, {4, true}, {1, false}, {3, false}};
  std::map<double, double> expected;
  for (const int a : {0, 1, 2}) {
    for (const int b : {0, 1, 2}) {
      expected[b / 2.0 + a / 2.0 - a * b / 4.0] += (a == 1 ? 2 : 1) * (b == 1 ? 2 : 1) / 16.0;
    }
  }
  const auto result = auc_bootstrap(cases, {.seed = 6, .replicates = 100'000});
  ASSERT_TRUE(result.ok());
  double chi2 = 0;
  for (const auto& [value, p] : expected) {
    const auto found = static_cast<double>(
        std::count(result->replicates.begin(), result->replicates.end(), value));
    chi2 += (found - 1e5 * p) * (found - 1e5 * p) / (1e5 * p);
  }
  EXPECT_LT(chi2, chi2_quantile(0.999, static_cast<double>(expected.size()) - 1));
  EXPECT_EQ(*result->estimate.value, 0.75);
  EXPECT_EQ(result->dropped, 0);
}

TEST(AucBootstrap, HasTheDistributionOfTheSlowOne) {
  for (const int levels : {3, 12, 1'000'000}) {
    const Cases cases = random_cases(5, 60, levels);
    const BootstrapOptions slow_options{.seed = 1, .replicates = 8000};
    const BootstrapOptions fast_options{.seed = 2, .replicates = 40'000};
    const auto strata = ResampleUnits::of(each(60), classes(cases));
    const auto slow = bootstrap(*strata, auc_statistic(cases), slow_options);
    const auto fast = auc_bootstrap(cases, fast_options);
    EXPECT_LT(kolmogorov_smirnov(slow->replicates, fast->replicates), 1.95) << levels;
    EXPECT_NEAR(*slow->estimate.se / *fast->estimate.se, 1, 0.03);

    const auto slow_free =
        bootstrap(ResampleUnits::each_case(60), auc_statistic(cases), slow_options);
    const auto fast_free = auc_bootstrap(cases, fast_options, AucResampling::kUnstratified);
    EXPECT_LT(kolmogorov_smirnov(slow_free->replicates, fast_free->replicates), 1.95) << levels;
    EXPECT_EQ(*slow->estimate.value, *fast->estimate.value);
  }
}

TEST(AucBootstrap, StrataMatterAndTheTestCanTell) {
  const Cases cases = random_cases(5, 14, 1'000'000);
  const auto slow = bootstrap(ResampleUnits::each_case(14), auc_statistic(cases),
                              {.seed = 1, .replicates = 20'000});
  const auto kept = auc_bootstrap(cases, {.seed = 2, .replicates = 40'000});
  const auto free =
      auc_bootstrap(cases, {.seed = 2, .replicates = 40'000}, AucResampling::kUnstratified);
  EXPECT_LT(kolmogorov_smirnov(slow->replicates, free->replicates), 1.95);
  EXPECT_GT(kolmogorov_smirnov(slow->replicates, kept->replicates), 1.95);
}

TEST(AucBootstrap, OfPatientsHasTheDistributionOfTheSlowOne) {
  // Images 0 to 3, 4 to 7, ... are of one patient and nearly alike, but for some of mixed class.
  Cases cases = random_cases(8, 80, 40);
  Patients patients, kinds(80);
  std::mt19937 random(4);
  for (std::size_t i = 0; i < 80; ++i) {
    patients.push_back(static_cast<std::int64_t>(1000 - i / 4));
    cases[i].score = cases[i / 4 * 4].score + static_cast<double>(random() % 3) / 40;
    if (i % 5 > 0) cases[i].positive = cases[i / 4 * 4].positive;
  }
  for (std::size_t i = 0; i < 80; ++i) {
    int of_patient[2] = {0, 0};
    for (std::size_t j = 0; j < 80; ++j) {
      if (patients[j] == patients[i]) ++of_patient[cases[j].positive ? 1 : 0];
    }
    kinds[i] = of_patient[0] > 0 && of_patient[1] > 0 ? 2 : of_patient[1] > 0 ? 1 : 0;
  }
  for (const auto resampling : {AucResampling::kStratified, AucResampling::kUnstratified}) {
    const bool stratified = resampling == AucResampling::kStratified;
    const auto units = ResampleUnits::of(patients, stratified ? kinds : Patients{});
    const auto slow = bootstrap(*units, auc_statistic(cases), {.seed = 1, .replicates = 8000});
    const auto fast = auc_bootstrap(cases, patients, {.seed = 2, .replicates = 40'000}, resampling);
    EXPECT_LT(kolmogorov_smirnov(slow->replicates, fast->replicates), 1.95);
    const auto alone = auc_bootstrap(cases, {.seed = 2, .replicates = 40'000}, resampling);
    EXPECT_GT(kolmogorov_smirnov(slow->replicates, alone->replicates), 1.95);
  }
}

TEST(AucBootstrap, OnePatientACaseIsTheSameDistribution) {
  const Cases cases = random_cases(3, 100, 1000);
  const auto alone = auc_bootstrap(cases, {.seed = 1, .replicates = 20'000});
  const auto named = auc_bootstrap(cases, each(100), {.seed = 2, .replicates = 20'000});
  EXPECT_LT(kolmogorov_smirnov(alone->replicates, named->replicates), 1.95);
}

TEST(AucBootstrap, IsTheSameForAnyThreadsOrderAndMonotoneTransformation) {
  Cases cases = random_cases(2, 500, 90);
  const auto one = auc_bootstrap(cases, {.seed = 5, .replicates = 301});
  for (const int threads : {2, 5}) {
    const auto many = auc_bootstrap(cases, {.seed = 5, .replicates = 301, .threads = threads});
    EXPECT_EQ(one->replicates, many->replicates);
  }
  std::shuffle(cases.begin(), cases.end(), std::mt19937(3));
  for (auto& c : cases) c.score = std::exp(3 * c.score) - 5;
  EXPECT_EQ(one->replicates, auc_bootstrap(cases, {.seed = 5, .replicates = 301})->replicates);
}

TEST(AucBootstrap, AgreesWithDeLongOnALargeSample) {
  const Cases cases = random_cases(12, 20'000, 1'000'000);
  const auto delong = auc(cases);
  const auto boot = auc_bootstrap(cases, {.seed = 1});
  EXPECT_NEAR(*boot->estimate.se / *delong->estimate.se, 1, 0.05);
  EXPECT_NEAR(boot->estimate.interval->low, delong->estimate.interval->low, 5e-4);
  EXPECT_NEAR(boot->estimate.interval->high, delong->estimate.interval->high, 5e-4);
}

TEST(AucBootstrap, DropsAndCountsResamplesOfOneClass) {
  Cases cases = random_cases(1, 40, 40);
  for (std::size_t i = 0; i < cases.size(); ++i) cases[i].positive = i < 2;
  const auto free = auc_bootstrap(cases, {.seed = 3}, AucResampling::kUnstratified);
  EXPECT_EQ(free->estimate.flag, flag::kResamplesDropped);
  EXPECT_NEAR(static_cast<double>(free->dropped), 2000 * std::pow(0.95, 40), 70);
  EXPECT_EQ(auc_bootstrap(cases, {.seed = 3})->dropped, 0);
}

TEST(AucBootstrap, BcaIsThatOfTheGeneralBootstrap) {
  // The same replicates, given to the general summary with a jackknife made by leaving out.
  const Cases cases = random_cases(6, 70, 25);
  BootstrapOptions options{.seed = 1, .replicates = 4000};
  options.interval = BootstrapInterval::kBca;
  Patients patients;
  for (int i = 0; i < 70; ++i) patients.push_back(i / 2);
  const auto fast = auc_bootstrap(cases, patients, options, AucResampling::kUnstratified);
  const auto units = ResampleUnits::of(patients);
  Jackknife jackknife;
  auto& values = jackknife.strata.emplace_back();
  for (std::int64_t out = 0; out < 35; ++out) {
    Cases kept;
    for (std::size_t i = 0; i < 70; ++i) {
      if (patients[i] != out) kept.push_back(cases[i]);
    }
    values.push_back(*auc(kept)->estimate.value);
  }
  const auto expected = summarise_bootstrap(fast->estimate.value, fast->replicates, fast->dropped,
                                            options, jackknife);
  EXPECT_NEAR(fast->estimate.interval->low, expected.estimate.interval->low, 1e-12);
  EXPECT_NEAR(fast->estimate.interval->high, expected.estimate.interval->high, 1e-12);
  EXPECT_EQ(fast->estimate.convention, "bootstrap-bca");
}

TEST(AucBootstrap, UndefinedIsAValueOfItsOwn) {
  EXPECT_EQ(auc_bootstrap(Cases{})->estimate.flag, flag::kNoCases);
  const Cases one_class = {{0.1, true}, {0.2, true}};
  EXPECT_FALSE(auc_bootstrap(one_class)->estimate.value.has_value());
  EXPECT_EQ(auc_bootstrap(one_class)->estimate.flag, flag::kOneClass);
  const Cases single = {{0.1, true}, {0.2, false}, {0.0, false}};
  EXPECT_EQ(*auc_bootstrap(single)->estimate.value, 0.5);
  EXPECT_FALSE(auc_bootstrap(single)->estimate.interval.has_value());
  EXPECT_EQ(auc_bootstrap(single)->estimate.flag, flag::kTooFewForVariance);
  const Cases twice = {{0.1, true}, {0.3, true}, {0.2, false}, {0.0, false}};
  const auto one_patient = auc_bootstrap(twice, Patients{1, 1, 2, 3});
  EXPECT_EQ(one_patient->estimate.flag, flag::kTooFewForVariance);
  EXPECT_FALSE(one_patient->estimate.interval.has_value());
}

TEST(AucBootstrap, PerfectSeparationHasNoSpread) {
  const Cases perfect = {{1, true}, {2, true}, {0, false}, {-1, false}};
  for (const auto kind : {BootstrapInterval::kPercentile, BootstrapInterval::kBca}) {
    for (const auto& result : {auc_bootstrap(perfect, {.interval = kind}),
                               auc_bootstrap(perfect, Patients{1, 2, 3, 4}, {.interval = kind})}) {
      EXPECT_EQ(*result->estimate.value, 1);
      EXPECT_EQ(*result->estimate.se, 0);
      EXPECT_FALSE(result->estimate.interval.has_value());
      EXPECT_EQ(result->estimate.flag, flag::kNoVariance);
    }
  }
}

TEST(AucBootstrap, RefusesWhatIsNotFiniteOrDoesNotFit) {
  const Cases bad = {{0.1, true}, {std::nan(""), false}};
  EXPECT_EQ(auc_bootstrap(bad).error().where, "case 2");
  const Cases good = {{0.1, true}, {0.3, false}};
  EXPECT_FALSE(auc_bootstrap(good, Patients{1}).ok());
  EXPECT_FALSE(auc_bootstrap(good, {.replicates = 0}).ok());
}

}  // namespace
}  // namespace medperf::metrics
