#include "crypto/jwt.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/stat.h>

#include "base/encoding.h"
#include "base/tests/temporary_folder.h"

namespace medperf::crypto {
namespace {

constexpr Timestamp kNow{1'800'000'000'000'000};

class Jwt : public testing::Test {
 protected:
  // Making an RSA-3072 key takes up to a second: once for all tests.
  static void SetUpTestSuite() {
    signer_ = new JwtSigner(JwtSigner::generate().value());
    verifier_ = new JwtVerifier(JwtVerifier::from_pem(signer_->public_pem()).value());
  }
  static void TearDownTestSuite() {
    delete signer_;
    delete verifier_;
  }

  static Json claims() {
    return Json::object({{"iss", "https://hub/"},
                         {"aud", "https://hub/api"},
                         {"sub", "alice"},
                         {"exp", std::int64_t{1'800'000'060}},
                         {"iat", std::int64_t{1'800'000'000}}});
  }
  static Json with(std::string_view key, Json value) {
    Json changed = claims();
    changed.set(key, std::move(value));
    return changed;
  }
  static Result<Json> check(const std::string& token, Timestamp now = kNow) {
    return verifier_->verify(token, {"https://hub/", "https://hub/api", Seconds(30)}, now);
  }
  static std::string refusal(const std::string& token, Timestamp now = kNow) {
    const auto outcome = check(token, now);
    if (outcome.ok()) return "accepted";
    EXPECT_EQ(outcome.error().kind, ErrorKind::kUnauthenticated);
    return outcome.error().what;
  }
  static std::string token_of(const Json& header, const Json& body, const std::string& signature) {
    return to_base64url(to_text(header)) + "." + to_base64url(to_text(body)) + "." +
           to_base64url(signature);
  }

  static inline JwtSigner* signer_ = nullptr;
  static inline JwtVerifier* verifier_ = nullptr;
};

TEST_F(Jwt, AcceptsWhatItSigned) {
  const auto outcome = check(signer_->sign(claims()));
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  EXPECT_EQ(outcome->get_string("sub"), "alice");
  EXPECT_TRUE(check(signer_->sign(with("aud", Json::array({"other", "https://hub/api"})))).ok());
  EXPECT_TRUE(check(signer_->sign(with("exp", 1'800'000'060.5))).ok());
}

TEST_F(Jwt, ClockSkewIsThirtySeconds) {
  const std::string token = signer_->sign(claims());
  const auto at = [](std::int64_t seconds) { return Timestamp{seconds * 1'000'000}; };
  EXPECT_TRUE(check(token, at(1'800'000'089)).ok());
  EXPECT_EQ(refusal(token, at(1'800'000'090)), "Token is expired");
  const std::string later = signer_->sign(with("nbf", std::int64_t{1'800'000'031}));
  EXPECT_EQ(refusal(later), "Token is not valid yet");
  EXPECT_TRUE(check(later, at(1'800'000'001)).ok());
}

TEST_F(Jwt, RefusesWrongClaims) {
  EXPECT_EQ(refusal(signer_->sign(with("iss", "https://evil/"))), "Token has a wrong issuer");
  EXPECT_EQ(refusal(signer_->sign(with("aud", "https://other/api"))), "Token has a wrong audience");
  EXPECT_EQ(refusal(signer_->sign(with("aud", Json::array({1})))), "Token has a wrong audience");
  EXPECT_EQ(refusal(signer_->sign(with("aud", nullptr))), "Token has a wrong audience");
  EXPECT_EQ(refusal(signer_->sign(with("exp", "never"))), "Token is malformed");
  EXPECT_EQ(refusal(signer_->sign(with("exp", 1e300))), "Token is malformed");
  EXPECT_EQ(refusal(signer_->sign(with("nbf", "x"))), "Token is malformed");
  Json endless = claims();
  std::erase_if(endless.members(),
                [](const Json::Member& member) { return member.first == "exp"; });
  EXPECT_EQ(refusal(signer_->sign(endless)), "Token has no expiry");
}

TEST_F(Jwt, RefusesOtherAlgorithms) {
  for (const auto* name : {"none", "None", "", "RS512", "PS256", "ES256"}) {
    const Json header = Json::object({{"alg", name}, {"typ", "JWT"}});
    EXPECT_EQ(refusal(token_of(header, claims(), "")), "Token has a wrong algorithm") << name;
  }
  const Json critical = Json::object({{"alg", "RS256"}, {"crit", Json::array({"x"})}});
  EXPECT_EQ(refusal(token_of(critical, claims(), "")), "Token has a wrong algorithm");
}

TEST_F(Jwt, RefusesHmacWithThePublicKey) {
  const Json header = Json::object({{"alg", "HS256"}, {"typ", "JWT"}});
  const std::string message = to_base64url(to_text(header)) + "." + to_base64url(to_text(claims()));
  const std::string pem = signer_->public_pem();
  unsigned char mac[32];
  unsigned int size = 0;
  ASSERT_NE(
      HMAC(EVP_sha256(), pem.data(), static_cast<int>(pem.size()),
           reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac, &size),
      nullptr);
  const std::string token =
      message + "." + to_base64url({reinterpret_cast<const char*>(mac), sizeof(mac)});
  EXPECT_EQ(refusal(token), "Token has a wrong algorithm");
}

TEST_F(Jwt, RefusesChangedTokens) {
  const std::string token = signer_->sign(claims());
  const auto parts = split(token, '.');
  const std::string other_claims = to_base64url(to_text(with("sub", "admin")));
  EXPECT_EQ(refusal(std::string(parts[0]) + "." + other_claims + "." + std::string(parts[2])),
            "Token is invalid");
  EXPECT_EQ(refusal(std::string(parts[0]) + "." + std::string(parts[1]) + "."), "Token is invalid");
  const auto other = JwtSigner::generate();
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(refusal(other->sign(claims())), "Token is invalid");
  for (const std::string& odd :
       {std::string(), std::string("a.b"), std::string("a.b.c.d"), std::string(".."), token + "=",
        token + "\n", " " + token, std::string(20'000, 'a'), token.substr(0, token.size() - 1)})
    EXPECT_NE(refusal(odd), "accepted") << odd.substr(0, 50);
}

TEST_F(Jwt, KeysAreStoredPrivately) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "jwt.pem";
  ASSERT_TRUE(signer_->save_new(path).ok());
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(read_file(path)->rfind("-----BEGIN PRIVATE KEY-----", 0), 0U);
  const auto loaded = JwtSigner::load(path);
  ASSERT_TRUE(loaded.ok()) << loaded.error().text();
  EXPECT_TRUE(check(loaded->sign(claims())).ok());
  EXPECT_EQ(signer_->save_new(path).error().kind, ErrorKind::kConflict);
  ASSERT_EQ(::chmod(path.c_str(), 0604), 0);
  EXPECT_EQ(JwtSigner::load(path).error().kind, ErrorKind::kRefused);
}

TEST_F(Jwt, RefusesKeysThatAreNotRsa) {
  EXPECT_FALSE(JwtVerifier::from_pem("").ok());
  EXPECT_FALSE(
      JwtVerifier::from_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").ok());
  // Ed25519 key of RFC 8410 section 10.1.
  EXPECT_FALSE(
      JwtVerifier::from_pem("-----BEGIN PUBLIC KEY-----\n"
                            "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
                            "-----END PUBLIC KEY-----\n")
          .ok());
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "bad.pem";
  ASSERT_TRUE(write_file_atomically(path, "nonsense").ok());
  EXPECT_EQ(JwtSigner::load(path).error().kind, ErrorKind::kCorrupt);
}

TEST_F(Jwt, ReadsAKeyFromAJsonWebKey) {
  const Json key = signer_->public_jwk("first");
  EXPECT_EQ(key.get_string("kid"), "first");
  const auto verifier = JwtVerifier::from_jwk(key);
  ASSERT_TRUE(verifier.ok()) << verifier.error().text();
  const JwtExpectation expectation{"https://hub/", "https://hub/api", Seconds(30)};
  EXPECT_TRUE(verifier->verify(signer_->sign(claims()), expectation, kNow).ok());
}

TEST_F(Jwt, RefusesJsonWebKeysForOtherUses) {
  const auto changed = [](std::string_view name, Json value) {
    Json key = signer_->public_jwk();
    key.set(name, std::move(value));
    return key;
  };
  for (const Json& key :
       {changed("kty", "EC"), changed("kty", "oct"), changed("use", "enc"), changed("alg", "RS512"),
        changed("alg", "HS256"), changed("n", ""), changed("n", 5), changed("e", "AQ"),
        changed("e", "Ag"), changed("n", "AQAB"), Json::object(), Json()}) {
    const auto verifier = JwtVerifier::from_jwk(key);
    ASSERT_FALSE(verifier.ok()) << to_text(key);
    EXPECT_EQ(verifier.error().kind, ErrorKind::kInvalid);
  }
}

TEST_F(Jwt, TellsWhatATokenClaimsAboutItsOrigin) {
  const Json header = Json::object({{"alg", "RS256"}, {"kid", "k1"}});
  const auto origin = claimed_origin(token_of(header, claims(), "no signature"));
  ASSERT_TRUE(origin.ok()) << origin.error().text();
  EXPECT_EQ(origin->issuer, "https://hub/");
  EXPECT_EQ(origin->key_id, "k1");
  for (const char* text : {"", "a.b", "a.b.c", "e30.e30", "e30.W10.x"}) {
    EXPECT_FALSE(claimed_origin(text).ok()) << text;
  }
  EXPECT_FALSE(claimed_origin(std::string(20000, 'a')).ok());
}

}  // namespace
}  // namespace medperf::crypto
