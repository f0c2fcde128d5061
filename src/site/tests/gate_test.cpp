#include "site/gate/gate.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "base/encoding.h"
#include "crypto/sha256.h"
#include "site/dataset/unpack.h"
#include "site/sealed/container_key.h"
#include "site/tests/fake_site.h"

namespace medperf::site {
namespace {

class Gate : public ::testing::Test {
 protected:
  void SetUp() override {
    const Json json =
        world_.add_container(4, "model", "infer", volumes({"data_path"}, {"output_path"}),
                             [](const engine::RunSpec&) { return success(); });
    container_ = container_from(json).value();
  }
  Result<Admitted> admit_now() {
    auto site = world_.command();
    return admit(*site, container_);
  }
  std::string& served() { return world_.served["https://vendor.example/model.tar"]; }
  PaperWorld world_;
  Container container_;
};

TEST_F(Gate, FetchesOnceVerifiesAndStoresTheReport) {
  auto admitted = admit_now();
  ASSERT_TRUE(admitted.ok()) << admitted.error().text();
  EXPECT_EQ(admitted->image.image.prefixed(), container_.registered_image_id());
  EXPECT_EQ(world_.bytes_fetched, served().size());
  EXPECT_TRUE(fs::exists(world_.workspace() / "gate" / (container_.image_hash + ".json")));
  world_.served.clear();
  EXPECT_TRUE(admit_now().ok());
}

TEST_F(Gate, OneChangedByteIsRefusedAndLeavesNothing) {
  served()[100] ^= 1;
  auto admitted = admit_now();
  ASSERT_FALSE(admitted.ok());
  EXPECT_EQ(admitted.error().kind, ErrorKind::kCorrupt);
  EXPECT_NE(admitted.error().what.find(container_.image_hash), std::string::npos);
  EXPECT_TRUE(fs::is_empty(world_.workspace() / "images"));
}

// The same image, encrypted as its owner does it.
class EncryptedGate : public Gate {
 protected:
  void SetUp() override {
    Gate::SetUp();
    if (::access("/usr/bin/gpg", X_OK) != 0) GTEST_SKIP() << "needs gpg";
    const crypto::Secret key("the key");
    const FileHandle sealed = engine::testing::file_of("");
    const auto done =
        engine::seal(engine::testing::file_of(served()), key, sealed, {"/bin/true", {}});
    ASSERT_TRUE(done.ok()) << done.error().text();
    encrypted_ = read_all(sealed, mebibytes(64), "sealed").value();
    served() = encrypted_;
    container_.image_hash = crypto::sha256_hex(encrypted_);
    container_.config.set("container_type", "EncryptedDockerArchive");
    world_.config += "engine: {probe_program: /bin/true}\n";
  }
  void keep_key(const std::string& key) {
    auto site = world_.command();
    const fs::path file = world_.folder.path() / "given";
    ASSERT_TRUE(write_file_atomically(file, key).ok());
    const auto kept = keep_container_key(*site, container_.id, file);
    ASSERT_TRUE(kept.ok()) << kept.error().text();
  }
  std::string encrypted_;
};

TEST_F(EncryptedGate, IsVerifiedAsItIsAndInspectedDecrypted) {
  keep_key("the key\n");
  auto admitted = admit_now();
  ASSERT_TRUE(admitted.ok()) << admitted.error().text();
  EXPECT_EQ(admitted->archive.hex(), container_.image_hash);
  EXPECT_EQ(admitted->image.image.prefixed(), container_.registered_image_id());
  EXPECT_GT(admitted->plain.value, 0U);
  EXPECT_TRUE(std::any_of(admitted->findings.begin(), admitted->findings.end(),
                          [](const auto& finding) { return finding.check == "encryption"; }));
  // Only the encrypted file is kept.
  EXPECT_EQ(*read_file(world_.workspace() / "images" / (container_.image_hash + ".tar")),
            encrypted_);
}

TEST_F(EncryptedGate, WithoutItsKeyOrWithAnotherItIsRefused) {
  auto keyless = admit_now();
  ASSERT_FALSE(keyless.ok());
  EXPECT_EQ(keyless.error().kind, ErrorKind::kRefused);
  EXPECT_NE(keyless.error().text().find("container key 4"), std::string::npos);
  keep_key("another");
  auto wrong = admit_now();
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().kind, ErrorKind::kRefused) << wrong.error().text();
  EXPECT_EQ(wrong.error().text().find("another"), std::string::npos);
}

TEST_F(EncryptedGate, ASwappedFileIsRefusedBeforeItIsDecrypted) {
  keep_key("the key");
  served()[encrypted_.size() - 1] ^= 1;
  auto swapped = admit_now();
  ASSERT_FALSE(swapped.ok());
  EXPECT_EQ(swapped.error().kind, ErrorKind::kCorrupt);
  EXPECT_NE(swapped.error().text().find("not the registered one"), std::string::npos);
}

TEST_F(EncryptedGate, AnotherImageUnderTheRightHashIsRefused) {
  keep_key("the key");
  container_.metadata =
      Json::object({{"medperf", Json::object({{"image_id", std::string(64, 'b')}})}});
  auto other = admit_now();
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().kind, ErrorKind::kCorrupt);
}

TEST_F(Gate, MissingImageNamesTheUrl) {
  world_.served.clear();
  auto admitted = admit_now();
  ASSERT_FALSE(admitted.ok());
  EXPECT_EQ(admitted.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(admitted.error().text().find("https://vendor.example/model.tar"), std::string::npos);
}

TEST_F(Gate, ArchiveWithRightDigestButWrongImageIsRefused) {
  container_.metadata =
      Json::object({{"medperf", Json::object({{"image_id", std::string(64, 'b')}})}});
  auto admitted = admit_now();
  ASSERT_FALSE(admitted.ok());
  EXPECT_EQ(admitted.error().kind, ErrorKind::kCorrupt);
}

TEST_F(Gate, BrokenArchivesAreCorruptOrInvalid) {
  const std::string whole = served();
  for (const std::string& bytes : {std::string("no archive at all"),
                                   whole.substr(0, whole.size() / 2), std::string(5000, '\0')}) {
    served() = bytes;
    container_.image_hash = crypto::sha256_hex(bytes);
    auto admitted = admit_now();
    ASSERT_FALSE(admitted.ok());
    EXPECT_TRUE(admitted.error().kind == ErrorKind::kCorrupt ||
                admitted.error().kind == ErrorKind::kInvalid)
        << admitted.error().text();
  }
}

TEST_F(Gate, ForeignArchitectureIsRefusedByPolicy) {
  engine::testing::ImageMaker maker;
  maker.architecture = "s390x";
  served() = maker.docker();
  container_.image_hash = crypto::sha256_hex(served());
  container_.metadata = Json();
  auto admitted = admit_now();
  ASSERT_FALSE(admitted.ok());
  EXPECT_EQ(admitted.error().kind, ErrorKind::kRefused);
}

TEST_F(Gate, ARegisteredForeignPlatformIsRefusedBeforeTheDownload) {
  container_.metadata = Json::object({{"medperf", Json::object({{"platform", "linux/s390x"}})}});
  auto admitted = admit_now();
  ASSERT_FALSE(admitted.ok());
  EXPECT_EQ(admitted.error().kind, ErrorKind::kRefused);
  EXPECT_EQ(world_.bytes_fetched, 0U);
  // A claim only: the image is asked too, once it is here.
  engine::testing::ImageMaker maker;
  maker.architecture = "s390x";
  served() = maker.docker();
  container_.image_hash = crypto::sha256_hex(served());
  container_.metadata = Json::object({{"medperf", Json::object({{"platform", "linux/amd64"}})}});
  admitted = admit_now();
  ASSERT_FALSE(admitted.ok());
  EXPECT_EQ(admitted.error().kind, ErrorKind::kRefused);
  EXPECT_NE(world_.bytes_fetched, 0U);
}

TEST_F(Gate, WithdrawnContainerIsRefused) {
  container_.is_valid = false;
  auto admitted = admit_now();
  ASSERT_FALSE(admitted.ok());
  EXPECT_EQ(admitted.error().kind, ErrorKind::kRefused);
}

TEST_F(Gate, NoPolicyNoImage) {
  auto site = world_.command();
  fs::remove(world_.workspace() / "policy.yaml");
  auto admitted = admit(*site, container_);
  ASSERT_FALSE(admitted.ok());
  EXPECT_EQ(admitted.error().kind, ErrorKind::kRefused);
}

TEST(DownloadUrl, KnowsItsForms) {
  EXPECT_EQ(download_url("direct:https://a/b").value(), "https://a/b");
  EXPECT_EQ(download_url("https://a/b").value(), "https://a/b");
  EXPECT_FALSE(download_url("synapse:syn1").ok());
  EXPECT_FALSE(download_url("/etc/passwd").ok());
}

class Unpack : public ::testing::Test {
 protected:
  Status unpack_bytes(const std::string& bytes, const UnpackLimits& limits = {}) {
    const fs::path file = folder_.path() / "a.tar";
    EXPECT_TRUE(write_file_atomically(file, bytes).ok());
    return unpack(file, folder_.path() / "out", limits);
  }
  TemporaryFolder folder_;
};

TEST_F(Unpack, FilesAndFolders) {
  const std::string tar =
      engine::testing::tar_of({{"./paths.yaml", "x"}, {"a/b/c", "y"}, {"a/._c", "z"}});
  ASSERT_TRUE(unpack_bytes(tar).ok());
  EXPECT_EQ(read_file(folder_.path() / "out/a/b/c").value(), "y");
  EXPECT_FALSE(fs::exists(folder_.path() / "out/a/._c"));
}

TEST_F(Unpack, HostileEntriesLeaveNothing) {
  using engine::testing::tar_of;
  using engine::testing::typed_entry;
  const std::string end = engine::tar_end();
  for (const std::string& bytes :
       {tar_of({{"../evil", "x"}}), tar_of({{"a/../../evil", "x"}}), tar_of({{"/evil", "x"}}),
        typed_entry("link", '2', "/etc/passwd") + end, typed_entry("hard", '1', "a") + end,
        typed_entry("device", '3') + end, tar_of({{"twice", "x"}, {"twice", "y"}})}) {
    auto done = unpack_bytes(bytes);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().kind, ErrorKind::kRefused) << done.error().text();
    EXPECT_FALSE(fs::exists(folder_.path() / "out"));
    EXPECT_FALSE(fs::exists(folder_.path() / "evil"));
  }
}

TEST_F(Unpack, LimitsHold) {
  const std::string tar = engine::testing::tar_of({{"a", std::string(1000, 'x')}, {"b", "y"}});
  EXPECT_EQ(unpack_bytes(tar, {Bytes{999}, 10}).error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(unpack_bytes(tar, {Bytes{2000}, 1}).error().kind, ErrorKind::kTooLarge);
}

constexpr UserId kPublisher{5};

class Signatures : public ::testing::Test {
 protected:
  Json metadata(Json::Array list) {
    return Json::object({{"medperf", Json::object({{"signatures", Json(std::move(list))}})}});
  }
  Result<PublisherSignature> check(Json::Array list, const std::vector<PublisherKey>& keys) {
    return check_signatures(metadata(std::move(list)), kPublisher, image_, archive_, keys);
  }
  void SetUp() override {
    image_.format = "oci-archive";
    image_.image = crypto::digest_of<ImageId>("config");
    image_.manifest = crypto::digest_of<ManifestDigest>("manifest");
  }
  engine::ImageArchive image_;
  FileDigest archive_ = crypto::digest_of<FileDigest>("archive");
  crypto::SigningKey key_ = crypto::SigningKey::generate();
  std::vector<PublisherKey> keys_ = {{kPublisher, key_.verify_key(), std::nullopt}};
};

TEST_F(Signatures, NoneAndUnknownAreTold) {
  EXPECT_EQ(check({}, keys_)->state, SignatureState::kUnsigned);
  EXPECT_EQ(check_signatures(Json::object(), kPublisher, image_, archive_, keys_)->state,
            SignatureState::kUnsigned);
  const Json other = sign_image(image_.image, archive_, crypto::SigningKey::generate());
  EXPECT_EQ(check({other}, keys_)->state, SignatureState::kUnknownKey);
  // The right key, but of another publisher.
  const std::vector<PublisherKey> foreign = {{UserId{6}, key_.verify_key(), std::nullopt}};
  EXPECT_EQ(check({sign_image(image_.image, archive_, key_)}, foreign)->state,
            SignatureState::kUnknownKey);
}

TEST_F(Signatures, ThePublishersIsVerified) {
  const auto found = check({sign_image(image_.image, archive_, key_)}, keys_);
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_EQ(found->state, SignatureState::kVerified);
  EXPECT_EQ(found->key_id, key_.verify_key().key_id());
}

TEST_F(Signatures, OfAnotherImageOrArchiveOrAlteredIsRefused) {
  const auto other_image = sign_image(crypto::digest_of<ImageId>("x"), archive_, key_);
  const auto other_file = sign_image(image_.image, crypto::digest_of<FileDigest>("x"), key_);
  Json altered = sign_image(image_.image, archive_, key_);
  altered.set("payloadType", "text/plain");
  for (const Json& document : {other_image, other_file, altered}) {
    const auto found = check({document}, keys_);
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().kind, ErrorKind::kRefused);
  }
  // A good signature beside a bad one does not hide it.
  EXPECT_FALSE(check({sign_image(image_.image, archive_, key_), other_image}, keys_).ok());
}

// Made with: openssl ecparam -name prime256v1 -genkey | openssl dgst -sha256 -sign, over cosign's
// simple signing document of the manifest "sha256:" + sha256("manifest").
constexpr std::string_view kCosignKey = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPH2uRVUZgWSuaEn2NPUNJyLW7wgb
sKhtzOxZXOSpWr/XdS9sx6nOiItmAHPleB91MKEne4OXeZy3fda9xf4S9Q==
-----END PUBLIC KEY-----
)";
constexpr std::string_view kCosignPayload =
    R"({"critical":{"identity":{"docker-reference":"registry.example/model"},"image":{"docker-manifest-digest":"sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f"},"type":"cosign container image signature"},"optional":null})";
constexpr std::string_view kCosignSignature =
    "MEUCIFbZPV7qT251XKHkCfeiNMfRI/mxfGP/YpremgcAFHTfAiEA4EjNGawHcBWtQfBUD7t/05G3SNmpCd3SqPEE/mPf/"
    "Zc=";

TEST_F(Signatures, CosignBindsTheManifest) {
  auto key = crypto::P256Key::from_pem(kCosignKey);
  ASSERT_TRUE(key.ok()) << key.error().text();
  const std::vector<PublisherKey> keys = {{kPublisher, std::nullopt, *key}};
  const Json item = Json::object({{"form", "cosign"},
                                  {"payload", to_base64(kCosignPayload)},
                                  {"signature", kCosignSignature}});
  auto found = check({item}, keys);
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_EQ(found->state, SignatureState::kVerified);
  Json altered = item;
  altered.set("payload", to_base64(std::string(kCosignPayload) + " "));
  EXPECT_EQ(check({altered}, keys)->state, SignatureState::kUnknownKey);
  image_.manifest = crypto::digest_of<ManifestDigest>("another");
  EXPECT_FALSE(check({item}, keys).ok());
  image_.index = crypto::digest_of<ManifestDigest>("manifest");  // the manifest's index was signed
  EXPECT_EQ(check({item}, keys)->state, SignatureState::kVerified);
  image_.index = crypto::digest_of<ManifestDigest>("another");
  EXPECT_FALSE(check({item}, keys).ok());
  image_.index.reset();
  image_.manifest.reset();
  image_.format = "docker-archive";
  EXPECT_EQ(check({item}, keys)->state, SignatureState::kUnknownKey);
}

TEST_F(Gate, ARequiredSignatureIsRequired) {
  ASSERT_TRUE(admit_now().ok());  // makes the workspace
  const fs::path policy = world_.workspace() / "policy.yaml";
  std::string text(default_policy());
  const std::string off = "require_signature: false";
  text.replace(text.find(off), off.size(), "require_signature: true");
  ASSERT_TRUE(write_file_atomically(policy, text).ok());
  auto refused = admit_now();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kRefused);

  const auto key = crypto::SigningKey::generate();
  const std::string none = "publisher_keys: []";
  text.replace(text.find(none), none.size(),
               "publisher_keys: [{user: " + std::to_string(container_.owner.value) +
                   ", ed25519: " + key.verify_key().base64() + "}]");
  ASSERT_TRUE(write_file_atomically(policy, text).ok());
  const Json document = sign_image(ImageId::parse(container_.registered_image_id()).value(),
                                   FileDigest::parse(container_.image_hash).value(), key);
  Json ours = *container_.metadata.find("medperf");
  ours.set("signatures", Json::array({document}));
  container_.metadata.set("medperf", std::move(ours));
  auto admitted = admit_now();
  ASSERT_TRUE(admitted.ok()) << admitted.error().text();
  EXPECT_EQ(admitted->signature.state, SignatureState::kVerified);
}

}  // namespace
}  // namespace medperf::site
