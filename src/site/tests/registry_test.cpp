#include "site/gate/registry.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/sha256.h"
#include "site/gate/gate.h"
#include "site/gate/registry_login.h"
#include "site/tests/fake_site.h"

namespace medperf::site {
namespace {

TEST(ImageReferences, AreRead) {
  const auto read = [](std::string_view text) { return parse_image_reference(text).value(); };
  EXPECT_EQ(read("mlcommons/model:1.0").registry, "registry-1.docker.io");
  EXPECT_EQ(read("mlcommons/model:1.0").repository, "mlcommons/model");
  EXPECT_EQ(read("mlcommons/model:1.0").tag, "1.0");
  EXPECT_EQ(read("ubuntu").repository, "library/ubuntu");
  EXPECT_EQ(read("ubuntu").tag, "latest");
  EXPECT_EQ(read("docker.io/library/ubuntu").registry, "registry-1.docker.io");
  EXPECT_EQ(read("r.example:5000/a/b").registry, "r.example:5000");
  EXPECT_EQ(read("r.example:5000/a/b").tag, "latest");
  const std::string digest = "sha256:" + std::string(64, 'a');
  EXPECT_EQ(read("r.example/a@" + digest).digest->prefixed(), digest);
  for (const std::string& bad : {std::string(), std::string("UPPER/case"), std::string("a/../b"),
                                 std::string("r.example/a b"), std::string("a:b:c d"),
                                 "a@sha256:" + std::string(10, 'a'), std::string("a/b?x=1")}) {
    EXPECT_FALSE(parse_image_reference(bad).ok()) << bad;
  }
}

/// A registry with one repository, as seen by its documents. It wants a token.
class FakeRegistry {
 public:
  explicit FakeRegistry(PaperWorld& world) : world_(world) {
    world.registry = [this](const net::Call& call) { return answer(call); };
  }
  /// Puts an image in and gives its manifest's digest; `tag` now stands for it.
  std::string push(const std::string& tag, const std::string& program, const std::string& cpu) {
    engine::testing::ImageMaker maker;
    maker.architecture = cpu;
    maker.layers = {engine::testing::tar_of({{"app", program}})};
    const auto put = [&](const std::string& content) {
      const std::string digest = "sha256:" + crypto::sha256_hex(content);
      blobs[digest] = content;
      world_.served["https://r.example/v2/group/model/blobs/" + digest] = content;
      return Json::object({{"digest", digest}, {"size", content.size()}});
    };
    const Json config = put(maker.config());
    Json manifest = Json::object({{"schemaVersion", 2},
                                  {"config", config},
                                  {"layers", Json::array({put(maker.layers[0])})}});
    image = maker.id();
    return tagged(tag, to_text(manifest));
  }
  std::string tagged(const std::string& tag, const std::string& manifest) {
    const std::string digest = "sha256:" + crypto::sha256_hex(manifest);
    manifests[digest] = manifest;
    manifests[tag] = manifest;
    return digest;
  }
  Result<net::Reply> answer(const net::Call& call) {
    net::Reply reply;
    const std::string place = "https://r.example/v2/group/model/";
    if (call.url.starts_with("https://token.example"))
      token_signed_in.push_back(
          call.headers.contains("authorization") ? call.headers.find("authorization")->second : "");
    if (call.url.starts_with(
            "https://token.example/t?service=r&scope=repository%3Agroup%2Fmodel%3Apull")) {
      reply.status = 200;
      token = "abc" + std::to_string(++tokens);
      reply.body = R"({"token":")" + token + R"("})";
      return reply;
    }
    const auto sent = call.headers.find("authorization");
    const std::string wanted = basic.empty() ? "Bearer " + token : basic;
    if (sent == call.headers.end() || sent->second != wanted) {
      reply.status = 401;
      reply.headers["www-authenticate"] =
          basic.empty() ? R"(Bearer realm="https://token.example/t",service="r")"
                        : R"(Basic realm="the registry")";
      return reply;
    }
    asked.push_back(call.url);
    const std::string rest = call.url.substr(place.size());
    const auto& from = rest.starts_with("manifests/") ? manifests : blobs;
    const auto found = from.find(rest.substr(rest.find('/') + 1));
    reply.status = found == from.end() ? 404 : 200;
    if (found != from.end()) reply.body = found->second;
    return reply;
  }
  std::map<std::string, std::string> manifests, blobs;
  std::vector<std::string> asked;
  std::vector<std::string> token_signed_in;  // what the token server was shown, call by call
  std::string basic;                         // wanted instead of a token
  std::string image;
  std::string token = "none was given yet";
  int tokens = 0;

 private:
  PaperWorld& world_;
};

class RegistryGate : public ::testing::Test {
 protected:
  Container container(const std::string& hash) {
    Json json = world_.add_container(4, "model", "infer", volumes({"data_path"}, {"output_path"}),
                                     [](const engine::RunSpec&) { return success(); });
    Json config = *json.find("container_config");
    config.set("container_type", "DockerImage");
    config.set("image", "r.example/group/model:1");
    json.set("container_config", config);
    json.set("image_hash", hash);
    json.set("metadata", Json::object());
    return container_from(json).value();
  }
  Result<Admitted> admit_now(const Container& what) {
    auto site = world_.command();
    return admit(*site, what);
  }
  std::string cpu_{engine::host_architecture()};
  PaperWorld world_;
  FakeRegistry registry_{world_};
};

TEST_F(RegistryGate, WhatWasCheckedRunsThoughTheTagWasSwapped) {
  const std::string good = registry_.push("1", "good", cpu_);
  const std::string image = registry_.image;
  registry_.push("1", "swapped", cpu_);
  ASSERT_NE(registry_.image, image);
  const auto admitted = admit_now(container(good));
  ASSERT_TRUE(admitted.ok()) << admitted.error().text();
  EXPECT_EQ(admitted->image.image.hex(), image);
  EXPECT_EQ(admitted->image.manifest->prefixed(), good);
  EXPECT_TRUE(fs::exists(world_.workspace() / "images"));
  // Again: nothing is asked for any more.
  registry_.asked.clear();
  world_.served.clear();
  ASSERT_TRUE(admit_now(container(good)).ok());
  EXPECT_TRUE(registry_.asked.empty());
}

TEST_F(RegistryGate, AnOlderRegistrationNamesTheImage) {
  registry_.push("1", "good", cpu_);
  const std::string image = registry_.image;
  ASSERT_TRUE(admit_now(container(image)).ok());
  registry_.push("1", "swapped", cpu_);
  const auto refused = admit_now(container(std::string(64, 'b')));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kCorrupt);
}

TEST_F(RegistryGate, OfAnIndexThisMachinesImageIsTakenAndNothingFetchedWhenThereIsNone) {
  const std::string mine = registry_.push("a", "mine", cpu_);
  const std::string image = registry_.image;
  const auto index_of = [](const std::string& digest, const std::string& cpu) {
    return to_text(Json::object(
        {{"manifests",
          Json::array({Json::object(
              {{"digest", digest},
               {"size", 1000},
               {"platform", Json::object({{"os", "linux"}, {"architecture", cpu}})}})})}}));
  };
  const auto admitted = admit_now(container(registry_.tagged("1", index_of(mine, cpu_))));
  ASSERT_TRUE(admitted.ok()) << admitted.error().text();
  EXPECT_EQ(admitted->image.image.hex(), image);
  EXPECT_EQ(admitted->image.manifest->prefixed(), mine);
  EXPECT_EQ(admitted->image.index->prefixed(), admitted->container.image_hash);
  const auto before = world_.bytes_fetched;
  const auto other = admit_now(container(registry_.tagged("2", index_of(mine, "s390x"))));
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().kind, ErrorKind::kRefused);
  EXPECT_NE(other.error().text().find("s390x"), std::string::npos);
  EXPECT_EQ(world_.bytes_fetched, before);
}

TEST_F(RegistryGate, AnImageForAnotherProcessorIsRefusedBeforeItsLayersAreFetched) {
  const std::string other = registry_.push("1", "other", "s390x");
  const auto refused = admit_now(container(other));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kRefused);
  EXPECT_EQ(world_.bytes_fetched, 0U);
}

TEST_F(RegistryGate, AlteredManifestConfigOrLayerIsRefused) {
  const std::string good = registry_.push("1", "good", cpu_);
  const auto originals = registry_.manifests;
  registry_.manifests[good] += " ";
  EXPECT_EQ(admit_now(container(good)).error().kind, ErrorKind::kCorrupt);
  registry_.manifests = originals;
  const std::string config = "sha256:" + registry_.image;
  registry_.blobs[config] += " ";
  EXPECT_EQ(admit_now(container(good)).error().kind, ErrorKind::kCorrupt);
  registry_.blobs[config].pop_back();
  for (auto& [url, content] : world_.served) content.at(content.size() / 2) ^= 1;
  const auto refused = admit_now(container(good));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kCorrupt);
  EXPECT_TRUE(fs::is_empty(world_.workspace() / "images"));
}

TEST_F(RegistryGate, ATokenThatEndsWhileLayersAreFetchedIsAskedForAgain) {
  const std::string good = registry_.push("1", "good", cpu_);
  int fetches = 0;
  auto site = world_.command();
  site->use_fetch([&](const std::string& url, const net::Headers& headers, const fs::path& target,
                      Bytes) -> Result<net::DownloadOutcome> {
    if (++fetches == 1) registry_.token = "it has ended";
    const auto sent = headers.find("authorization");
    if (sent == headers.end() || sent->second != "Bearer " + registry_.token)
      return make_error(ErrorKind::kForbidden, url, "the server answered 401");
    MEDPERF_CHECK(write_file_atomically(target, world_.served.at(url)));
    return net::DownloadOutcome{};
  });
  const auto admitted = admit(*site, container(good));
  ASSERT_TRUE(admitted.ok()) << admitted.error().text();
  EXPECT_EQ(fetches, 2);
}

TEST_F(RegistryGate, ALayerThatIsForbiddenIsAskedForTwiceAndNoMore) {
  const std::string good = registry_.push("1", "good", cpu_);
  int fetches = 0;
  auto site = world_.command();
  site->use_fetch([&](const std::string& url, const net::Headers&, const fs::path&,
                      Bytes) -> Result<net::DownloadOutcome> {
    ++fetches;
    return make_error(ErrorKind::kForbidden, url, "the server answered 403");
  });
  const auto refused = admit(*site, container(good));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kForbidden);
  EXPECT_EQ(fetches, 2);
}

TEST_F(RegistryGate, ASignInIsShownToTheRegistryOrItsTokenServerAndNowhereElse) {
  const std::string good = registry_.push("1", "good", cpu_);
  const fs::path file = world_.folder.path() / "auth.json";
  const std::string secret = to_base64("reader:pass word");
  ASSERT_TRUE(write_file_atomically(file, R"({"auths":{"r.example":{"auth":")" + secret +
                                              R"("},"other.example":{"auth":"b3RoZXI6eA=="}}})")
                  .ok());
  world_.config += "registry: {credentials: " + file.string() + "}\n";
  ASSERT_TRUE(admit_now(container(good)).ok());
  EXPECT_FALSE(registry_.token_signed_in.empty());
  for (const std::string& shown : registry_.token_signed_in) EXPECT_EQ(shown, "Basic " + secret);
  // A registry without tokens takes the name and password themselves.
  registry_.basic = "Basic " + secret;
  const std::string second = registry_.push("2", "second", cpu_);
  ASSERT_TRUE(admit_now(container(second)).ok());
  registry_.basic = "Basic " + to_base64("reader:new");
  const auto refused = admit_now(container(registry_.push("3", "third", cpu_)));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kForbidden);
  EXPECT_NE(refused.error().text().find("registry.credentials"), std::string::npos);
  EXPECT_EQ(refused.error().text().find(secret), std::string::npos);
}

TEST(RegistrySignIns, AreFoundByTheLongestKey) {
  const auto entry = [](const char* who) { return to_base64(std::string(who) + ":p"); };
  const std::string document =
      R"({"auths":{"r.example":{"auth":")" + entry("host") + R"("},"r.example/group":{"auth":")" +
      entry("group") + R"("},"https://old.example/v1/":{"auth":"eDp5"},)" +
      R"("r.example:5000":{"auth":")" + entry("port") +
      R"("},"https://index.docker.io/v1/":{"auth":")" + entry("hub") + R"("}}})";
  const auto find = [&](std::string_view registry, std::string_view repository) {
    return basic_authorization(document, registry, repository).value();
  };
  EXPECT_EQ(find("r.example", "group/model"), "Basic " + entry("group"));
  EXPECT_EQ(find("r.example", "groups/model"), "Basic " + entry("host"));
  EXPECT_EQ(find("r.example:5000", "group/model"), "Basic " + entry("port"));
  EXPECT_EQ(find("registry-1.docker.io", "library/x"), "Basic " + entry("hub"));
  EXPECT_EQ(find("r.example.evil.example", "group/model"), "");
  EXPECT_EQ(find("example", "group/model"), "");
  EXPECT_EQ(basic_authorization("", "r.example", "a").value(), "");
}

TEST(RegistrySignIns, ADocumentWithoutAPasswordSaysSo) {
  for (const char* bad :
       {"no json", "[]", R"({"auths":[]})", R"({"auths":{"r.example":{}}})",
        R"({"auths":{"r.example":{"auth":"%%%"}}})", R"({"auths":{"r.example":{"auth":"eA=="}}})",
        R"({"auths":{"r.example":{"auth":"eDp5DQpYOiB6\n"}}})",
        R"({"auths":{"r.example":{"identitytoken":"secret"}}})", R"({"credsStore":"desktop"})"}) {
    const auto found = basic_authorization(bad, "r.example", "a");
    ASSERT_FALSE(found.ok()) << bad;
    EXPECT_EQ(found.error().kind, ErrorKind::kInvalid) << bad;
    EXPECT_EQ(found.error().text().find("secret"), std::string::npos);
  }
}

TEST(RegistryChallenges, AreRead) {
  const auto bearer =
      read_challenge(R"(Bearer realm="https://t.example/a?b=c",service="r, x",scope="s")");
  EXPECT_EQ(bearer.scheme, "bearer");
  EXPECT_EQ(bearer.realm, "https://t.example/a?b=c");
  EXPECT_EQ(bearer.service, "r, x");
  EXPECT_EQ(read_challenge(R"(BASIC realm="x")").scheme, "basic");
  EXPECT_EQ(read_challenge(R"(Bearer xrealm="x", realm="y")").realm, "y");
  EXPECT_EQ(read_challenge("Bearer realm=\"x").realm, "");
  EXPECT_EQ(read_challenge("").scheme, "");
}

}  // namespace
}  // namespace medperf::site
