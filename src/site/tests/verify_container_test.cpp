#include "site/flows/verify_container.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/yaml.h"
#include "crypto/sha256.h"
#include "site/flows/register.h"
#include "site/sealed/container_key.h"
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

// The same container, encrypted as its owner does it.
class VerifyEncrypted : public Verify {
 protected:
  void SetUp() override {
    Verify::SetUp();
    if (::access("/usr/bin/gpg", X_OK) != 0) GTEST_SKIP() << "needs gpg";
    const FileHandle sealed = engine::testing::file_of("");
    const auto done = engine::seal(engine::testing::file_of(world_.served.at(kUrl)),
                                   crypto::Secret("the key"), sealed, {"/bin/true", {}});
    ASSERT_TRUE(done.ok()) << done.error().text();
    world_.served[kUrl] = read_all(sealed, mebibytes(64), "sealed").value();
    Json& container = world_.hub.objects["mlcubes/15/"];
    container.set("image_hash", crypto::sha256_hex(world_.served[kUrl]));
    container.find("container_config")->set("container_type", "EncryptedDockerArchive");
    world_.config += "engine: {probe_program: /bin/true}\n";
    config_ = file("config.yaml", to_yaml(*container.find("container_config")));
  }
  fs::path file(const std::string& name, const std::string& text) {
    const fs::path path = world_.folder.path() / name;
    EXPECT_TRUE(write_file_atomically(path, text).ok());
    return path;
  }
  Verification with_key(const fs::path& key) {
    auto site = world_.command();
    auto done = verify_registered(*site, ContainerId{15}, {}, key);
    EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().text());
    return done.ok() ? *done : Verification();
  }
  static std::string judged(const Verification& done, std::string_view what) {
    const Verdict* found = find(done, what);
    return found == nullptr ? "none" : found->good ? "good" : "bad";
  }
  fs::path config_;
};

TEST_F(VerifyEncrypted, WithItsKeyEverythingIsJudged) {
  const fs::path key = file("key", "the key\n");
  const Verification done = with_key(key);
  EXPECT_TRUE(done.good());
  for (const char* what : {"digest", "key", "signature", "configuration", "policy", "requests"})
    EXPECT_NE(find(done, what), nullptr) << what;
  EXPECT_EQ(done.verdicts.size(), 6U);
  EXPECT_EQ(done.image.size(), 71U);
  EXPECT_TRUE(world_.engine.runs.empty());
}

TEST_F(VerifyEncrypted, WithoutItsKeyTheDigestIsStillJudged) {
  const Verification done = with_key({});
  EXPECT_EQ(judged(done, "digest"), "good");
  EXPECT_EQ(judged(done, "key"), "bad");
  EXPECT_EQ(judged(done, "configuration"), "good");
  EXPECT_EQ(judged(done, "policy"), "none") << "nothing is known of what is in it";
}

TEST_F(VerifyEncrypted, WhatWasVerifiedIsOpenedAgain) {
  ASSERT_TRUE(with_key(file("key", "the key")).good());
  const Verification other = with_key(file("wrong", "another"));
  EXPECT_EQ(judged(other, "digest"), "good");
  EXPECT_EQ(judged(other, "key"), "bad") << "the journal knows the image, the key does not open it";
  for (const auto& entry : fs::directory_iterator(world_.workspace() / "images"))
    if (entry.path().extension() != ".json") fs::resize_file(entry.path(), 100);
  world_.served.erase(kUrl);
  EXPECT_EQ(judged(with_key(file("key", "the key")), "digest"), "bad");
}

TEST_F(VerifyEncrypted, AnotherImageUnderTheRightDigestIsNotIt) {
  world_.hub.objects["mlcubes/15/"].set(
      "metadata", Json::object({{"medperf", Json::object({{"image_id", std::string(64, 'b')}})}}));
  const Verification done = with_key(file("key", "the key"));
  EXPECT_EQ(judged(done, "key"), "good");
  EXPECT_EQ(judged(done, "image"), "bad");
}

TEST_F(VerifyEncrypted, OneOfOnesOwnNeedsItsKeyAndNoHub) {
  auto site = world_.command();
  const fs::path archive = copy(), key = file("key", "the key");
  const auto check = [&](const fs::path& with, const fs::path& config) {
    return verify_own(*site, {archive, config, "", {}, with}).value();
  };
  EXPECT_TRUE(check(key, config_).good());
  EXPECT_TRUE(check(key, {}).good()) << "a key says that it is encrypted";
  EXPECT_EQ(judged(check({}, config_), "key"), "bad");
  EXPECT_EQ(judged(check(file("wrong", "another"), config_), "key"), "bad");
}

}  // namespace
}  // namespace medperf::site
