// Who sees what, and what is said about it.

#include <gtest/gtest.h>

#include "hub/release/policy.h"
#include "hub/release/pooling.h"
#include "hub/release/statement.h"

namespace medperf::hub {
namespace {

using domain::Relation;
using wire::ReleasePolicy;

const Viewer kGroup{1, {Relation::kSignedIn, Relation::kOwner}};
const Viewer kHospital{2, {Relation::kSignedIn, Relation::kApprovedDatasetOwner}};
const Viewer kVendor{3, {Relation::kSignedIn, Relation::kApprovedModelOwner}};

Json policy_document(const char* dataset_owner, const char* model_owner) {
  return Json::object(
      {{"medperf", wire::kReleaseFormat},
       {"release", Json::object({{"dataset_owner", dataset_owner}, {"model_owner", model_owner}})},
       {"minimum_sites_for_pooled", 4}});
}

TEST(ReleasePolicy, WithoutADocumentAHospitalSeesItsOwnRowsAndAVendorNothing) {
  const ReleasePolicy policy = stored_policy(nullptr);
  EXPECT_TRUE(shows_site(policy, kGroup, 2, 3));
  EXPECT_TRUE(shows_site(policy, kHospital, 2, 3));
  EXPECT_FALSE(shows_site(policy, kHospital, 7, 3));
  EXPECT_FALSE(shows_site(policy, kVendor, 7, 3));
  EXPECT_FALSE(shows_site(policy, kVendor, 7, 8));
  EXPECT_FALSE(shows_pooled(policy, kHospital, 9));
  EXPECT_FALSE(shows_pooled(policy, kVendor, 9));
  EXPECT_TRUE(shows_pooled(policy, kGroup, 1));
}

TEST(ReleasePolicy, WordsLeftOutGrantNothingMore) {
  const Json document = Json::object({{"medperf", wire::kReleaseFormat}});
  const ReleasePolicy policy = stored_policy(&document);
  EXPECT_TRUE(shows_site(policy, kHospital, 2, 3));
  EXPECT_FALSE(shows_pooled(policy, kHospital, 9));
  EXPECT_FALSE(shows_site(policy, kVendor, 7, 3));
  EXPECT_FALSE(shows_pooled(policy, kVendor, 9));
}

TEST(ReleasePolicy, FullShowsARoleEveryRow) {
  const Json document = policy_document("full", "none");
  const ReleasePolicy policy = stored_policy(&document);
  EXPECT_TRUE(shows_site(policy, kHospital, 7, 3));
  EXPECT_TRUE(shows_pooled(policy, kHospital, 1));
  EXPECT_FALSE(shows_site(policy, kVendor, 7, 3));
}

TEST(ReleasePolicy, AGroupThatBindsItselfIsBoundAndAdminsAreNot) {
  Json document = policy_document("none", "none");
  document.find("release")->set("benchmark_owner", "pooled");
  const ReleasePolicy policy = stored_policy(&document);
  EXPECT_FALSE(shows_site(policy, kGroup, 7, 3));
  EXPECT_FALSE(shows_pooled(policy, kGroup, 3));
  EXPECT_TRUE(shows_pooled(policy, kGroup, 4));
  const Viewer admin{9, {Relation::kSignedIn, Relation::kAdmin}};
  EXPECT_TRUE(shows_site(policy, admin, 7, 3));
  EXPECT_TRUE(shows_pooled(policy, admin, 1));
}

TEST(ReleasePolicy, ADocumentNarrows) {
  const Json document = policy_document("own-row", "pooled");
  const ReleasePolicy policy = stored_policy(&document);
  EXPECT_TRUE(shows_site(policy, kHospital, 2, 3));
  EXPECT_FALSE(shows_pooled(policy, kHospital, 9));
  EXPECT_FALSE(shows_site(policy, kVendor, 7, 3));
  EXPECT_TRUE(shows_pooled(policy, kVendor, 4));
  EXPECT_FALSE(shows_pooled(policy, kVendor, 3));
}

TEST(ReleasePolicy, WhatCannotBeReadReleasesNothing) {
  for (const char* text : {R"({"medperf": "medperf/release/v9"})", R"({})", R"("yes")",
                           R"({"medperf": "medperf/release/v1", "minimum_sites_for_pooled": 0})"}) {
    const Json document = parse_json(text).value();
    const ReleasePolicy policy = stored_policy(&document);
    EXPECT_FALSE(shows_site(policy, kHospital, 2, 3)) << text;
    EXPECT_FALSE(shows_pooled(policy, kVendor, 9)) << text;
    EXPECT_TRUE(shows_site(policy, kGroup, 2, 3)) << text;
  }
}

SiteResult site(std::int64_t id, double auc, double se, int tp, int tn) {
  return {id, id, "site " + std::to_string(id), id,
          Json::object({{"n", 200},
                        {"n_positive", 100},
                        {"n_negative", 100},
                        {"auc", Json::object({{"value", auc}, {"se", se}})},
                        {"counts", Json::object({{"tp", tp}, {"tn", tn}})}})};
}

TEST(Pooling, EqualSitesGiveTheirOwnFigure) {
  const Pooled pooled =
      pool({site(1, 0.9, 0.02, 80, 90), site(2, 0.9, 0.02, 80, 90), site(3, 0.9, 0.02, 80, 90)});
  ASSERT_TRUE(pooled.auc && pooled.sensitivity && pooled.specificity);
  EXPECT_NEAR(pooled.auc->value, 0.9, 1e-12);
  EXPECT_NEAR(pooled.sensitivity->value, 0.8, 1e-12);
  EXPECT_NEAR(pooled.specificity->value, 0.9, 1e-12);
  EXPECT_EQ(pooled.auc->tau2, 0);
  const Json json = to_json(pooled);
  EXPECT_EQ(json.find_path({"auc", "sites"})->as_int(), 3);
  EXPECT_TRUE(json.find("heterogeneity")->contains("i2"));
}

TEST(Pooling, ASuppressedSiteIsLeftOutAndSaidSo) {
  SiteResult hidden = site(2, 0.9, 0.02, 80, 90);
  hidden.results.find("counts")->set("tp", nullptr);
  const Pooled pooled = pool({site(1, 0.9, 0.02, 80, 90), hidden});
  EXPECT_EQ(pooled.sensitivity->k, 1u);
  EXPECT_EQ(pooled.specificity->k, 2u);
  EXPECT_NE(std::find_if(pooled.warnings.begin(), pooled.warnings.end(),
                         [](const auto& text) {
                           return text.starts_with("Sensitivity: 1 sites are left out");
                         }),
            pooled.warnings.end());
}

TEST(Summary, NamesTheBestAndItsLowestSite) {
  const std::vector<SiteResult> steady = {site(1, 0.95, 0.01, 90, 90), site(2, 0.94, 0.01, 90, 90),
                                          site(3, 0.95, 0.01, 90, 90)};
  const std::vector<SiteResult> fallen = {site(1, 0.96, 0.01, 90, 90), site(2, 0.80, 0.03, 90, 20),
                                          site(3, 0.85, 0.03, 90, 20)};
  const Pooled a = pool(steady);
  const Pooled b = pool(fallen);
  const std::string text = summary_sentence({{"fallen", &fallen, &b}, {"steady", &steady, &a}}, 10);
  EXPECT_TRUE(text.starts_with("Over 3 sites, steady has the highest pooled AUC: 0.946")) << text;
  EXPECT_NE(text.find("Its lowest AUC is 0.940 (site 2), that of fallen is 0.800 (site 2)."),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("another site may differ"), std::string::npos) << text;
  const std::string hidden =
      summary_sentence({{"steady", nullptr, &a}, {"fallen", nullptr, &b}}, 2);
  EXPECT_EQ(hidden.find("site 2"), std::string::npos) << hidden;
  EXPECT_EQ(summary_sentence({{"steady", nullptr, nullptr}}, 2),
            "No pooled figures can be shown yet.");
}

}  // namespace
}  // namespace medperf::hub
