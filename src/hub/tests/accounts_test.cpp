// Signing in: passwords, lock-out, tokens.

#include "hub/tests/test_hub.h"

namespace medperf::hub {
namespace {

class AccountsTest : public HubTest {
 protected:
  void SetUp() override {
    HubTest::SetUp();
    if (IsSkipped()) return;
    auto added = add_user(*database_, {"reader", "reader@example.com", false, kPassword}, clock_);
    ASSERT_TRUE(added.ok()) << added.error().text();
  }
  Reply login(const std::string& name, const std::string& password) const {
    return send("", "POST", "auth/login",
                Json::object({{"username", name}, {"password", password}}));
  }
  Reply me(const std::string& authorization) const {
    return send("", "GET", "me/", nullptr, {{"authorization", authorization}});
  }
  static inline const std::string kPassword = "correct horse battery";
};

TEST_P(AccountsTest, APasswordGivesATokenOfOneHour) {
  const Reply reply = login("reader", kPassword);
  ASSERT_EQ(reply.status, 200) << reply.response.body;
  EXPECT_EQ(reply.body.get_string("token_type"), "Bearer");
  const std::string token = "Bearer " + reply.body.get_string("access");
  EXPECT_EQ(me(token).body.get_string("username"), "reader");
  clock_.advance(3600 + 60);
  const Reply expired = me(token);
  EXPECT_EQ(expired.status, 401);
  EXPECT_EQ(expired.body.get_string("code"), "token_not_valid");
}

TEST_P(AccountsTest, TenFailuresLockTheNameForAWhile) {
  for (int i = 0; i < 10; ++i) {
    const Reply wrong = login("reader", "wrong");
    EXPECT_EQ(wrong.status, 401);
    EXPECT_EQ(wrong.body.get_string("detail"), "The user name or the password is wrong.");
  }
  EXPECT_EQ(login("reader", kPassword).status, 401);
  clock_.advance(15 * 60 + 1);
  EXPECT_EQ(login("reader", kPassword).status, 200);
  EXPECT_EQ(rows("login_attempts"), 0);
}

TEST_P(AccountsTest, AnUnknownNameGetsTheSameAnswer) {
  const Reply unknown = login("nobody", "wrong password");
  const Reply known = login("reader", "wrong password");
  EXPECT_EQ(unknown.status, 401);
  EXPECT_EQ(unknown.response.body, known.response.body);
  EXPECT_EQ(login("admin", "").status, 400);
  EXPECT_EQ(send("", "POST", "auth/login", Json::array()).status, 400);
}

TEST_P(AccountsTest, BadCredentialsAreToldApart) {
  EXPECT_EQ(me("").status, 401);
  EXPECT_EQ(me("Basic abc").body.get_string("detail"),
            "Authentication credentials were not provided.");
  EXPECT_EQ(me("Bearer a b").body.get_string("code"), "bad_authorization_header");
  EXPECT_EQ(me("Bearer a.b.c").body.get_string("code"), "token_not_valid");
  // A good signature for somebody who is not there.
  EXPECT_EQ(send("nobody", "GET", "me/").status, 401);
  auto changed = database_->write([&](sql::Session& session) {
    return session.execute("UPDATE users SET is_active = 0 WHERE username = 'vendor'");
  });
  ASSERT_TRUE(changed.ok());
  EXPECT_EQ(send("vendor", "GET", "me/").body.get_string("code"), "user_inactive");
}

TEST_P(AccountsTest, TheBodyMustBeJson) {
  net::Request request;
  request.method = "POST";
  request.path = "/api/v0/mlcubes/";
  request.headers = {
      {"content-type", "text/plain"},
      {"authorization",
       "Bearer " + test_tokens().issue("group", "", kNeverSignedOut, clock_.now()).text}};
  request.body = "{}";
  EXPECT_EQ(deliver(request).status, 415);
  request.headers["content-type"] = "application/json; charset=utf-8";
  request.body = "{\"name\": ";
  const Reply broken = deliver(request);
  EXPECT_EQ(broken.status, 400);
  EXPECT_TRUE(broken.body.get_string("detail").starts_with("JSON parse error - "));
}

TEST_P(AccountsTest, ReadinessEndsWithDraining) {
  expect(200, "", "GET", "/readyz");
  draining_ = true;
  expect(503, "", "GET", "/readyz");
  expect(200, "", "GET", "/healthz");
  EXPECT_EQ(expect(200, "", "GET", "/version").get_string("version"), "v0");
}

INSTANTIATE_TEST_SUITE_P(Engines, AccountsTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

}  // namespace
}  // namespace medperf::hub
