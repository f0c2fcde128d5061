// Tokens of outside issuers: whose keys check them, whose accounts they are.

#include "hub/accounts/issuers.h"

#include "base/tests/temporary_folder.h"
#include "base/yaml.h"
#include "hub/accounts/key_refresher.h"
#include "hub/tests/test_hub.h"

namespace medperf::hub {
namespace {

/// Two keys for all tests: making them takes long.
const crypto::JwtSigner& signer(int number) {
  static const crypto::JwtSigner first = crypto::JwtSigner::generate().value();
  static const crypto::JwtSigner second = crypto::JwtSigner::generate().value();
  return number == 1 ? first : second;
}

std::string key_set(std::initializer_list<std::pair<int, const char*>> keys) {
  Json list = Json::array();
  for (const auto& [number, id] : keys) list.push(signer(number).public_jwk(id));
  list.push(Json::object({{"kty", "EC"}, {"kid", "other"}}));
  return to_text(Json::object({{"keys", std::move(list)}}));
}

IssuerSettings settings_of(const std::string& name) {
  IssuerSettings settings;
  settings.name = name;
  settings.issuer = "https://" + name + ".test/";
  settings.audience = "https://hub.test/api";
  settings.keys.jwks_url = "https://" + name + ".test/keys";
  return settings;
}

std::shared_ptr<Issuer> issuer_with(IssuerSettings settings, const std::string& keys) {
  auto issuer = std::make_shared<Issuer>(std::move(settings));
  auto read = read_jwks(keys);
  EXPECT_TRUE(read.ok()) << read.error().text();
  if (read.ok()) issuer->set_keys(std::move(*read));
  return issuer;
}

class IssuersTest : public HubTest {
 protected:
  Json claims(const std::string& name, const std::string& subject) const {
    const std::int64_t now = clock_.now().microseconds / 1'000'000;
    return Json::object({{"iss", "https://" + name + ".test/"},
                         {"aud", "https://hub.test/api"},
                         {"sub", subject},
                         {std::string(kEmailClaim), subject + "@example.com"},
                         {"iat", now},
                         {"exp", now + 600}});
  }
  /// A hub that trusts these issuers beside its own key.
  void trust(Issuers issuers) {
    auto made =
        TokenAuthority::make(crypto::JwtSigner::generate().value(),
                             {"https://hub.test/", "https://hub.test/"}, std::move(issuers));
    ASSERT_TRUE(made.ok()) << made.error().text();
    tokens_ = std::make_unique<TokenAuthority>(std::move(*made));
    hub_ = std::make_unique<Hub>(HubParts{*database_, clock_, *tokens_, {}, false, &draining_});
  }
  Reply me(int number, const Json& claims) const {
    return send("", "GET", "me/", nullptr,
                {{"authorization", "Bearer " + signer(number).sign(claims)}});
  }
  std::unique_ptr<TokenAuthority> tokens_;
};

TEST_P(IssuersTest, EachIssuerChecksWithItsOwnKeys) {
  trust({issuer_with(settings_of("one"), key_set({{1, "a"}})),
         issuer_with(settings_of("two"), key_set({{2, "a"}}))});
  const Reply first = me(1, claims("one", "anna"));
  EXPECT_EQ(first.status, 200) << first.response.body;
  EXPECT_EQ(first.body.get_string("email"), "anna@example.com");
  EXPECT_EQ(me(2, claims("two", "bert")).status, 200);
  EXPECT_EQ(me(2, claims("one", "anna")).status, 401) << "the other issuer's key";
  EXPECT_EQ(me(1, claims("three", "anna")).status, 401);
  EXPECT_EQ(me(1, claims("hub", "anna")).status, 401) << "the hub's own name";
  Json audience = claims("one", "anna");
  audience.set("aud", "https://other.test/");
  EXPECT_EQ(me(1, audience).status, 401);
}

TEST_P(IssuersTest, ANameBelongsToOneIssuer) {
  auto prefixed = settings_of("three");
  prefixed.username_prefix = "three:";
  trust({issuer_with(settings_of("one"), key_set({{1, "a"}})),
         issuer_with(settings_of("two"), key_set({{2, "a"}})),
         issuer_with(prefixed, key_set({{2, "a"}}))});
  EXPECT_EQ(me(1, claims("one", "anna")).status, 200);
  const Reply other = me(2, claims("two", "anna"));
  EXPECT_EQ(other.status, 401);
  EXPECT_NE(other.response.body.find("another issuer"), std::string::npos);
  EXPECT_EQ(me(2, claims("three", "anna")).body.get_string("username"), "three:anna");
  EXPECT_EQ(me(1, claims("one", "admin")).status, 401) << "an account made here";
  EXPECT_EQ(me(1, claims("one", "superuser")).status, 401);
  auto taken = database_->write([&](sql::Session& session) {
    return add_account(session, {"taken", "t@example.com", false, {}, std::nullopt}, clock_.now());
  });
  ASSERT_TRUE(taken.ok());
  EXPECT_EQ(me(2, claims("two", "taken")).status, 200) << "the first that names it";
  EXPECT_EQ(me(1, claims("one", "taken")).status, 401);
}

TEST_P(IssuersTest, ClaimNamesAreAsConfigured) {
  auto settings = settings_of("one");
  settings.subject_claim = "preferred_username";
  settings.email_claim = "email";
  trust({issuer_with(settings, key_set({{1, "a"}}))});
  Json body = claims("one", "0001");
  body.set("email", "anna@clinic.example");
  EXPECT_EQ(me(1, body).status, 401) << "no subject under that name";
  body.set("preferred_username", "anna");
  body.set("email_verified", false);
  EXPECT_EQ(me(1, body).status, 401) << "an address that is not verified counts as none";
  body.set("email_verified", true);
  const Reply reply = me(1, body);
  EXPECT_EQ(reply.body.get_string("username"), "anna");
  EXPECT_EQ(reply.body.get_string("email"), "anna@clinic.example");
}

TEST_P(IssuersTest, SigningOutEverywhereHoldsForOutsideTokens) {
  trust({issuer_with(settings_of("one"), key_set({{1, "a"}}))});
  const Json before = claims("one", "anna");
  EXPECT_EQ(me(1, before).status, 200);
  clock_.advance(5);
  const Reply out = send("", "POST", "auth/sign_out_everywhere/", Json::object(),
                         {{"authorization", "Bearer " + signer(1).sign(before)}});
  EXPECT_EQ(out.status, 204) << out.response.body;
  EXPECT_EQ(me(1, before).status, 401);
  clock_.advance(5);
  EXPECT_EQ(me(1, claims("one", "anna")).status, 200);
}

INSTANTIATE_TEST_SUITE_P(Engines, IssuersTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

class IssuerTest : public testing::Test {
 protected:
  static constexpr Timestamp kNow{1'800'000'000'000'000};
  static std::string token(int number) {
    return signer(number).sign(Json::object({{"iss", "https://one.test/"},
                                             {"aud", "https://hub.test/api"},
                                             {"sub", "anna"},
                                             {"exp", std::int64_t{1'800'000'060}}}));
  }
};

TEST_F(IssuerTest, TheKeyIdSelectsAmongItsKeysOnly) {
  const auto issuer = issuer_with(settings_of("one"), key_set({{1, "a"}, {2, "b"}}));
  EXPECT_TRUE(issuer->verify(token(1), "a", kNow).ok());
  EXPECT_TRUE(issuer->verify(token(2), "b", kNow).ok());
  EXPECT_FALSE(issuer->verify(token(1), "b", kNow).ok());
  EXPECT_TRUE(issuer->verify(token(2), "", kNow).ok()) << "every key is tried";
  EXPECT_FALSE(issuer->wants_keys());
  EXPECT_FALSE(issuer->verify(token(1), "../../keys", kNow).ok());
  EXPECT_TRUE(issuer->wants_keys());
}

TEST_F(IssuerTest, KeysAreFetchedAtTheStartEveryHourAndWhenOneIsUnknown) {
  auto issuer = std::make_shared<Issuer>(settings_of("one"));
  int fetched = 0;
  Result<std::string> answer = key_set({{1, "a"}});
  KeyRefresher refresher({issuer}, [&](const IssuerSettings& settings) {
    EXPECT_EQ(settings.keys.jwks_url, "https://one.test/keys");
    ++fetched;
    return answer;
  });
  refresher.look(Seconds(1000));
  EXPECT_EQ(fetched, 1);
  EXPECT_TRUE(issuer->verify(token(1), "a", kNow).ok());
  refresher.look(Seconds(1500));
  EXPECT_EQ(fetched, 1);
  EXPECT_FALSE(issuer->verify(token(2), "b", kNow).ok());
  answer = key_set({{2, "b"}});
  refresher.look(Seconds(1501));
  EXPECT_EQ(fetched, 2);
  EXPECT_TRUE(issuer->verify(token(2), "b", kNow).ok());
  EXPECT_FALSE(issuer->verify(token(1), "a", kNow).ok()) << "the old key is listed no more";
  refresher.look(Seconds(1530));
  EXPECT_EQ(fetched, 2) << "at most once a minute";
  answer = make_error(ErrorKind::kUnavailable, "https://one.test/keys", "no answer");
  refresher.look(Seconds(1562));
  EXPECT_EQ(fetched, 3);
  EXPECT_TRUE(issuer->verify(token(2), "b", kNow).ok()) << "the keys known stay";
  answer = std::string("{}");
  refresher.look(Seconds(6000));
  EXPECT_EQ(fetched, 4);
  EXPECT_TRUE(issuer->verify(token(2), "b", kNow).ok());
}

TEST_F(IssuerTest, KeysComeFromFilesToo) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomically(folder.path() / "key.pem", signer(1).public_pem()).ok());
  ASSERT_TRUE(write_file_atomically(folder.path() / "keys.json", key_set({{2, "b"}})).ok());
  const std::string text = R"(
medperf: medperf/issuers/v1
issuers:
  - name: one
    issuer: https://one.test/
    audience: https://hub.test/api
    key_file: key.pem
  - name: two
    issuer: https://two.test/
    audience: https://hub.test/api
    jwks_file: keys.json
    clock_skew: 5
)";
  auto read = read_issuers(text, folder.path());
  ASSERT_TRUE(read.ok()) << read.error().text();
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ(read->at(1).clock_skew, Seconds(5));
  auto first = make_issuer(read->at(0));
  ASSERT_TRUE(first.ok()) << first.error().text();
  EXPECT_TRUE((*first)->verify(token(1), "any", kNow).ok()) << "a PEM file has no key id";
  EXPECT_TRUE(make_issuer(read->at(1)).ok());
  read->at(1).keys.jwks_file = folder.path() / "absent.json";
  EXPECT_FALSE(make_issuer(read->at(1)).ok());
}

TEST(IssuersFile, TheExampleFitsTheSchemaAndIsRead) {
  const fs::path docs = fs::path(MEDPERF_SOURCE_DIR) / "docs" / "schemas";
  const std::string text = read_file(docs / "examples" / "issuers-v1.yaml").value();
  const auto schema =
      JsonSchema::compile(parse_json(read_file(docs / "issuers-v1.json").value()).value());
  ASSERT_TRUE(schema.ok()) << schema.error().text();
  EXPECT_TRUE(schema->violations(parse_yaml(text).value()).empty());
  const auto read = read_issuers(text, docs / "examples");
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->at(0).username_prefix, "university:");
  EXPECT_EQ(read->at(1).keys.pem_file, docs / "examples" / "clinic.pem");
}

TEST(IssuersFile, MistakesAreNamed) {
  const std::string head = "medperf: medperf/issuers/v1\nissuers:\n";
  const std::string good =
      "  - {name: one, issuer: 'https://one/', audience: a, jwks_url: 'https://one/k'}\n";
  EXPECT_TRUE(read_issuers(head + good, "/").ok());
  const std::pair<std::string, std::string> kCases[] = {
      {"issuers: []", "medperf"},
      {"medperf: medperf/issuers/v2\nissuers: []", "medperf"},
      {"medperf: medperf/issuers/v1", "issuers"},
      {head + good + "more: 1\n", "more"},
      {head + "  - 5\n", "issuers[0]"},
      {head + "  - {name: one, audience: a, key_file: k}\n", "issuers[0].issuer"},
      {head + "  - {issuer: i, audience: a, key_file: k}\n", "issuers[0].name"},
      {head + "  - {name: one, issuer: i, key_file: k}\n", "issuers[0].audience"},
      {head + "  - {name: one, issuer: i, audience: a}\n", "issuers[0]"},
      {head + "  - {name: one, issuer: i, audience: a, key_file: k, jwks_file: j}\n", "issuers[0]"},
      {head + "  - {name: one, issuer: i, audience: a, jwks_url: 'http://one/k'}\n",
       "issuers[0].jwks_url"},
      {head + "  - {name: one, issuer: i, audience: a, key_file: k, alg: HS256}\n",
       "issuers[0].alg"},
      {head + "  - {name: 5, issuer: i, audience: a, key_file: k}\n", "issuers[0].name"},
      {head + "  - {name: one, issuer: i, audience: a, key_file: k, clock_skew: 9999}\n",
       "issuers[0].clock_skew"},
      {head + good + good, "issuers[1].name"},
      {head + good + "  - {name: two, issuer: 'https://one/', audience: a, key_file: k}\n",
       "issuers[1].issuer"},
  };
  for (const auto& [text, where] : kCases) {
    const auto outcome = read_issuers(text, "/");
    ASSERT_FALSE(outcome.ok()) << text;
    EXPECT_EQ(outcome.error().kind, ErrorKind::kInvalid);
    EXPECT_EQ(outcome.error().where, "auth.issuers: " + where) << text;
  }
}

}  // namespace
}  // namespace medperf::hub
