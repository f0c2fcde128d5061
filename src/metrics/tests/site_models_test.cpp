// Models of the counts of several sites: the one-stage binomial and the bivariate one.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "metrics/statistics/binomial_mixed_model.h"
#include "metrics/statistics/bivariate.h"
#include "metrics/statistics/distributions.h"
#include "metrics/statistics/meta_analysis.h"
#include "metrics/statistics/proportion_pooling.h"
#include "oracle_table.h"

namespace medperf::metrics {
namespace {

double logit(double p) {
  return std::log(p / (1 - p));
}

std::map<std::string, std::vector<BinomialCount>> binomial_sets() {
  std::map<std::string, std::vector<BinomialCount>> sets;
  for (auto& row : oracle_rows("binomial_inputs")) {
    sets[row["set"]].push_back({std::stoll(row["events"]), std::stoll(row["total"])});
  }
  return sets;
}

void compare_binomial(const std::string& peer, double tolerance, std::size_t at_least) {
  std::map<std::string, BinomialMixedModel> models;
  for (const auto& [set, sites] : binomial_sets()) models[set] = *pool_binomial(sites);
  std::size_t compared = 0;
  for (auto& row : oracle_rows(peer)) {
    const std::string& name = row["quantity"];
    SCOPED_TRACE(row["set"] + " " + name);
    const BinomialMixedModel& model = models.at(row["set"]);
    const double ours = name == "effect" ? model.effect
                        : name == "tau2" ? model.tau2
                        : name == "se"   ? *model.estimate.se
                                         : model.log_likelihood;
    const double theirs = oracle_number(row["value"]);
    EXPECT_NEAR(ours, theirs, tolerance * std::max(1.0, std::abs(theirs)));
    ++compared;
  }
  EXPECT_GE(compared, at_least);
}

TEST(BinomialMixedModel, EqualsAdaptiveQuadratureOfScipy) {
  compare_binomial("binomial_scipy", 1e-6, 12);
}

TEST(BinomialMixedModel, EqualsMetaforAsFarAsItsOptimiserGoes) {
  // lme4 stops about 1e-5 before the peak (its log-likelihood is lower than ours and scipy's).
  compare_binomial("binomial_models", 5e-5, 12);
}

TEST(BinomialMixedModel, SitesThatAgreeArePlainBinomial) {
  const std::vector<BinomialCount> sites = {{80, 100}, {40, 50}, {160, 200}};
  const auto model = pool_binomial(sites);
  EXPECT_EQ(model->tau2, 0);
  EXPECT_NEAR(*model->estimate.value, 0.8, 1e-12);
  EXPECT_NEAR(*model->estimate.se, 1 / std::sqrt(350 * 0.8 * 0.2), 1e-7);
  const double half = t_quantile(0.975, 2) * *model->estimate.se;
  EXPECT_NEAR(logit(model->estimate.interval->low), std::log(4.0) - half, 1e-9);
}

TEST(BinomialMixedModel, EventsAndTheirComplementMirror) {
  for (auto& [name, sites] : binomial_sets()) {
    const auto model = pool_binomial(sites);
    auto turned = sites;
    for (auto& site : turned) site.events = site.total - site.events;
    const auto mirror = pool_binomial(turned);
    EXPECT_NEAR(mirror->effect, -model->effect, 1e-8) << name;
    EXPECT_NEAR(mirror->tau2, model->tau2, 1e-7 * (1 + model->tau2)) << name;
  }
}

TEST(BinomialMixedModel, NeedsNoContinuityRule) {
  // 30 of 30 at one site: the two-stage analysis must invent half a failure, this one does not.
  const auto sets = binomial_sets();
  const auto& sites = sets.at("sensitivity-7");
  std::vector<Study> studies;
  for (const auto& site : sites) studies.push_back(*proportion_study(site.events, site.total));
  EXPECT_TRUE(meta_analyse(studies)->warns(warning::kContinuity));
  EXPECT_LT(meta_analyse(studies)->value, *pool_binomial(sites)->estimate.value);
}

TEST(BinomialMixedModel, UndefinedAndRefused) {
  const std::vector<BinomialCount> none = {{0, 10}, {0, 20}};
  EXPECT_EQ(pool_binomial(none)->estimate.flag, flag::kAllOrNothing);
  EXPECT_FALSE(pool_binomial(none)->estimate.value.has_value());
  const std::vector<BinomialCount> one = {{8, 10}};
  EXPECT_NEAR(*pool_binomial(one)->estimate.value, 0.8, 1e-15);
  EXPECT_FALSE(pool_binomial({}).ok());
  EXPECT_FALSE(pool_binomial(std::vector<BinomialCount>{{3, 2}}).ok());
  EXPECT_FALSE(pool_binomial(std::vector<BinomialCount>{{0, 0}}).ok());
  EXPECT_FALSE(pool_binomial(one, 1.5).ok());
}

std::map<std::string, std::vector<Confusion>> bivariate_sets() {
  std::map<std::string, std::vector<Confusion>> sets;
  for (auto& row : oracle_rows("bivariate_inputs")) {
    sets[row["set"]].push_back({std::stoll(row["tp"]), std::stoll(row["fp"]), std::stoll(row["tn"]),
                                std::stoll(row["fn"])});
  }
  return sets;
}

TEST(Bivariate, EqualsMetafor) {
  const auto sets = bivariate_sets();
  std::size_t compared = 0;
  for (auto& row : oracle_rows("bivariate_metafor")) {
    SCOPED_TRACE(row["set"] + " " + row["quantity"]);
    const auto found = pool_sensitivity_specificity(sets.at(row["set"]));
    ASSERT_TRUE(found.ok());
    const std::map<std::string, double> ours = {{"sensitivity", logit(*found->sensitivity.value)},
                                                {"specificity", logit(*found->specificity.value)},
                                                {"se_sensitivity", *found->sensitivity.se},
                                                {"se_specificity", *found->specificity.se},
                                                {"covariance", found->covariance},
                                                {"tau2_sensitivity", found->tau2_sensitivity},
                                                {"tau2_specificity", found->tau2_specificity},
                                                {"tau_covariance", found->tau_covariance},
                                                {"likelihood", found->restricted_log_likelihood}};
    EXPECT_NEAR(ours.at(row["quantity"]), oracle_number(row["value"]), 1e-6);
    ++compared;
  }
  EXPECT_EQ(compared, 27u);
}

TEST(Bivariate, SwappingTheClassesSwapsTheTwo) {
  auto sites = bivariate_sets().at("threshold-8");
  const auto found = pool_sensitivity_specificity(sites);
  for (Confusion& site : sites) site = {site.tn, site.fn, site.tp, site.fp};
  const auto turned = pool_sensitivity_specificity(sites);
  EXPECT_NEAR(*turned->sensitivity.value, *found->specificity.value, 1e-9);
  EXPECT_NEAR(*turned->specificity.value, *found->sensitivity.value, 1e-9);
  EXPECT_NEAR(turned->tau_covariance, found->tau_covariance, 1e-7);
  EXPECT_LT(found->tau_covariance, 0);
}

TEST(Bivariate, RefusesTooFewOrEmptySites) {
  const std::vector<Confusion> two = {{5, 1, 9, 2}, {6, 2, 8, 1}};
  EXPECT_FALSE(pool_sensitivity_specificity(two).ok());
  const std::vector<Confusion> empty = {{5, 1, 9, 2}, {6, 2, 8, 1}, {0, 2, 8, 0}};
  EXPECT_FALSE(pool_sensitivity_specificity(empty).ok());
  const auto zero = pool_sensitivity_specificity(bivariate_sets().at("zero-6"));
  EXPECT_NE(std::find(zero->warnings.begin(), zero->warnings.end(), warning::kContinuity),
            zero->warnings.end());
}

TEST(ProportionPooling, TheModelIsChosenByTheSiteWithFewestEvents) {
  const auto of = [](std::vector<BinomialCount> sites) { return *pool_proportions(sites); };
  const auto enough = of({{20, 100}, {50, 90}, {60, 80}});
  EXPECT_EQ(enough.analysis.convention, "random-effects-reml-logit-hksj");
  EXPECT_FALSE(enough.analysis.warns(warning::kFewEvents));
  EXPECT_TRUE(enough.analysis.prediction.has_value());
  for (const BinomialCount few : {BinomialCount{19, 100}, BinomialCount{81, 100}}) {
    const std::vector<BinomialCount> sites = {few, {50, 90}, {60, 80}};
    const auto pooled = of(sites);
    const auto counts = *pool_binomial(sites);
    EXPECT_EQ(pooled.analysis.convention, kBinomialMixedConvention);
    EXPECT_EQ(pooled.heterogeneity_convention, "random-effects-reml-logit-hksj");
    EXPECT_EQ(pooled.analysis.value, *counts.estimate.value);
    EXPECT_EQ(pooled.analysis.interval.low, counts.estimate.interval->low);
    EXPECT_FALSE(pooled.analysis.prediction.has_value());
    EXPECT_TRUE(pooled.analysis.warns(warning::kFewEvents));
  }
  const auto one_empty = of({{0, 100}, {5, 90}, {6, 80}});
  EXPECT_FALSE(one_empty.analysis.warns(warning::kContinuity)) << "no half case is in the figure";
  EXPECT_EQ(of({{5, 90}}).analysis.convention, "random-effects-reml-logit-hksj") << "one site";
  const auto never = of({{0, 100}, {0, 90}});
  EXPECT_EQ(never.analysis.convention, "random-effects-reml-logit-hksj");
  EXPECT_TRUE(never.analysis.warns(warning::kContinuity));
  EXPECT_TRUE(never.analysis.warns(warning::kFewEvents));
  EXPECT_FALSE(pool_proportions({}).ok());
  const std::vector<BinomialCount> wrong = {{5, 4}, {1, 2}};
  EXPECT_FALSE(pool_proportions(wrong).ok());
}

}  // namespace
}  // namespace medperf::metrics
