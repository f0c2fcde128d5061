#include "metrics/statistics/meta_analysis.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "metrics/statistics/distributions.h"
#include "metrics/vocabulary.h"

namespace medperf::metrics {
namespace {

using Sites = std::vector<std::pair<double, double>>;

std::vector<Study> studies_of(const Sites& sites) {
  std::vector<Study> studies;
  for (const auto& [value, se] : sites) studies.push_back(*auc_study(value, se, 100, 100));
  return studies;
}

// Three sites' AUC and SE of four chest X-ray models, and what metafor 3.8 (rma, REML and DL,
// test="knha") and pROC 1.18 gave for them, to the digits printed.
struct Known {
  const char* name;
  Sites sites;
  double reml, wald_low, wald_high, tau2, dl, dl_tau2, dl_low, dl_high, q, i2, fixed;
  double hk_low, hk_high;
};

const std::vector<Known>& known() {
  static const std::vector<Known> rows = {
      {"ens5",
       {{.989600, .003335}, {.941293, .011907}, {.892092, .018646}},
       .9580,
       .847,
       .989,
       1.500,
       .9578,
       1.114,
       .869,
       .987,
       41.9,
       .95,
       .9406,
       .502,
       .998},
      {"lr-hog",
       {{.957700, .012015}, {.920859, .015557}, {.870561, .021679}},
       .9216,
       .857,
       .958,
       .299,
       .9214,
       .270,
       .860,
       .957,
       12.3,
       .84,
       .9117,
       .725,
       .981},
      {"lr-pixel",
       {{.949775, .014176}, {.947001, .013281}, {.909694, .018675}},
       .9359,
       .906,
       .957,
       .067,
       .9359,
       .067,
       .906,
       .957,
       4.0,
       .50,
       .9340,
       .854,
       .973},
  };
  return rows;
}

TEST(MetaAnalysis, EqualsMetaforOnTheChestXrayModels) {
  for (const Known& row : known()) {
    SCOPED_TRACE(row.name);
    const auto studies = studies_of(row.sites);
    const auto reml = meta_analyse(studies);
    ASSERT_TRUE(reml.ok());
    EXPECT_NEAR(reml->value, row.reml, 0.5e-4);
    EXPECT_NEAR(reml->wald_interval.low, row.wald_low, 0.51e-3);
    EXPECT_NEAR(reml->wald_interval.high, row.wald_high, 0.51e-3);
    EXPECT_NEAR(reml->tau2, row.tau2, 0.51e-3);
    EXPECT_NEAR(reml->q, row.q, 0.051);
    EXPECT_NEAR(reml->i2, row.i2, 0.0051);
    EXPECT_NEAR(reml->fixed_value, row.fixed, 0.51e-4);
    EXPECT_NEAR(reml->interval.low, row.hk_low, 0.51e-3);
    EXPECT_NEAR(reml->interval.high, row.hk_high, 0.51e-3);
    MetaOptions options;
    options.estimator = TauEstimator::kDerSimonianLaird;
    const auto dl = meta_analyse(studies, options);
    EXPECT_NEAR(dl->value, row.dl, 0.51e-4);
    EXPECT_NEAR(dl->tau2, row.dl_tau2, 0.51e-3);
    EXPECT_NEAR(dl->wald_interval.low, row.dl_low, 0.51e-3);
    EXPECT_NEAR(dl->wald_interval.high, row.dl_high, 0.51e-3);
  }
}

TEST(MetaAnalysis, RobustModelFromItsPrintedIntervals) {
  // The reference prints AUC and DeLong interval of the noise-robust model with three digits only,
  // so the comparison is as coarse as that.
  const Sites sites = {{.982, .017 / 2 / 1.96}, {.975, .030 / 2 / 1.96}, {.948, .049 / 2 / 1.96}};
  const auto result = meta_analyse(studies_of(sites));
  EXPECT_NEAR(result->value, 0.9714, 1e-3);
  EXPECT_NEAR(result->interval.low, 0.888, 1e-2);
  EXPECT_NEAR(result->interval.high, 0.993, 1e-3);
  EXPECT_NEAR(result->tau2, 0.266, 0.04);
  EXPECT_NEAR(result->q, 9.6, 0.8);
}

TEST(MetaAnalysis, QIsFlooredAtOne) {
  // lr-pixel: q < 1, metafor without the floor gives [0.857, 0.973]; the floor widens it to 0.854.
  const auto result = meta_analyse(studies_of(known()[2].sites));
  EXPECT_DOUBLE_EQ(result->se, result->wald_se);
  EXPECT_LT(result->interval.low, 0.8545);
}

TEST(MetaAnalysis, BalancedCaseHasAClosedForm) {
  // Equal variances v: REML tau2 = max(0, s2 - v), the mean is the plain mean, Q = (k-1) s2 / v.
  const double v = 0.04;
  const std::vector<double> effects = {1.0, 1.5, 0.7, 2.1, 1.2};
  std::vector<Study> studies;
  double mean = 0;
  for (const double y : effects) mean += y / 5;
  double s2 = 0;
  for (const double y : effects) s2 += (y - mean) * (y - mean) / 4;
  for (const double y : effects) studies.push_back({y, v, false});
  MetaOptions options;
  options.scale = Scale::kIdentity;
  const auto result = meta_analyse(studies, options);
  ASSERT_TRUE(result.ok());
  EXPECT_NEAR(result->tau2, s2 - v, 1e-14);
  EXPECT_NEAR(result->value, mean, 1e-14);
  EXPECT_NEAR(result->q, 4 * s2 / v, 1e-11);
  EXPECT_NEAR(result->se, std::sqrt(s2 / 5), 1e-14);
  const double half = t_quantile(0.975, 4) * std::sqrt(s2 / 5);
  EXPECT_NEAR(result->interval.low, mean - half, 1e-12);
  const double reach = t_quantile(0.975, 3) * std::sqrt(s2 - v + s2 / 5);
  ASSERT_TRUE(result->prediction.has_value());
  EXPECT_NEAR(result->prediction->high, mean + reach, 1e-12);
  // Q-profile: 4 s2 / (v + t) = chi2 quantile.
  EXPECT_NEAR(result->tau2_interval.low, 4 * s2 / chi2_quantile(0.975, 4) - v, 1e-12);
  EXPECT_NEAR(result->tau2_interval.high, 4 * s2 / chi2_quantile(0.025, 4) - v, 1e-11);
  EXPECT_EQ(result->convention, "random-effects-reml-identity-hksj");
  ASSERT_EQ(result->warnings.size(), 1u);
  EXPECT_TRUE(result->warns(warning::kFewSites));
}

TEST(MetaAnalysis, RemlIsAtTheTopOfItsLikelihood) {
  std::mt19937 random(11);
  std::normal_distribution<double> normal;
  for (int round = 0; round < 200; ++round) {
    std::vector<Study> studies;
    const int k = 2 + round % 9;
    for (int i = 0; i < k; ++i) {
      const double v = std::exp(2 * normal(random)) / 10;
      studies.push_back({normal(random) * (round % 3), v, false});
    }
    const auto result = meta_analyse(studies);
    ASSERT_TRUE(result.ok());
    const auto likelihood = [&](double t) {
      double w_sum = 0, wy = 0, log_v = 0, q = 0;
      for (const auto& s : studies) {
        w_sum += 1 / (s.variance + t);
        wy += s.effect / (s.variance + t);
        log_v += std::log(s.variance + t);
      }
      for (const auto& s : studies) q += std::pow(s.effect - wy / w_sum, 2) / (s.variance + t);
      return -0.5 * (log_v + std::log(w_sum) + q);
    };
    const double top = likelihood(result->tau2);
    for (double t = 0; t < 40; t += 0.05) EXPECT_LE(likelihood(t), top + 1e-9);
    EXPECT_GE(result->se, result->wald_se);
  }
}

TEST(MetaAnalysis, OneSiteIsReportedAsItself) {
  const auto studies = studies_of({{0.9, 0.02}});
  const auto result = meta_analyse(studies);
  ASSERT_TRUE(result.ok());
  EXPECT_NEAR(result->value, 0.9, 1e-15);
  EXPECT_TRUE(result->warns(warning::kOneSite));
  EXPECT_FALSE(result->prediction.has_value());
  EXPECT_EQ(result->tau2, 0);
  EXPECT_EQ(result->df, 0);
  EXPECT_LT(result->interval.low, 0.9);
}

TEST(MetaAnalysis, TwoSitesHaveNoPredictionAndFewAreFlagged) {
  const auto result = meta_analyse(studies_of({{0.9, 0.02}, {0.95, 0.01}}));
  EXPECT_FALSE(result->prediction.has_value());
  EXPECT_TRUE(result->warns(warning::kFewSites));
}

TEST(MetaAnalysis, TenSitesAreEnoughForAStatement) {
  std::vector<Study> studies;
  for (int i = 0; i < 10; ++i) studies.push_back({0.1 * i, 0.04, false});
  EXPECT_FALSE(meta_analyse(studies)->warns(warning::kFewSites));
  studies.pop_back();
  EXPECT_TRUE(meta_analyse(studies)->warns(warning::kFewSites));
}

TEST(MetaAnalysis, SitesThatAgreeExactlyHaveNoHeterogeneity) {
  const auto result =
      meta_analyse(studies_of({{0.9, 0.02}, {0.9, 0.02}, {0.9, 0.02}, {0.9, 0.02}}));
  EXPECT_EQ(result->tau2, 0);
  EXPECT_EQ(result->i2, 0);
  EXPECT_TRUE(result->warns(warning::kTauIntervalEmpty));
  EXPECT_NEAR(result->value, 0.9, 1e-14);
  EXPECT_NEAR(result->q_p_value, 1, 1e-12);
}

TEST(MetaAnalysis, PerfectAreaFollowsTheContinuityRule) {
  const auto study = auc_study(1, 0, 80, 50);
  ASSERT_TRUE(study.ok());
  EXPECT_TRUE(study->corrected);
  EXPECT_NEAR(study->effect, std::log(50.5 / 0.5), 1e-14);
  EXPECT_NEAR(study->variance, 1 / 50.5 + 1 / 0.5, 1e-14);
  const auto tied = auc_study(0.5, 0, 10, 20);  // all scores equal
  ASSERT_TRUE(tied.ok());
  EXPECT_EQ(tied->effect, 0);
  EXPECT_NEAR(tied->variance, 1 / 5.0 + 1 / 5.0, 1e-14);
  const auto result = meta_analyse(std::vector{*study, *auc_study(0.9, 0.02, 50, 50)});
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->warns(warning::kContinuity));
  EXPECT_LT(result->interval.high, 1.0);
}

TEST(MetaAnalysis, ProportionsAreCorrectedOnlyWhereACellIsEmpty) {
  const auto plain = proportion_study(30, 40);
  EXPECT_FALSE(plain->corrected);
  EXPECT_NEAR(plain->effect, std::log(3.0), 1e-14);
  EXPECT_NEAR(plain->variance, 1 / 30.0 + 1 / 10.0, 1e-15);
  const auto full = proportion_study(40, 40);
  EXPECT_TRUE(full->corrected);
  EXPECT_NEAR(full->effect, std::log(40.5 / 0.5), 1e-14);
}

TEST(MetaAnalysis, RefusesWhatCannotBePooled) {
  EXPECT_FALSE(meta_analyse({}).ok());
  EXPECT_FALSE(auc_study(1.2, 0.1, 5, 5).ok());
  EXPECT_FALSE(auc_study(std::nan(""), 0.1, 5, 5).ok());
  EXPECT_FALSE(auc_study(0.9, -0.1, 5, 5).ok());
  EXPECT_FALSE(auc_study(1, 0, 0, 5).ok());
  EXPECT_FALSE(proportion_study(3, 2).ok());
  EXPECT_FALSE(proportion_study(0, 0).ok());
  const std::vector<Study> zero_variance = {{1, 0, false}, {2, 1, false}};
  EXPECT_FALSE(meta_analyse(zero_variance).ok());
  MetaOptions options;
  options.level = 1;
  EXPECT_FALSE(meta_analyse(studies_of({{0.9, 0.02}}), options).ok());
}

TEST(MetaAnalysis, WeightsSumToOne) {
  const auto result = meta_analyse(studies_of(known()[0].sites));
  double sum = 0;
  for (const double w : result->weights) sum += w;
  EXPECT_NEAR(sum, 1, 1e-15);
}

TEST(Vocabulary, IsSortedAndFindsItsEntries) {
  const auto entries = vocabulary();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) {
      EXPECT_LT(entries[i - 1].id, entries[i].id);
    }
    EXPECT_EQ(find_metric(entries[i].id), &entries[i]);
  }
  EXPECT_EQ(find_metric("auroc")->convention, "auroc-mann-whitney-delong");
  EXPECT_EQ(find_metric("auc"), nullptr);
  EXPECT_EQ(find_metric("zzz"), nullptr);
}

}  // namespace
}  // namespace medperf::metrics
