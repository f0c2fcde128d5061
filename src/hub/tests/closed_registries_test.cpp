// Authorities, certificates, container keys and training within a closed group. That nobody outside
// hears of them is looked at in closed_groups_test.cpp, with everything else that may be inside.

#include "hub/tests/closed_groups.h"

namespace medperf::hub {
namespace {

using domain::Entity;

using ClosedRegistriesTest = ClosedWorldTest;

TEST_P(ClosedRegistriesTest, KeysAndTrainingHaveTheirNamesWithinTheGroup) {
  // make_registries gave them the names that are taken outside. Inside, each is taken once.
  const auto box = closed_.at(Entity::kContainer);
  const Json taken[] = {
      expect(400, "vendor", "POST", "cas/", in_group(ca_body("authority", box))),
      expect(400, "vendor", "POST", "certificates/",
             certificate_body("certificate", closed_.at(Entity::kCa))),
      expect(400, "vendor", "POST", "aggregators/", in_group(aggregator_body("aggregator", box))),
      expect(400, "vendor", "POST", "training/",
             in_group(training_body("experiment", box, closed_.at(Entity::kAggregator)))),
      expect(400, "group", "POST", "training/events/",
             event_body("event", closed_.at(Entity::kTraining)))};
  for (const Json& answer : taken) EXPECT_TRUE(answer.contains("name")) << to_text(answer);
  const Json key = expect(400, "group", "POST", "encrypted_keys/bulk/",
                          Json::array({key_body("key", closed_.at(Entity::kCertificate), box)}));
  EXPECT_EQ(to_text(key), R"({"0":{"name":["encrypted key with this name already exists."]}})");
}

TEST_P(ClosedRegistriesTest, WhatFollowsIsInTheGroupAndSaysSo) {
  const auto group = closed_.at(Entity::kClosedGroup);
  const std::pair<std::string, Entity> shown[] = {{"certificates", Entity::kCertificate},
                                                  {"encrypted_keys", Entity::kEncryptedKey},
                                                  {"training/events", Entity::kTrainingEvent}};
  for (const auto& [path, entity] : shown) {
    EXPECT_EQ(
        expect(200, "admin", "GET", path_of(path, closed_.at(entity))).get_int("closed_group"),
        group)
        << path;
    EXPECT_FALSE(
        expect(200, "admin", "GET", path_of(path, open_.at(entity))).contains("closed_group"));
  }
  const Json rows = expect(200, "hospital", "GET", "me/datasets/training_associations/");
  EXPECT_EQ(rows.find("results")->items()[0].get_int("closed_group"), group);
}

TEST_P(ClosedRegistriesTest, AKeyIsForAHolderInside) {
  const auto box = closed_.at(Entity::kContainer);
  const Json refused = expect(
      400, "group", "POST", "encrypted_keys/bulk/",
      Json::array(
          {key_body("k", made("stranger", "certificates/", certificate_body("s", 1)), box)}));
  EXPECT_TRUE(refused.find("0")->contains("certificate")) << to_text(refused);
  // A public authority's certificate will do, and the key is no less hidden.
  const auto certificate = made("hospital", "certificates/", certificate_body("h", 1));
  const Json keys = expect(201, "group", "POST", "encrypted_keys/bulk/",
                           Json::array({key_body("k", certificate, box)}));
  EXPECT_EQ(keys.items()[0].get_int("closed_group"), closed_.at(Entity::kClosedGroup));
  const std::string held = path_of("certificates", certificate) + "encrypted_keys/";
  EXPECT_EQ(expect(200, "hospital", "GET", held).get_int("count"), 1);
  // Whoever is put out does not hear of keys for what they see no more.
  const std::string members =
      path_of("closed_groups", closed_.at(Entity::kClosedGroup)) + "members/";
  const Json inside = expect(200, "group", "GET", members);
  for (const Json& row : inside.find("results")->items()) {
    if (row.get_int("member") != users_.at("hospital")) continue;
    expect(204, "group", "DELETE", members + std::to_string(row.get_int("id")) + "/");
  }
  EXPECT_EQ(expect(200, "hospital", "GET", held).get_int("count"), 0);
}

INSTANTIATE_TEST_SUITE_P(Engines, ClosedRegistriesTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

}  // namespace
}  // namespace medperf::hub
