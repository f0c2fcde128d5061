// Who sees what, and what is said about it.

#include <gtest/gtest.h>

#include <algorithm>

#include "base/files.h"
#include "hub/release/policy.h"
#include "hub/release/pooling.h"
#include "hub/release/statement.h"
#include "metrics/statistics/binomial_mixed_model.h"

namespace medperf::hub {
namespace {

using domain::Relation;
using wire::ReleasePolicy;

const Viewer kGroup{1, {Relation::kSignedIn, Relation::kOwner}};
const Viewer kHospital{2, {Relation::kSignedIn, Relation::kApprovedDatasetOwner}};
const Viewer kVendor{3, {Relation::kSignedIn, Relation::kApprovedModelOwner}};
const Viewer kVoter{4, {Relation::kSignedIn, Relation::kCommitteeMember}};
constexpr Own kOwnDataset{true, false};
constexpr Own kOwnModel{false, true};

Json policy_document(const char* dataset_owner, const char* model_owner) {
  return Json::object(
      {{"medperf", wire::kReleaseFormat},
       {"release", Json::object({{"dataset_owner", dataset_owner}, {"model_owner", model_owner}})},
       {"minimum_sites_for_pooled", 4}});
}

TEST(ReleasePolicy, WithoutADocumentAHospitalSeesItsOwnRowsAndAVendorNothing) {
  const ReleasePolicy policy = stored_policy(nullptr);
  EXPECT_TRUE(shows_site(policy, kGroup, {}));
  EXPECT_TRUE(shows_site(policy, kHospital, kOwnDataset));
  EXPECT_FALSE(shows_site(policy, kHospital, {}));
  EXPECT_FALSE(shows_site(policy, kVendor, kOwnModel));
  EXPECT_FALSE(shows_site(policy, kVendor, {}));
  EXPECT_FALSE(shows_pooled(policy, kHospital, 9));
  EXPECT_FALSE(shows_pooled(policy, kVendor, 9));
  EXPECT_TRUE(shows_pooled(policy, kGroup, 1));
}

TEST(ReleasePolicy, ACommitteeSeesWhatTheOwnerSees) {
  const ReleasePolicy policy = stored_policy(nullptr);
  EXPECT_TRUE(shows_site(policy, kVoter, {}));
  EXPECT_TRUE(shows_pooled(policy, kVoter, 1));
}

TEST(ReleasePolicy, WordsLeftOutGrantNothingMore) {
  const Json document = Json::object({{"medperf", wire::kReleaseFormat}});
  const ReleasePolicy policy = stored_policy(&document);
  EXPECT_TRUE(shows_site(policy, kHospital, kOwnDataset));
  EXPECT_FALSE(shows_pooled(policy, kHospital, 9));
  EXPECT_FALSE(shows_site(policy, kVendor, kOwnModel));
  EXPECT_FALSE(shows_pooled(policy, kVendor, 9));
}

TEST(ReleasePolicy, FullShowsARoleEveryRow) {
  const Json document = policy_document("full", "none");
  const ReleasePolicy policy = stored_policy(&document);
  EXPECT_TRUE(shows_site(policy, kHospital, {}));
  EXPECT_TRUE(shows_pooled(policy, kHospital, 1));
  EXPECT_FALSE(shows_site(policy, kVendor, kOwnModel));
}

TEST(ReleasePolicy, AGroupThatBindsItselfIsBoundAndAdminsAreNot) {
  Json document = policy_document("none", "none");
  document.find("release")->set("benchmark_owner", "pooled");
  const ReleasePolicy policy = stored_policy(&document);
  EXPECT_FALSE(shows_site(policy, kGroup, {}));
  EXPECT_FALSE(shows_pooled(policy, kGroup, 3));
  EXPECT_TRUE(shows_pooled(policy, kGroup, 4));
  EXPECT_FALSE(shows_site(policy, kVoter, {}));
  EXPECT_FALSE(shows_pooled(policy, kVoter, 3));
  EXPECT_TRUE(shows_pooled(policy, kVoter, 4));
  const Viewer admin{9, {Relation::kSignedIn, Relation::kAdmin}};
  EXPECT_TRUE(shows_site(policy, admin, {}));
  EXPECT_TRUE(shows_pooled(policy, admin, 1));
}

TEST(ReleasePolicy, ADocumentNarrows) {
  const Json document = policy_document("own-row", "pooled");
  const ReleasePolicy policy = stored_policy(&document);
  EXPECT_TRUE(shows_site(policy, kHospital, kOwnDataset));
  EXPECT_FALSE(shows_pooled(policy, kHospital, 9));
  EXPECT_FALSE(shows_site(policy, kVendor, kOwnModel));
  EXPECT_TRUE(shows_pooled(policy, kVendor, 4));
  EXPECT_FALSE(shows_pooled(policy, kVendor, 3));
}

TEST(ReleasePolicy, WhatCannotBeReadReleasesNothing) {
  for (const char* text : {R"({"medperf": "medperf/release/v9"})", R"({})", R"("yes")",
                           R"({"medperf": "medperf/release/v1", "minimum_sites_for_pooled": 0})"}) {
    const Json document = parse_json(text).value();
    const ReleasePolicy policy = stored_policy(&document);
    EXPECT_FALSE(shows_site(policy, kHospital, kOwnDataset)) << text;
    EXPECT_FALSE(shows_pooled(policy, kVendor, 9)) << text;
    EXPECT_TRUE(shows_site(policy, kGroup, {})) << text;
  }
}

SiteResult site(std::int64_t id, double auc, double se, int tp, int tn) {
  return {id, id, "site " + std::to_string(id), false,
          Json::object({{"n", 200},
                        {"n_positive", 100},
                        {"n_negative", 100},
                        {"auc", Json::object({{"value", auc}, {"se", se}})},
                        {"counts", Json::object({{"tp", tp}, {"tn", tn}})}})};
}

/// The figures that the sample benchmark's schema declares.
const std::vector<Figure>& figures() {
  static const std::vector<Figure> read = [] {
    auto text = read_file(MEDPERF_SOURCE_DIR "/benchmarks/chest-xray/result-schema.json");
    auto schema = result::ResultSchema::parse(parse_json(text.value()).value());
    EXPECT_TRUE(schema.ok()) << schema.error().text();
    return figures_of(*schema);
  }();
  return read;
}
const Figure& figure(std::string_view key) {
  const auto found = std::find_if(figures().begin(), figures().end(),
                                  [&](const Figure& figure) { return figure.key == key; });
  EXPECT_NE(found, figures().end()) << key;
  return *found;
}

TEST(Pooling, EqualSitesGiveTheirOwnFigure) {
  const Pooled pooled = pool(figures(), {site(1, 0.9, 0.02, 80, 90), site(2, 0.9, 0.02, 80, 90),
                                         site(3, 0.9, 0.02, 80, 90)});
  ASSERT_EQ(pooled.figures.size(), 4u);
  EXPECT_EQ(ranking_figure(figures())->name, "AUC");
  EXPECT_NEAR(pooled.meta(&figure("auc"))->value, 0.9, 1e-12);
  EXPECT_NEAR(pooled.meta(&figure("sensitivity"))->value, 0.8, 1e-12);
  EXPECT_NEAR(pooled.meta(&figure("specificity"))->value, 0.9, 1e-12);
  EXPECT_EQ(pooled.meta(&figure("auc"))->tau2, 0);
  const Json json = to_json(pooled, figures());
  EXPECT_EQ(json.find_path({"figures", "auc", "sites"})->as_int(), 3);
  EXPECT_EQ(json.find_path({"figures", "n", "value"})->as_int(), 600);
  EXPECT_TRUE(json.find("heterogeneity")->contains("i2"));
}

TEST(Pooling, ASuppressedSiteIsLeftOutAndSaidSo) {
  SiteResult hidden = site(2, 0.9, 0.02, 80, 90);
  hidden.results.find("counts")->set("tp", nullptr);
  const Pooled pooled = pool(figures(), {site(1, 0.9, 0.02, 80, 90), hidden});
  EXPECT_EQ(pooled.meta(&figure("sensitivity"))->k, 1u);
  EXPECT_EQ(pooled.meta(&figure("specificity"))->k, 2u);
  EXPECT_NE(std::find_if(pooled.warnings.begin(), pooled.warnings.end(),
                         [](const auto& text) {
                           return text.starts_with("Sensitivity: 1 sites are left out");
                         }),
            pooled.warnings.end());
}

TEST(Pooling, FewEventsArePooledInOneStage) {
  const std::vector<SiteResult> sites = {site(1, 0.9, 0.02, 97, 75), site(2, 0.9, 0.02, 98, 70),
                                         site(3, 0.9, 0.02, 91, 78)};
  const Pooled pooled = pool(figures(), sites);
  const auto counts =
      metrics::pool_binomial(std::vector<metrics::BinomialCount>{{97, 100}, {98, 100}, {91, 100}});
  const Json json = to_json(pooled, figures());
  const Json& few = *json.find_path({"figures", "sensitivity"});
  EXPECT_EQ(few.find("value")->as_double(), *counts->estimate.value);
  EXPECT_EQ(few.find("low")->as_double(), counts->estimate.interval->low);
  EXPECT_EQ(few.find("high")->as_double(), counts->estimate.interval->high);
  EXPECT_EQ(few.get_string("convention"), "one-stage-binomial-ml-logit-t");
  EXPECT_TRUE(few.find("prediction")->is_null());
  EXPECT_EQ(few.find_path({"heterogeneity", "convention"})->as_string(),
            "random-effects-reml-logit-hksj");
  EXPECT_EQ(few.find_path({"heterogeneity", "df"})->as_int(), 2);
  const std::string warnings = to_text(*json.find("warnings"));
  EXPECT_NE(warnings.find("Sensitivity: a site has fewer than 20 events or non-events"),
            std::string::npos)
      << warnings;
  // Enough of both at every site: two stages, as before.
  const Json& many = *json.find_path({"figures", "specificity"});
  EXPECT_EQ(many.get_string("convention"), "random-effects-reml-logit-hksj");
  EXPECT_EQ(many.find_path({"heterogeneity", "convention"})->as_string(),
            "random-effects-reml-logit-hksj");
  EXPECT_EQ(warnings.find("Specificity: a site has fewer"), std::string::npos) << warnings;
}

TEST(Pooling, NoErrorAtAnySiteLeavesTwoStagesAndTheirCorrection) {
  const Pooled pooled = pool(figures(), {site(1, 0.9, 0.02, 100, 75), site(2, 0.9, 0.02, 100, 75)});
  const Json json = to_json(pooled, figures());
  const Json& all = *json.find_path({"figures", "sensitivity"});
  EXPECT_EQ(all.get_string("convention"), "random-effects-reml-logit-hksj");
  EXPECT_LT(all.find("value")->as_double(), 1);
  const std::string warnings = to_text(*json.find("warnings"));
  EXPECT_NE(warnings.find("corrected by one half"), std::string::npos) << warnings;
  EXPECT_NE(warnings.find("fewer than 20 events or non-events; its interval may miss"),
            std::string::npos)
      << warnings;
}

/// Another benchmark: what is merged, and how, stands in its schema alone.
TEST(Pooling, AnotherBenchmarksFiguresNeedNoCode) {
  const auto number = [](const char* type, const char* declaration) {
    return std::string(R"({"minimum": 0, "maximum": 1000, "type": ")") + type +
           R"(", "x-medperf": )" + declaration + "}";
  };
  const std::string text =
      R"({"x-medperf": {"format": "medperf/result-schema/v1", "shown": ["missed.value", "scans"]},
          "type": "object", "additionalProperties": false, "properties": {"scans": )" +
      number("integer", R"({"metric": "case-count", "merge": "sum"})") + R"(, "tumours": )" +
      number("integer", R"({"metric": "case-count"})") +
      R"(, "missed": {"type": "object", "additionalProperties": false, "properties": {"count": )" +
      number("integer", R"({"metric": "confusion-count"})") + R"(, "value": )" +
      number("number", R"({"metric": "miss-rate", "direction": "lower", "digits": 4,
             "merge": "random-effects-logit",
             "merge_from": {"events": "missed.count", "total": "tumours"}})") +
      "}}}}";
  auto schema = result::ResultSchema::parse(parse_json(text).value());
  ASSERT_TRUE(schema.ok()) << schema.error().text();
  const auto declared = figures_of(*schema);
  const auto result = [](std::int64_t id, int missed) {
    return SiteResult{
        id, id, "site " + std::to_string(id), false,
        Json::object({{"scans", 50},
                      {"tumours", 40},
                      {"missed", Json::object({{"count", missed}, {"value", missed / 40.0}})}})};
  };
  const std::vector<SiteResult> good = {result(1, 2), result(2, 2)};
  const std::vector<SiteResult> bad = {result(1, 8), result(2, 10)};
  const Pooled a = pool(declared, good);
  const Pooled b = pool(declared, bad);
  EXPECT_NEAR(a.meta(ranking_figure(declared))->value, 0.05, 1e-12);
  EXPECT_EQ(to_json(a, declared).find_path({"figures", "scans", "value"})->as_int(), 100);
  const std::string sentence =
      summary_sentence(ranking_figure(declared), {{"bad", &bad, &b}, {"good", &good, &a}}, 2);
  EXPECT_TRUE(sentence.starts_with("Over 2 sites, good has the lowest pooled missed: 0.050"))
      << sentence;
  EXPECT_NE(sentence.find("that of bad is 0.250 (site 2)"), std::string::npos) << sentence;
}

TEST(Summary, NamesTheBestAndItsLowestSite) {
  const std::vector<SiteResult> steady = {site(1, 0.95, 0.01, 90, 90), site(2, 0.94, 0.01, 90, 90),
                                          site(3, 0.95, 0.01, 90, 90)};
  const std::vector<SiteResult> fallen = {site(1, 0.96, 0.01, 90, 90), site(2, 0.80, 0.03, 90, 20),
                                          site(3, 0.85, 0.03, 90, 20)};
  const Pooled a = pool(figures(), steady);
  const Pooled b = pool(figures(), fallen);
  const std::string text =
      summary_sentence(&figure("auc"), {{"fallen", &fallen, &b}, {"steady", &steady, &a}}, 10);
  EXPECT_TRUE(text.starts_with("Over 3 sites, steady has the highest pooled AUC: 0.946")) << text;
  EXPECT_NE(text.find("Its lowest AUC is 0.940 (site 2), that of fallen is 0.800 (site 2)."),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("another site may differ"), std::string::npos) << text;
  const std::string hidden =
      summary_sentence(&figure("auc"), {{"steady", nullptr, &a}, {"fallen", nullptr, &b}}, 2);
  EXPECT_EQ(hidden.find("site 2"), std::string::npos) << hidden;
  EXPECT_EQ(summary_sentence(&figure("auc"), {{"steady", nullptr, nullptr}}, 2),
            "No pooled figures can be shown yet.");
}

}  // namespace
}  // namespace medperf::hub
