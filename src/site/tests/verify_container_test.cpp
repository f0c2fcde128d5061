#include "site/flows/verify_container.h"

#include <gtest/gtest.h>

#include "site/flows/register.h"
#include "site/tests/paper_hospital.h"

namespace medperf::site {
namespace {

class Verify : public PaperHospital {
 protected:
  Verification verified(const fs::path& archive = {}) {
    auto site = world_.command();
    auto done = verify_registered(*site, ContainerId{15}, archive);
    EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().text());
    return done.ok() ? *done : Verification();
  }
  static const Verdict* find(const Verification& done, std::string_view what) {
    for (const Verdict& one : done.verdicts)
      if (one.what == what) return &one;
    return nullptr;
  }
  fs::path copy(const std::string& more = "") {
    const fs::path file = world_.folder.path() / "stick.tar";
    EXPECT_TRUE(write_file_atomically(file, world_.served.at(kUrl) + more).ok());
    return file;
  }
  void set_policy(const std::string& from, const std::string& to) {
    std::string text(default_policy());
    ASSERT_TRUE(write_file_atomically(world_.workspace() / "policy.yaml",
                                      text.replace(text.find(from), from.size(), to))
                    .ok());
  }
  static constexpr const char* kUrl = "https://vendor.example/good.tar";
};

TEST_F(Verify, AGoodContainerHasOnlyGoodVerdictsAndNothingRuns) {
  const Verification done = verified();
  EXPECT_TRUE(done.good());
  EXPECT_EQ(done.verdicts.size(), 5U);
  EXPECT_EQ(done.name, "good");
  EXPECT_EQ(done.archive.size(), 71U);
  EXPECT_TRUE(world_.engine.runs.empty());
  EXPECT_TRUE(world_.person->asked.empty());
}

TEST_F(Verify, WhatLiesHereIsHashedAgain) {
  ASSERT_TRUE(verified().good());
  const auto fetched = world_.bytes_fetched;
  ASSERT_TRUE(verified().good());
  EXPECT_EQ(world_.bytes_fetched, fetched) << "it is not fetched again";
  for (const auto& entry : fs::directory_iterator(world_.workspace() / "images"))
    if (entry.path().extension() != ".json") fs::resize_file(entry.path(), 100);
  world_.served.erase(kUrl);
  const Verification done = verified();
  EXPECT_FALSE(done.good());
  EXPECT_EQ(done.verdicts.front().what, "digest");
}

TEST_F(Verify, ACopyOnAStickIsTakenOnlyWhenItIsTheRegisteredOne) {
  const fs::path good = copy();
  const std::string bytes = world_.served.at(kUrl);
  world_.served.erase(kUrl);
  EXPECT_TRUE(verified(good).good()) << "nothing had to be fetched";
  world_.served[kUrl] = bytes;
  const Verification done = verified(copy("x"));
  ASSERT_FALSE(done.good());
  EXPECT_EQ(done.verdicts.front().kind, ErrorKind::kCorrupt);
}

TEST_F(Verify, EachRuleOfThePolicyIsAVerdict) {
  verified();
  set_policy("require_signature: false", "require_signature: true");
  EXPECT_FALSE(find(verified(), "signature")->good);
  set_policy("worst_finding: warning", "worst_finding: info");
  EXPECT_FALSE(find(verified(), "policy")->good);
}

TEST_F(Verify, AModelThatAsksForLabelsIsNoModel) {
  world_.hub.objects["mlcubes/15/"]
      .find("container_config")
      ->find("tasks")
      ->find("infer")
      ->find("input_volumes")
      ->set("labels", Json::object({{"mount_path", "/l"}, {"type", "directory"}}));
  EXPECT_FALSE(find(verified(), "configuration")->good);
}

TEST_F(Verify, AnArchiveOfOnesOwnNeedsNoHub) {
  auto site = world_.command();
  const auto check = [&](const std::string& hash) {
    return verify_own(*site, {copy(), {}, hash, {}}).value();
  };
  const Verification any = check("");
  EXPECT_TRUE(any.good());
  EXPECT_TRUE(check(any.archive).good());
  const Verification other = check(std::string(64, 'a'));
  EXPECT_FALSE(other.good());
  EXPECT_EQ(other.verdicts.front().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(verify_own(*site, {world_.folder.path() / "none", {}, "", {}}).error().kind,
            ErrorKind::kNotFound);
}

TEST_F(Verify, ASignatureCountsByAKeyOfThePolicy) {
  auto site = world_.command();
  const fs::path archive = copy();
  const auto key = crypto::SigningKey::load(world_.workspace() / "keys/site.key").value();
  const auto signed_image = sign_archive(*site, archive);
  ASSERT_TRUE(signed_image.ok()) << signed_image.error().text();
  const fs::path signature = world_.folder.path() / "sig.json";
  ASSERT_TRUE(write_file_atomically(signature, to_text(signed_image->envelope)).ok());
  set_policy("publisher_keys: []",
             "publisher_keys: [{user: 9, ed25519: " + key.verify_key().base64() + "}]");
  auto with_key = world_.command();
  const Verification done = verify_own(*with_key, {archive, {}, "", signature}).value();
  EXPECT_TRUE(done.good());
  EXPECT_NE(find(done, "signature")->text, "not signed");
  const Verification other = verify_own(*with_key, {copy("\n"), {}, "", signature}).value();
  EXPECT_FALSE(other.good()) << "a signature of another archive";
}

}  // namespace
}  // namespace medperf::site
