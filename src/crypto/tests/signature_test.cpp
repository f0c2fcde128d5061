#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/encoding.h"
#include "base/tests/temporary_folder.h"
#include "crypto/dsse.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"

namespace medperf::crypto {
namespace {

SigningKey key_of_seed(const std::string& seed_hex) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "key";
  const std::string seed = to_base64(from_hex(seed_hex).value());
  EXPECT_TRUE(write_file_atomically(path, "medperf-ed25519-key/v1\n" + seed + "\n").ok());
  return SigningKey::load(path).value();
}

struct Vector {
  const char* seed;
  const char* key;
  const char* message;
  const char* signature;
};

// RFC 8032 section 7.1, tests 1 to 3.
constexpr Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
};

TEST(Ed25519, VectorsOfRfc8032) {
  for (const auto& vector : kVectors) {
    const SigningKey key = key_of_seed(vector.seed);
    const std::string message = from_hex(vector.message).value();
    EXPECT_EQ(to_hex(key.verify_key().bytes()), vector.key);
    EXPECT_EQ(to_hex(key.sign(message)), vector.signature);
    EXPECT_TRUE(key.verify_key().verify(message, from_hex(vector.signature).value()));
    EXPECT_FALSE(key.verify_key().verify(message + "x", from_hex(vector.signature).value()));
  }
}

TEST(Ed25519, KeysComeAndGoAsText) {
  const SigningKey key = SigningKey::generate();
  const auto again = VerifyKey::from_base64(key.verify_key().base64());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->key_id(), "ed25519:" + sha256_hex(key.verify_key().bytes()));
  EXPECT_TRUE(again->verify("m", key.sign("m")));
  EXPECT_FALSE(again->verify("m", key.sign("m").substr(1)));
  EXPECT_FALSE(SigningKey::generate().verify_key().verify("m", key.sign("m")));
  EXPECT_FALSE(VerifyKey::from_base64("AAAA").ok());
  EXPECT_FALSE(VerifyKey::from_base64("not base64!").ok());
  EXPECT_FALSE(VerifyKey().verify("m", key.sign("m")));
}

TEST(Ed25519, KeyFilesArePrivateAndNeverReplaced) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "site.key";
  const SigningKey key = SigningKey::generate();
  ASSERT_TRUE(key.save_new(path).ok());
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(SigningKey::load(path)->verify_key().base64(), key.verify_key().base64());
  EXPECT_EQ(SigningKey::generate().save_new(path).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(SigningKey::load(path)->verify_key().base64(), key.verify_key().base64());
  EXPECT_EQ(list_files(folder.path())->size(), 1U) << "a temporary file was left";
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  EXPECT_EQ(SigningKey::load(path).error().kind, ErrorKind::kRefused);
  ASSERT_TRUE(write_file_atomically(path, "medperf-ed25519-key/v1\nAAAA\n").ok());
  const auto broken = SigningKey::load(path);
  EXPECT_EQ(broken.error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(broken.error().text().find("AAAA"), std::string::npos);
  EXPECT_EQ(SigningKey::load(folder.path() / "none").error().kind, ErrorKind::kNotFound);
}

TEST(Ed25519, MovedFromKeysAreEmpty) {
  SigningKey key = SigningKey::generate();
  const std::string id = key.verify_key().key_id();
  SigningKey moved = std::move(key);
  EXPECT_EQ(moved.verify_key().key_id(), id);
  SigningKey other = SigningKey::generate();
  other = std::move(moved);
  EXPECT_EQ(other.verify_key().key_id(), id);
}

// The pre-authentication encoding of the example in the DSSE protocol text.
TEST(Dsse, SignsTheBytesOfTheSpecification) {
  const SigningKey key = key_of_seed(kVectors[0].seed);
  const Json envelope = sign_dsse("hello world", "http://example.com/HelloWorld", key);
  EXPECT_EQ(envelope.get_string("payload"), "aGVsbG8gd29ybGQ=");
  EXPECT_EQ(envelope.get_string("payloadType"), "http://example.com/HelloWorld");
  const Json& entry = envelope.find("signatures")->items().front();
  EXPECT_TRUE(key.verify_key().verify("DSSEv1 29 http://example.com/HelloWorld 11 hello world",
                                      from_base64(entry.get_string("sig")).value()));
  EXPECT_EQ(dsse_key_id(envelope).value(), key.verify_key().key_id());
  const auto content = verify_dsse(envelope, key.verify_key());
  ASSERT_TRUE(content.ok()) << content.error().text();
  EXPECT_EQ(content->payload, "hello world");
  EXPECT_EQ(content->payload_type, "http://example.com/HelloWorld");
}

TEST(Dsse, RefusesEveryChange) {
  const SigningKey key = SigningKey::generate();
  const Json good = sign_dsse("{\"a\":1}", "application/x", key);
  ASSERT_TRUE(verify_dsse(good, key.verify_key()).ok());

  Json changed = good;
  changed.set("payload", to_base64("{\"a\":2}"));
  EXPECT_EQ(verify_dsse(changed, key.verify_key()).error().kind, ErrorKind::kCorrupt);
  changed = good;
  changed.set("payloadType", "application/y");
  EXPECT_EQ(verify_dsse(changed, key.verify_key()).error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(verify_dsse(good, SigningKey::generate().verify_key()).error().kind,
            ErrorKind::kCorrupt);
  changed = good;
  changed.find("signatures")->push(good.find("signatures")->items().front());
  EXPECT_EQ(verify_dsse(changed, key.verify_key()).error().kind, ErrorKind::kInvalid);
  changed = good;
  changed.set("signatures", Json::array());
  EXPECT_FALSE(verify_dsse(changed, key.verify_key()).ok());
  EXPECT_FALSE(dsse_key_id(changed).ok());
  changed = good;
  changed.set("payload", "%%%%");
  EXPECT_EQ(verify_dsse(changed, key.verify_key()).error().where, "payload");
  for (const Json& odd : {Json(), Json(1), Json("x"), Json::object(), Json::array({1})})
    EXPECT_FALSE(verify_dsse(odd, key.verify_key()).ok());
}

}  // namespace
}  // namespace medperf::crypto
