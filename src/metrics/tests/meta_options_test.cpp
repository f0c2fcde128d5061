// The named alternatives of the meta-analysis, its tables, and our floored default by hand.

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "metrics/statistics/distributions.h"
#include "metrics/statistics/meta_analysis.h"

namespace medperf::metrics {
namespace {

// Quantiles of t at 0.975: closed forms for one and two degrees of freedom, a table for three.
const double kT1 = std::tan(0.475 * std::numbers::pi);
const double kT2 = 0.95 * std::sqrt(2 / 0.0975);
constexpr double kT3 = 3.182446305283710;

MetaOptions identity(IntervalMethod interval = IntervalMethod::kHartungKnappFloored) {
  MetaOptions options;
  options.scale = Scale::kIdentity;
  options.interval = interval;
  return options;
}

TEST(MetaFloor, EqualVariancesByHand) {
  // s2 = 0.04 < v = 0.12: tau2 = 0, SE of the mean sqrt(0.12 / 3) = 0.2, q = 0.04 / 0.12 = 1/3.
  const std::vector<Study> studies = {{1.0, 0.12, false}, {1.2, 0.12, false}, {1.4, 0.12, false}};
  const auto floored = meta_analyse(studies, identity());
  ASSERT_TRUE(floored.ok());
  EXPECT_EQ(floored->tau2, 0);
  EXPECT_NEAR(floored->q, 2.0 / 3, 1e-14);
  EXPECT_NEAR(floored->h2, 1.0 / 3, 1e-14);
  EXPECT_NEAR(floored->se, 0.2, 1e-15);
  EXPECT_NEAR(floored->interval.low, 1.2 - kT2 * 0.2, 1e-13);
  EXPECT_NEAR(floored->interval.high, 1.2 + kT2 * 0.2, 1e-13);
  EXPECT_NEAR(floored->prediction->high, 1.2 + kT1 * 0.2, 1e-12);
  EXPECT_EQ(floored->prediction_convention, "t(k-2)");
  const auto unfloored = meta_analyse(studies, identity(IntervalMethod::kHartungKnapp));
  EXPECT_NEAR(unfloored->se, 0.2 / std::sqrt(3.0), 1e-15);
  EXPECT_NEAR(unfloored->interval.high, 1.2 + kT2 * 0.2 / std::sqrt(3.0), 1e-13);
  EXPECT_EQ(unfloored->convention, "random-effects-reml-identity-hksj-unfloored");
}

TEST(MetaFloor, UnequalVariancesByHand) {
  // Weights 100, 50, 50, 25: mean 15 / 225 = 1/15, Q = 4/9 + 1/9 + 4/9 = 1 with three degrees of
  // freedom, so tau2 = 0 and q = 1/3. The unfloored interval is narrower than the one that ignores
  // heterogeneity: the row "HKSJ" of the table of disagreements.
  const std::vector<Study> studies = {
      {0.0, 0.01, false}, {0.1, 0.02, false}, {0.1, 0.02, false}, {0.2, 0.04, false}};
  const auto floored = meta_analyse(studies, identity());
  EXPECT_NEAR(floored->value, 1.0 / 15, 1e-16);
  EXPECT_NEAR(floored->q, 1, 1e-14);
  EXPECT_NEAR(floored->se, 1.0 / 15, 1e-16);
  EXPECT_NEAR(floored->interval.high, (1 + kT3) / 15, 1e-14);
  EXPECT_NEAR(floored->prediction->high, (1 + kT2) / 15, 1e-14);
  const auto unfloored = meta_analyse(studies, identity(IntervalMethod::kHartungKnapp));
  EXPECT_NEAR(unfloored->se, 1 / (15 * std::sqrt(3.0)), 1e-16);
  EXPECT_LT(unfloored->interval.high, unfloored->wald_interval.high);
  EXPECT_GE(floored->interval.high, floored->wald_interval.high);
}

TEST(MetaEstimators, DisagreeOnThreeSitesAndAreNamed) {
  // The row "DL vs REML" of the table of disagreements, on three sites of our own (metafor: the
  // fixture three-unequal).
  const std::vector<Study> studies = {
      {0.70, 0.0004, false}, {0.86, 0.0025, false}, {0.93, 0.01, false}};
  MetaOptions options = identity();
  const auto reml = meta_analyse(studies, options);
  options.estimator = TauEstimator::kDerSimonianLaird;
  const auto dl = meta_analyse(studies, options);
  options.estimator = TauEstimator::kPauleMandel;
  const auto pm = meta_analyse(studies, options);
  EXPECT_NEAR(reml->tau2, 0.011303643244871079, 1e-12);
  EXPECT_NEAR(dl->tau2, 0.012798837209302336, 1e-12);
  EXPECT_NEAR(pm->tau2, 0.010527658281494582, 1e-12);
  EXPECT_EQ(reml->convention, "random-effects-reml-identity-hksj");
  EXPECT_EQ(dl->convention, "random-effects-dl-identity-hksj");
  EXPECT_EQ(pm->convention, "random-effects-pm-identity-hksj");
}

TEST(MetaEstimators, PauleMandelBringsQToItsExpectation) {
  const std::vector<Study> studies = {
      {1.0, 0.1, false}, {2.5, 0.3, false}, {0.2, 0.2, false}, {1.9, 0.05, false}};
  const double tau2 = estimate_tau2(studies, TauEstimator::kPauleMandel);
  EXPECT_GT(tau2, 0);
  EXPECT_NEAR(weigh(studies, tau2).q, 3, 1e-12);
}

TEST(MetaModels, CommonEffectIsTheInverseVarianceMean) {
  const std::vector<Study> studies = {{1, 0.5, false}, {3, 0.25, false}, {8, 1, false}};
  MetaOptions options = identity();
  options.model = EffectModel::kCommon;
  const auto result = meta_analyse(studies, options);
  EXPECT_NEAR(result->value, (2 * 1 + 4 * 3 + 1 * 8) / 7.0, 1e-15);
  EXPECT_NEAR(result->se, std::sqrt(1 / 7.0), 1e-15);
  EXPECT_EQ(result->tau2, 0);
  EXPECT_GT(result->tau2_interval.high, 0);  // heterogeneity is still shown
  EXPECT_EQ(result->fixed_value, result->value);
  EXPECT_FALSE(result->prediction.has_value());
  EXPECT_EQ(result->interval.low, result->wald_interval.low);
  EXPECT_EQ(result->convention, "common-effect-identity-wald");
}

TEST(MetaModels, PredictionWithTheQuantileOfTheInterval) {
  const std::vector<Study> two = {{1, 0.5, false}, {3, 0.25, false}};
  MetaOptions options = identity();
  EXPECT_FALSE(meta_analyse(two, options)->prediction.has_value());
  EXPECT_EQ(meta_analyse(two, options)->prediction_convention, "");
  options.prediction = PredictionQuantile::kOfTheInterval;
  EXPECT_EQ(meta_analyse(two, options)->prediction_convention, "t(k-1)");
  options.interval = IntervalMethod::kWald;
  EXPECT_EQ(meta_analyse(two, options)->prediction_convention, "normal");
  const std::vector<Study> one = {{1, 0.5, false}};
  EXPECT_FALSE(meta_analyse(one, options)->prediction.has_value());
}

TEST(MetaModels, DoesNotDependOnTheOrderOrUnitOfTheSites) {
  std::vector<Study> studies = {{1, 0.5, false}, {3, 0.25, false}, {8, 1, false}, {2, 0.3, false}};
  const auto before = meta_analyse(studies, identity());
  std::swap(studies[0], studies[3]);
  const auto swapped = meta_analyse(studies, identity());
  EXPECT_NEAR(swapped->value, before->value, 1e-14);
  EXPECT_NEAR(swapped->interval.low, before->interval.low, 1e-13);
  for (Study& study : studies) study = {10 * study.effect + 5, 100 * study.variance, false};
  const auto scaled = meta_analyse(studies, identity());
  EXPECT_NEAR(scaled->value, 10 * before->value + 5, 1e-11);
  EXPECT_NEAR(scaled->tau2, 100 * before->tau2, 1e-8);
  EXPECT_NEAR(scaled->q, before->q, 1e-12);
  EXPECT_NEAR(scaled->interval.high, 10 * before->interval.high + 5, 1e-10);
}

TEST(MeanStudy, OnBothScales) {
  const auto plain = mean_study(12.5, 0.5);
  EXPECT_EQ(plain->effect, 12.5);
  EXPECT_EQ(plain->variance, 0.25);
  const auto logit = mean_study(0.8, 0.02, Scale::kLogit);
  EXPECT_NEAR(logit->effect, std::log(4.0), 1e-15);
  EXPECT_NEAR(std::sqrt(logit->variance), 0.02 / 0.16, 1e-15);
  EXPECT_FALSE(logit->corrected);
}

TEST(MeanStudy, RefusesWhatHasNoSpreadOrNoLogit) {
  EXPECT_FALSE(mean_study(0.9, 0).ok());
  EXPECT_FALSE(mean_study(0.9, -1).ok());
  EXPECT_FALSE(mean_study(std::nan(""), 1).ok());
  EXPECT_FALSE(mean_study(0.9, INFINITY).ok());
  EXPECT_FALSE(mean_study(1, 0.1, Scale::kLogit).ok());
  EXPECT_FALSE(mean_study(0, 0.1, Scale::kLogit).ok());
  EXPECT_FALSE(mean_study(1.2, 0.1, Scale::kLogit).ok());
  EXPECT_TRUE(mean_study(1.2, 0.1).ok());
}

TEST(LeaveOneOut, IsTheAnalysisOfTheOthers) {
  const std::vector<Study> studies = {{1, 0.5, false}, {1.1, 0.25, false}, {8, 0.1, false}};
  const auto without = leave_one_out(studies, identity());
  ASSERT_TRUE(without.ok());
  ASSERT_EQ(without->size(), 3u);
  const std::vector<Study> first_two(studies.begin(), studies.begin() + 2);
  EXPECT_EQ(without->at(2).value, meta_analyse(first_two, identity())->value);
  EXPECT_EQ(without->at(2).tau2, 0);  // the third site was all of the heterogeneity
  EXPECT_GT(without->at(0).tau2, 1);
  const auto alone = leave_one_out(std::span(studies).first(1));
  ASSERT_FALSE(alone.ok());
  EXPECT_EQ(alone.error().where, "leave-one-out");  // not: there is no site to pool
}

TEST(Forest, HasARowForEachSite) {
  const std::vector<Study> studies = {*proportion_study(30, 40), *proportion_study(20, 20),
                                      *proportion_study(50, 60)};
  const auto pooled = meta_analyse(studies);
  const auto rows = forest_rows(studies, *pooled);
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_NEAR(rows->at(0).value, 0.75, 1e-15);
  EXPECT_TRUE(rows->at(1).corrected);
  EXPECT_NEAR(rows->at(1).value, 20.5 / 21, 1e-15);
  double sum = 0;
  for (const ForestRow& row : *rows) {
    EXPECT_LT(row.interval.low, row.value);
    EXPECT_GT(row.interval.high, row.value);
    sum += row.weight;
  }
  EXPECT_NEAR(sum, 1, 1e-15);
  EXPECT_FALSE(forest_rows(std::span(studies).first(2), *pooled).ok());
  MetaOptions narrow;
  narrow.scale = Scale::kLogit;
  narrow.level = 0.8;
  const auto row = forest_rows(studies, *pooled, narrow)->at(0);
  const double half = normal_quantile(0.9) * std::sqrt(studies[0].variance);
  EXPECT_NEAR(row.interval.high, original_scale(studies[0].effect + half, Scale::kLogit), 1e-15);
}

}  // namespace
}  // namespace medperf::metrics
