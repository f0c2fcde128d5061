// The files of models: how they come in, that they stay what was registered, when they go.

#include "site/gate/model_files.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "site/flows/disk.h"
#include "site/flows/verify_container.h"
#include "site/tests/script_models.h"

namespace medperf::site {
namespace {

TEST_F(ScriptModels, OtherBytesThanTheRegisteredOnesAreNotUnpacked) {
  world_.served[std::string(kServed) + "good.tar"] = tar_of({{"weights", "1.0"}});
  auto runs = run();
  EXPECT_NE(reason_of(runs, 5).find("not the registered one"), std::string::npos)
      << reason_of(runs, 5);
  EXPECT_EQ(reason_of(runs, 5).substr(0, 7), "refused");
  EXPECT_EQ(reason_of(runs, 4), "submitted: ");
  EXPECT_FALSE(fs::exists(world_.workspace() / "models" / asset(5).get_string("asset_hash")));
}

TEST_F(ScriptModels, FilesThatWereChangedHereAreUnpackedAnew) {
  ASSERT_TRUE(run(0, false, ModelId{5}).ok());
  const fs::path weights =
      world_.workspace() / "models" / asset(5).get_string("asset_hash") / "deep/weights";
  ASSERT_TRUE(write_file_atomically(weights, "0.99").ok());
  for (const char* folder : {"journal/b1-m5-d3.jsonl", "runs"})
    fs::remove_all(world_.workspace() / folder);
  world_.hub.results.clear();
  world_.hub.replayed.clear();
  ASSERT_TRUE(run(0, false, ModelId{5}).ok());
  EXPECT_EQ(accuracy_of(5), 0.75);
  EXPECT_EQ(read_file(weights).value_or(""), "0.75");
}

TEST_F(ScriptModels, FilesThatChangeBeforeTheRunStopIt) {
  auto site = world_.command();
  const auto model = model_from(world_.hub.objects["models/5/"]).value();
  const auto files = admit_files(*site, model.asset);
  ASSERT_TRUE(files.ok()) << files.error().text();
  EXPECT_TRUE(check_files(*files).ok());
  ASSERT_TRUE(write_file_atomically(files->folder / "deep/weights", "0.99").ok());
  const auto changed = check_files(*files);
  ASSERT_FALSE(changed.ok());
  EXPECT_EQ(changed.error().kind, ErrorKind::kCorrupt);
}

TEST_F(ScriptModels, HostileArchivesAreRefused) {
  const std::vector<std::pair<std::string, std::string>> archives = {
      {"a link", engine::testing::typed_entry("weights", '2', "/etc/passwd") + tar_of({})},
      {"a name that leaves", tar_of({{"../../keys/site.key", "mine"}})},
      {"nothing", tar_of({})},
      {"no archive", std::string(2000, 'x')},
  };
  for (const auto& [what, bytes] : archives) {
    add_files(5, "good", bytes);
    auto runs = run(0, true, ModelId{5});
    EXPECT_EQ(reason_of(runs, 5).substr(0, 7), "refused") << what << ": " << reason_of(runs, 5);
  }
  EXPECT_TRUE(world_.engine.runs.empty());
}

TEST_F(ScriptModels, OneThatNobodyServesIsTakenInFromAFile) {
  asset(5).set("asset_url", "local");
  world_.hub.objects["assets/105/"] = asset(5);
  const auto asked = reason_of(run(0, false, ModelId{5}), 5);
  EXPECT_NE(asked.find("medperf asset verify 105 --archive FILE"), std::string::npos) << asked;
  const TemporaryFolder stick;
  const fs::path file = stick.path() / "other.tar";
  ASSERT_TRUE(write_file_atomically(file, tar_of({{"weights", "1"}})).ok());
  const auto other = verify_files(*world_.command(), AssetId{105}, file);
  ASSERT_TRUE(other.ok()) << other.error().text();
  EXPECT_FALSE(other->good());
  EXPECT_EQ(other->verdicts.back().what, "digest");
  EXPECT_EQ(reason_of(run(0, true, ModelId{5}), 5).substr(0, 6), "failed");
  ASSERT_TRUE(write_file_atomically(file, world_.served[std::string(kServed) + "good.tar"]).ok());
  const auto right = verify_files(*world_.command(), AssetId{105}, file);
  ASSERT_TRUE(right.ok()) << right.error().text();
  EXPECT_TRUE(right->good());
  EXPECT_EQ(right->verdicts.size(), 3U);
  EXPECT_EQ(reason_of(run(0, true, ModelId{5}), 5), "submitted: ");
}

TEST_F(ScriptModels, WhatLiesInItsPlaceAndIsAnotherIsNotTaken) {
  asset(5).set("asset_url", "local");
  const fs::path models = world_.workspace() / "models";
  fs::create_directories(models);
  const fs::path place = models / (asset(5).get_string("asset_hash") + ".tar.gz");
  ASSERT_TRUE(write_file_atomically(place, tar_of({{"weights", "1"}})).ok());
  const auto reason = reason_of(run(0, false, ModelId{5}), 5);
  EXPECT_NE(reason.find("not the registered one"), std::string::npos) << reason;
  EXPECT_TRUE(fs::exists(place)) << "a person's file is not thrown away";
}

TEST_F(ScriptModels, FilesThatAreUsedCanNotBeRemovedOrUnpackedAnew) {
  const std::string hex = asset(5).get_string("asset_hash");
  const auto removable = [&](Site& site) {
    std::vector<std::string> out;
    for (const Removable& thing : removable_things(site.workspace())) {
      if (thing.path.parent_path().filename() == "models")
        out.push_back(thing.path.filename().native());
    }
    return out;
  };
  auto site = world_.command();
  const auto model = model_from(world_.hub.objects["models/5/"]).value();
  {
    const auto files = admit_files(*site, model.asset);
    ASSERT_TRUE(files.ok()) << files.error().text();
    EXPECT_TRUE(removable(*site).empty());
    EXPECT_TRUE(admit_files(*site, model.asset).ok()) << "any number may use them";
    ASSERT_TRUE(write_file_atomically(files->folder / "deep/weights", "0.99").ok());
    const auto second = admit_files(*site, model.asset);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
  }
  fs::create_directories(world_.workspace() / "models" / (hex + ".tried"));
  EXPECT_EQ(removable(*site), (std::vector<std::string>{hex, hex + ".tar.gz", hex + ".tried"}));
  for (const Removable& thing : removable_things(site->workspace()))
    EXPECT_TRUE(remove_thing(site->workspace(), thing).ok());
  EXPECT_EQ(reason_of(run(0, false, ModelId{5}), 5), "submitted: ");
}

TEST_F(ScriptModels, AnArchiveThatCameByHandIsNoRubbish) {
  asset(5).set("asset_url", "local");
  const fs::path models = world_.workspace() / "models";
  fs::create_directories(models);
  const std::string hex = asset(5).get_string("asset_hash");
  ASSERT_TRUE(write_file_atomically(models / (hex + ".tar.gz"),
                                    world_.served[std::string(kServed) + "good.tar"])
                  .ok());
  auto site = world_.command();
  ASSERT_TRUE(admit_files(*site, model_from(world_.hub.objects["models/5/"]).value().asset).ok());
  for (const Removable& thing : removable_things(site->workspace()))
    EXPECT_TRUE(remove_thing(site->workspace(), thing).ok());
  EXPECT_FALSE(fs::exists(models / hex));
  EXPECT_TRUE(fs::exists(models / (hex + ".tar.gz")));
}

/// A policy that takes signed models alone, by this key of user 9.
std::string strict_policy(const std::string& key) {
  std::string policy(default_policy());
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"require_signature: false", "require_signature: true"},
           {"publisher_keys: []", "publisher_keys: [{user: 9, ed25519: \"" + key + "\"}]"}}) {
    EXPECT_NE(policy.find(from), std::string::npos) << from;
    policy.replace(policy.find(from), from.size(), to);
  }
  return policy;
}

TEST_F(ScriptModels, APolicyThatWantsSignaturesTakesSignedFilesAlone) {
  const auto key = crypto::SigningKey::generate();
  ASSERT_TRUE(write_file_atomically(world_.workspace() / "policy.yaml",
                                    strict_policy(key.verify_key().base64()))
                  .ok());
  const auto archive = FileDigest::parse(asset(5).get_string("asset_hash")).value();
  const auto other = crypto::digest_of<FileDigest>("other");
  const std::vector<std::pair<std::string, std::vector<Json>>> refused = {
      {"unsigned", {}},
      {"by a key that nobody knows", {sign_files(archive, crypto::SigningKey::generate())}},
      {"of other files", {sign_files(other, key)}},
      {"of an image", {sign_image(crypto::digest_of<ImageId>("x"), archive, key)}},
      {"one good, one of other files", {sign_files(archive, key), sign_files(other, key)}},
  };
  const auto admitted = [&](const std::vector<Json>& signatures) {
    asset(5).set("metadata",
                 Json::object({{"medperf", Json::object({{"signatures", Json(signatures)}})}}));
    auto site = world_.command();
    return admit_files(*site, model_from(world_.hub.objects["models/5/"]).value().asset);
  };
  for (const auto& [what, signatures] : refused) {
    const auto files = admitted(signatures);
    ASSERT_FALSE(files.ok()) << what;
    EXPECT_EQ(files.error().kind, ErrorKind::kRefused) << what;
  }
  EXPECT_EQ(world_.bytes_fetched, 0U) << "nothing of them was fetched";
  const auto files = admitted({sign_files(archive, key)});
  ASSERT_TRUE(files.ok()) << files.error().text();
  EXPECT_EQ(files->signature.state, SignatureState::kVerified);
}

}  // namespace
}  // namespace medperf::site
