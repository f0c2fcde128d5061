// A small version of docs/metrics/coverage.md: 400 runs with fixed seeds, so it cannot be flaky;
// the bound is four standard errors of 400 runs beside the stated range.

#include <gtest/gtest.h>

#include "metrics/tests/coverage_list.h"

namespace medperf::metrics::coverage {
namespace {

constexpr int kRuns = 400;
constexpr double kSlack = 3.4;  // percent: four times sqrt(0.95 x 0.05 / 400), less the stated 1

void expect_held(const Scenario& scenario) {
  for (const Row& row : measure(scenario, 1, kRuns, 1)) {
    EXPECT_TRUE(row.holds(kSlack)) << row.setting << ", " << row.method.name << ": "
                                   << row.percent() << " % and " << row.undefined << " undefined";
  }
}

TEST(Coverage, OfProportions) {
  expect_held(proportion(0.5, 0.95, 100, Claim::kNominal));
}

TEST(Coverage, OfTheAreaUnderTheCurve) {
  expect_held(area(0.8, 100, Claim::kNominal, Claim::kNominal, Claim::kNone, 0));
}

TEST(Coverage, OfMeans) {
  expect_held(mean_dice(0.8, 100, Claim::kNominal, 0));
}

TEST(Coverage, OfSeveralSites) {
  expect_held(normal_sites(5, 0.6));
  expect_held(normal_sites(5, 0));
}

TEST(Coverage, OfCalibration) {
  expect_held(calibration(1, 300, Claim::kNominal));
}

TEST(Coverage, OfDecisionsProbabilitiesModelsAndAgreement) {
  expect_held(decision(0.85, 0.8, 200, Claim::kNominal));
  expect_held(probabilities(300, Claim::kNominal));
  expect_held(two_models(0.85, 0.8, 100, Claim::kNominal));
  expect_held(agreement(0, 100, Claim::kNominal));
}

TEST(Coverage, SeesAnIntervalThatIsTooNarrow) {
  Scenario scenario = normal_sites(5, 0.6);
  scenario.methods[2].claim = Claim::kNominal;  // Wald's, which ignores that tau2 is estimated
  EXPECT_FALSE(measure(scenario, 1, kRuns, 1)[2].holds(kSlack));
}

TEST(Coverage, DoesNotDependOnThreads) {
  const Scenario scenario = proportion(0.5, 0.95, 30, Claim::kNone);
  const auto one = measure(scenario, 3, 100, 1);
  const auto three = measure(scenario, 3, 100, 3);
  EXPECT_EQ(one[0].covered, three[0].covered);
  EXPECT_EQ(one[0].mean_width, three[0].mean_width);
}

}  // namespace
}  // namespace medperf::metrics::coverage
