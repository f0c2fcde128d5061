// Sign-in beyond the password: second factor, sessions, tokens for programs, device codes.

#include <thread>

#include "crypto/secret_box.h"
#include "crypto/totp.h"
#include "hub/api/cookies.h"
#include "hub/tests/test_hub.h"

namespace medperf::hub {
namespace {

class SignInTest : public HubTest {
 protected:
  void SetUp() override {
    HubTest::SetUp();
    if (IsSkipped()) return;
    Settings settings;
    settings.secrets = &box_;
    make_hub(settings);
    auto added = add_user(*database_, {"reader", "reader@example.com", false, kPassword}, clock_);
    ASSERT_TRUE(added.ok()) << added.error().text();
    users_["reader"] = *added;
  }

  Json credentials(const std::string& code = {}) const {
    Json body = Json::object({{"username", "reader"}, {"password", kPassword}});
    if (!code.empty()) body.set("code", code);
    return body;
  }
  Reply login(const std::string& code = {}) const {
    return send("", "POST", "auth/login", credentials(code));
  }
  Reply with_bearer(const std::string& token, const std::string& method, const std::string& path,
                    const Json& body = nullptr) const {
    return send("", method, path, body, {{"authorization", "Bearer " + token}});
  }
  std::string code_now(const std::string& secret) const {
    return crypto::totp_code(secret, crypto::totp_step(clock_.now()));
  }
  /// The bytes of a secret in base32.
  static std::string from_base32(const std::string& text) {
    std::string bytes;
    unsigned bits = 0;
    int count = 0;
    for (const char c : text) {
      bits = bits << 5 | static_cast<unsigned>(c >= 'A' ? c - 'A' : c - '2' + 26);
      count += 5;
      if (count < 8) continue;
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xff);
    }
    return bytes;
  }
  /// Enrols a second factor of "reader"; keeps its secret and the recovery codes.
  void enrol() {
    const Json started = expect(200, "reader", "POST", "me/second_factor/", Json::object());
    secret_ = from_base32(started.get_string("secret"));
    ASSERT_EQ(secret_.size(), crypto::kTotpSecretBytes);
    const Json confirmed = expect(200, "reader", "POST", "me/second_factor/confirm/",
                                  Json::object({{"code", code_now(secret_)}}));
    for (const auto& code : confirmed.find("recovery_codes")->items()) {
      recovery_.push_back(code.as_string());
    }
    clock_.advance(60);
  }

  // A browser: its cookie and what its pages send.
  struct Browser {
    std::string cookie;
    std::string csrf;
  };
  Browser open_browser() const {
    const Reply reply =
        send("", "POST", "auth/session/", credentials(), {{"user-agent", "Mozilla/5.0 (test)"}});
    EXPECT_EQ(reply.status, 200) << reply.response.body;
    const std::string& header = reply.response.headers.at("set-cookie");
    return {header.substr(0, header.find(';')), reply.body.get_string("csrf_token")};
  }
  Reply browse(const Browser& browser, const std::string& method, const std::string& path,
               const Json& body = nullptr, net::Headers headers = {}) const {
    headers.emplace("cookie", browser.cookie);
    return send("", method, path, body, headers);
  }
  net::Headers own_page(const Browser& browser) const {
    return {{"origin", "https://" + kHost}, {std::string(kCsrfHeader), browser.csrf}};
  }

  static inline const std::string kPassword = "correct horse battery";
  const crypto::SecretBox box_ = crypto::SecretBox::generate();
  std::string secret_;
  std::vector<std::string> recovery_;
};

TEST_P(SignInTest, ASecondFactorIsAskedForOnceItIsConfirmed) {
  const Json started = expect(200, "reader", "POST", "me/second_factor/", Json::object());
  EXPECT_TRUE(started.get_string("uri").starts_with("otpauth://totp/MedPerf:reader?secret="));
  EXPECT_EQ(login().status, 200) << "not confirmed yet";
  enrol();
  EXPECT_EQ(recovery_.size(), 10u);
  const Reply without = login();
  EXPECT_EQ(without.status, 401);
  EXPECT_EQ(without.body.get_string("code"), "second_factor_required");
  const std::string code = code_now(secret_);
  EXPECT_EQ(login(code).status, 200);
  EXPECT_EQ(login(code).status, 401) << "a step is good once";
  EXPECT_EQ(login("000000").status, 401);
  expect(409, "reader", "POST", "me/second_factor/", Json::object());
}

TEST_P(SignInTest, AWrongPasswordDoesNotTellOfASecondFactor) {
  enrol();
  const Reply wrong =
      send("", "POST", "auth/login",
           Json::object({{"username", "reader"}, {"password", "wrong"}, {"code", "123456"}}));
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.body.get_string("detail"), "The user name or the password is wrong.");
}

TEST_P(SignInTest, ARecoveryCodeIsGoodOnceHoweverItIsTyped) {
  enrol();
  std::string typed = recovery_.front();
  for (char& c : typed) c = c == '-' ? ' ' : static_cast<char>(std::tolower(c));
  EXPECT_EQ(login(typed).status, 200);
  EXPECT_EQ(login(recovery_.front()).status, 401);
  EXPECT_EQ(expect(200, "reader", "GET", "me/second_factor/").get_int("recovery_codes_left"), 9);
}

TEST_P(SignInTest, CodesCannotBeGuessed) {
  enrol();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(login("000000").status, 401);
  const Reply locked = login(code_now(secret_));
  EXPECT_EQ(locked.status, 401);
  EXPECT_TRUE(locked.body.get_string("detail").starts_with("Too many failed attempts"));
  const Json wrong = Json::object({{"code", "000000"}});
  for (int i = 0; i < 10; ++i) expect(400, "reader", "POST", "me/second_factor/remove/", wrong);
  const Json body = expect(400, "reader", "POST", "me/second_factor/remove/",
                           Json::object({{"code", code_now(secret_)}}));
  EXPECT_NE(to_text(body).find("Too many wrong codes"), std::string::npos);
  expect(204, "admin", "POST", path_of("users", users_.at("reader")) + "unlock/", Json::object());
  expect(204, "reader", "POST", "me/second_factor/remove/",
         Json::object({{"code", code_now(secret_)}}));
  EXPECT_EQ(login().status, 200);
}

TEST_P(SignInTest, SecretsAreSealedInTheDatabase) {
  enrol();
  auto rows = ask(*database_, "SELECT secret FROM second_factors");
  ASSERT_TRUE(rows.ok());
  const std::string sealed = rows->front().text(0);
  EXPECT_EQ(sealed.find(secret_), std::string::npos);
  auto codes = ask(*database_, "SELECT code_hash FROM recovery_codes");
  ASSERT_TRUE(codes.ok());
  for (const auto& row : *codes) EXPECT_EQ(row.text(0).size(), 64u);
  const crypto::SecretBox other = crypto::SecretBox::generate();
  Settings settings;
  settings.secrets = &other;
  make_hub(settings);
  EXPECT_EQ(login(code_now(secret_)).status, 503) << "another key does not open it";
}

TEST_P(SignInTest, ALostSecondFactorIsRemovedByAnAdmin) {
  enrol();
  const std::string path = path_of("users", users_.at("reader")) + "second_factor/";
  expect(403, "reader", "DELETE", path);
  expect(204, "admin", "DELETE", path);
  EXPECT_EQ(login().status, 200);
}

TEST_P(SignInTest, ACookieSignsABrowserIn) {
  const Reply reply = send("", "POST", "auth/session/", credentials());
  ASSERT_EQ(reply.status, 200) << reply.response.body;
  const std::string& cookie = reply.response.headers.at("set-cookie");
  EXPECT_TRUE(cookie.starts_with("__Host-medperf-session="));
  for (const char* attribute : {"; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"}) {
    EXPECT_NE(cookie.find(attribute), std::string::npos) << attribute;
  }
  EXPECT_EQ(cookie.find("Domain"), std::string::npos);
  const Browser browser = open_browser();
  EXPECT_EQ(browse(browser, "GET", "me/").body.get_string("username"), "reader");
  EXPECT_EQ(browse(browser, "GET", "auth/session/").body.get_string("csrf_token"), browser.csrf);
  auto rows = ask(*database_, "SELECT secret_hash FROM sessions");
  for (const auto& row : *rows) {
    EXPECT_EQ(browser.cookie.find(row.text(0)), std::string::npos) << "only hashes are stored";
  }
}

TEST_P(SignInTest, AWriteByCookieNeedsTokenAndOrigin) {
  const Browser browser = open_browser();
  const auto create = [&](const std::string& name, const net::Headers& headers) {
    return browse(browser, "POST", "mlcubes/", container_body(name), headers).status;
  };
  const std::string own = "https://" + kHost;
  const std::string csrf(kCsrfHeader);
  EXPECT_EQ(create("a", {}), 403);
  EXPECT_EQ(create("a", {{"origin", own}}), 403);
  EXPECT_EQ(create("a", {{csrf, browser.csrf}}), 403);
  EXPECT_EQ(create("a", {{csrf, browser.csrf}, {"origin", "https://evil.test"}}), 403);
  EXPECT_EQ(create("a", {{csrf, browser.csrf}, {"origin", own + ".evil.test"}}), 403);
  EXPECT_EQ(create("a", {{csrf, browser.csrf}, {"origin", "http://" + kHost}}), 403);
  EXPECT_EQ(create("a", {{csrf, browser.csrf}, {"origin", "null"}}), 403);
  EXPECT_EQ(create("a", {{csrf, browser.csrf.substr(1) + "0"}, {"origin", own}}), 403);
  EXPECT_EQ(create("a", {{csrf, open_browser().csrf}, {"origin", own}}), 403);
  EXPECT_EQ(rows("mlcubes"), 1);
  EXPECT_EQ(create("a", own_page(browser)), 201);
  EXPECT_EQ(create("b", {{csrf, browser.csrf}, {"origin", "HTTPS://HUB.TEST:443"}}), 201);
}

TEST_P(SignInTest, AnotherPageCannotSignIn) {
  EXPECT_EQ(
      send("", "POST", "auth/session/", credentials(), {{"origin", "https://evil.test"}}).status,
      403);
}

TEST_P(SignInTest, ASessionEndsWhenIdleWhenOldAndWhenClosed) {
  const Browser idle = open_browser();
  clock_.advance(3600 + 1);
  const Reply ended = browse(idle, "GET", "me/");
  EXPECT_EQ(ended.status, 401);
  EXPECT_NE(ended.response.headers.at("set-cookie").find("Max-Age=0"), std::string::npos);
  const Browser busy = open_browser();
  int hours = 0;
  while (hours < 100 && browse(busy, "GET", "me/").status == 200) {
    clock_.advance(1800);
    ++hours;
  }
  EXPECT_EQ(hours, 24) << "half hours until the end of twelve hours";
  const Browser closed = open_browser();
  EXPECT_EQ(browse(closed, "DELETE", "auth/session/").status, 403);
  EXPECT_EQ(browse(closed, "DELETE", "auth/session/", nullptr, own_page(closed)).status, 204);
  EXPECT_EQ(browse(closed, "GET", "me/").status, 401);
  EXPECT_EQ(browse({"__Host-medperf-session=nonsense", ""}, "GET", "me/").status, 401);
}

TEST_P(SignInTest, OnesOwnSessionsAreListedAndEndedOneByOne) {
  const Browser first = open_browser();
  clock_.advance(1800);
  const Browser second = open_browser();
  clock_.advance(60);
  const auto listed = [&](const Browser& browser) {
    const Reply reply = browse(browser, "GET", "me/sessions/");
    EXPECT_EQ(reply.status, 200) << reply.response.body;
    return reply.body;
  };
  const Json both = listed(first);
  ASSERT_EQ(both.items().size(), 2u);
  EXPECT_FALSE(both.items()[0].get_bool("current"));
  EXPECT_TRUE(both.items()[1].get_bool("current"));
  EXPECT_EQ(both.items()[0].get_string("client"), "Mozilla/5.0 (test)");
  for (const char* name : {"created_at", "last_seen_at", "expires_at", "peer"}) {
    EXPECT_TRUE(both.items()[0].contains(name)) << name;
  }
  EXPECT_EQ(expect(200, "reader", "GET", "me/sessions/").items().size(), 2u);
  EXPECT_EQ(expect(200, "group", "GET", "me/sessions/").items().size(), 0u);
  const std::string path = path_of("me/sessions", both.items()[0].get_int("id"));
  expect(404, "group", "DELETE", path);
  expect(404, "admin", "DELETE", path);
  EXPECT_EQ(browse(first, "DELETE", path).status, 403);
  EXPECT_EQ(browse(first, "DELETE", path, nullptr, own_page(first)).status, 204);
  EXPECT_EQ(browse(second, "GET", "me/").status, 401);
  EXPECT_EQ(browse(first, "DELETE", path, nullptr, own_page(first)).status, 404);
  EXPECT_EQ(listed(first).items().size(), 1u);
  clock_.advance(3500);
  const Browser third = open_browser();
  EXPECT_EQ(listed(third).items().size(), 2u);
  clock_.advance(200);
  EXPECT_EQ(listed(third).items().size(), 1u) << "the first has been idle for an hour";
}

TEST_P(SignInTest, AllOtherSessionsEndAtOnce) {
  const Browser first = open_browser();
  const Browser second = open_browser();
  const Browser third = open_browser();
  EXPECT_EQ(browse(second, "DELETE", "me/sessions/").status, 403);
  EXPECT_EQ(browse(second, "DELETE", "me/sessions/", nullptr, own_page(second)).status, 204);
  EXPECT_EQ(browse(first, "GET", "me/").status, 401);
  EXPECT_EQ(browse(third, "GET", "me/").status, 401);
  EXPECT_EQ(browse(second, "GET", "me/sessions/").body.items().size(), 1u);
  // Another user's ends nothing of this one's, the command line's ends all.
  expect(204, "group", "DELETE", "me/sessions/");
  EXPECT_EQ(browse(second, "GET", "me/").status, 200);
  expect(204, "reader", "DELETE", "me/sessions/");
  EXPECT_EQ(browse(second, "GET", "me/").status, 401);
}

TEST_P(SignInTest, SigningOutEverywhereEndsTokensAndSessions) {
  const Browser browser = open_browser();
  const std::string before = login().body.get_string("access");
  const std::string program =
      expect(201, "reader", "POST", "me/access_tokens/", Json::object({{"name", "p"}}))
          .get_string("token");
  EXPECT_EQ(with_bearer(before, "POST", "auth/sign_out_everywhere/", Json::object()).status, 204);
  const Reply refused = with_bearer(before, "GET", "me/");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.body.get_string("code"), "token_not_valid");
  EXPECT_EQ(browse(browser, "GET", "me/").status, 401);
  EXPECT_EQ(with_bearer(program, "GET", "me/").status, 200);
  const std::string after = login().body.get_string("access");
  EXPECT_EQ(with_bearer(after, "POST", "auth/sign_out_everywhere/",
                        Json::object({{"access_tokens", true}}))
                .status,
            204);
  EXPECT_EQ(with_bearer(program, "GET", "me/").status, 401);
}

TEST_P(SignInTest, ADisabledUserIsOutWhateverTheCredential) {
  const Browser browser = open_browser();
  const std::string token = login().body.get_string("access");
  const std::string program =
      expect(201, "reader", "POST", "me/access_tokens/", Json::object({{"name", "p"}}))
          .get_string("token");
  const std::string path = path_of("users", users_.at("reader"));
  expect(200, "admin", "PUT", path + "active/", Json::object({{"active", false}}));
  EXPECT_EQ(with_bearer(token, "GET", "me/").status, 401);
  EXPECT_EQ(with_bearer(program, "GET", "me/").body.get_string("code"), "user_inactive");
  EXPECT_EQ(browse(browser, "GET", "me/").status, 401);
  EXPECT_EQ(login().status, 401);
  expect(200, "admin", "PUT", path + "active/", Json::object({{"active", true}}));
  EXPECT_EQ(with_bearer(program, "GET", "me/").status, 200);
  EXPECT_EQ(with_bearer(token, "GET", "me/").status, 401) << "signed out for good";
  expect(400, "admin", "PUT", path_of("users", users_.at("admin")) + "active/",
         Json::object({{"active", false}}));
}

TEST_P(SignInTest, ATokenForAProgramDoesWhatItsScopeSays) {
  const auto make = [&](const std::string& user, const std::string& scope) {
    return expect(201, user, "POST", "me/access_tokens/",
                  Json::object({{"name", "program"}, {"scope", scope}}))
        .get_string("token");
  };
  const std::string reading = make("group", "read");
  const std::string writing = make("group", "write");
  EXPECT_TRUE(reading.starts_with("mpat_"));
  EXPECT_EQ(with_bearer(reading, "GET", "me/").body.get_string("username"), "group");
  const Reply refused = with_bearer(reading, "POST", "mlcubes/", container_body("x"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.body.get_string("detail"),
            "The scope of this access token does not allow this.");
  EXPECT_EQ(with_bearer(writing, "POST", "mlcubes/", container_body("x")).status, 201);
  EXPECT_EQ(with_bearer(writing, "GET", "users/").status, 403);
  expect(400, "group", "POST", "me/access_tokens/",
         Json::object({{"name", "program"}, {"scope", "admin"}}));
  EXPECT_EQ(with_bearer(make("admin", "write"), "GET", "users/").status, 403);
  EXPECT_EQ(with_bearer(make("admin", "admin"), "GET", "users/").status, 200);
  for (const char* path : {"me/access_tokens/", "auth/sign_out_everywhere/", "me/second_factor/",
                           "auth/device/approval/"}) {
    EXPECT_EQ(with_bearer(writing, "POST", path, Json::object()).status, 403) << path;
  }
}

TEST_P(SignInTest, AnAdminsTokenWithoutTheAdminScopeActsAsAnyUsers) {
  const auto id = container("group", "of another");
  const std::string token = expect(201, "admin", "POST", "me/access_tokens/",
                                   Json::object({{"name", "program"}, {"scope", "write"}}))
                                .get_string("token");
  EXPECT_EQ(with_bearer(token, "PUT", path_of("mlcubes", id), Json::object()).status, 403);
}

TEST_P(SignInTest, ATokenForAProgramIsShownOnceAndEnds) {
  const Json made =
      expect(201, "group", "POST", "me/access_tokens/",
             Json::object({{"name", "program"}, {"expires_at", "2026-01-02T00:00:00Z"}}));
  const std::string token = made.get_string("token");
  const Json list = expect(200, "group", "GET", "me/access_tokens/");
  EXPECT_EQ(to_text(list).find(token), std::string::npos);
  EXPECT_EQ(expect(200, "vendor", "GET", "me/access_tokens/").get_int("count"), 0);
  EXPECT_EQ(with_bearer(token, "GET", "me/").status, 200);
  EXPECT_FALSE(expect(200, "group", "GET", "me/access_tokens/")
                   .find("results")
                   ->items()
                   .front()
                   .find("last_used_at")
                   ->is_null());
  clock_.advance(24 * 3600);
  EXPECT_EQ(with_bearer(token, "GET", "me/").status, 401);
  const Json other =
      expect(201, "group", "POST", "me/access_tokens/", Json::object({{"name", "program"}}));
  expect(403, "vendor", "DELETE", path_of("me/access_tokens", other.get_int("id")));
  expect(204, "group", "DELETE", path_of("me/access_tokens", other.get_int("id")));
  EXPECT_EQ(with_bearer(other.get_string("token"), "GET", "me/").status, 401);
  for (const char* end : {"2020-01-01T00:00:00Z", "2036-01-01T00:00:00Z", "tomorrow"}) {
    expect(400, "group", "POST", "me/access_tokens/",
           Json::object({{"name", "program"}, {"expires_at", end}}));
  }
}

TEST_P(SignInTest, ASecretIsNotKeptForRepeats) {
  const Json body = Json::object({{"name", "program"}});
  const net::Headers key = {{"idempotency-key", "k1"}};
  const Reply first = send("group", "POST", "me/access_tokens/", body, key);
  const Reply second = send("group", "POST", "me/access_tokens/", body, key);
  EXPECT_NE(first.body.get_string("token"), second.body.get_string("token"));
  EXPECT_EQ(first.response.headers.at("cache-control"), "no-store");
  EXPECT_EQ(rows("idempotency_keys"), 0);
}

TEST_P(SignInTest, ADeviceIsSignedInFromAnother) {
  const Json started =
      expect(200, "", "POST", "auth/device/code/", Json::object({{"client", "medperf on node-7"}}));
  EXPECT_EQ(started.get_string("verification_uri"), "https://" + kHost + "/device");
  const Json device = Json::object({{"device_code", started.get_string("device_code")}});
  const auto poll = [&](int status) {
    return expect(status, "", "POST", "auth/device/token/", device);
  };
  EXPECT_EQ(poll(400).get_string("error"), "authorization_pending");
  EXPECT_EQ(poll(400).get_string("error"), "slow_down");
  clock_.advance(7);
  EXPECT_EQ(poll(400).get_string("error"), "slow_down") << "the interval is 10 seconds now";
  const auto decide = [&](int status, const std::string& word) {
    return expect(
        status, "group", "POST", "auth/device/approval/",
        Json::object({{"user_code", started.get_string("user_code")}, {"decision", word}}));
  };
  EXPECT_EQ(decide(200, "show").get_string("client"), "medperf on node-7");
  decide(400, "perhaps");
  decide(200, "approve");
  decide(400, "deny");
  clock_.advance(16);
  const std::string token = poll(200).get_string("access");
  EXPECT_EQ(with_bearer(token, "GET", "me/").body.get_string("username"), "group");
  EXPECT_EQ(poll(400).get_string("error"), "expired_token") << "single use";
}

TEST_P(SignInTest, ADeviceCodeEndsByTimeAndByDenial) {
  const auto start = [&] { return expect(200, "", "POST", "auth/device/code/", Json::object()); };
  const auto poll = [&](const Json& started) {
    return expect(400, "", "POST", "auth/device/token/",
                  Json::object({{"device_code", started.get_string("device_code")}}))
        .get_string("error");
  };
  const auto decision = [](const Json& started, const char* word) {
    return Json::object({{"user_code", started.get_string("user_code")}, {"decision", word}});
  };
  const Json denied = start();
  expect(200, "group", "POST", "auth/device/approval/", decision(denied, "deny"));
  EXPECT_EQ(poll(denied), "access_denied");
  const Json late = start();
  clock_.advance(601);
  expect(400, "group", "POST", "auth/device/approval/", decision(late, "approve"));
  EXPECT_EQ(poll(late), "expired_token");
  const Json wrong = Json::object({{"user_code", "BBBB-BBBB"}, {"decision", "approve"}});
  for (int i = 0; i < 10; ++i) expect(400, "vendor", "POST", "auth/device/approval/", wrong);
  expect(400, "vendor", "POST", "auth/device/approval/", decision(start(), "approve"));
  EXPECT_EQ(poll(Json::object({{"device_code", "unknown"}})), "expired_token");
}

TEST_P(SignInTest, ACodeOfOnesOwnDoesNotForgetWrongOnes) {
  const auto start = [&] { return expect(200, "", "POST", "auth/device/code/", Json::object()); };
  const auto show = [&](int status, const std::string& code) {
    return to_text(expect(status, "vendor", "POST", "auth/device/approval/",
                          Json::object({{"user_code", code}, {"decision", "show"}})));
  };
  const std::string own = start().get_string("user_code");
  for (int i = 0; i < 10; ++i) {
    if (i < 9) show(200, own);
    show(400, "BBBB-BBBB");
  }
  EXPECT_NE(show(400, own).find("Too many wrong codes"), std::string::npos);
}

TEST_P(SignInTest, AnApprovedCodeGivesOneToken) {
  const Json started = expect(200, "", "POST", "auth/device/code/", Json::object());
  expect(200, "group", "POST", "auth/device/approval/",
         Json::object({{"user_code", started.get_string("user_code")}, {"decision", "approve"}}));
  std::atomic<int> tokens{0};
  std::vector<std::thread> devices;
  for (int i = 0; i < 4; ++i) {
    devices.emplace_back([&] {
      const Reply reply = send("", "POST", "auth/device/token/",
                               Json::object({{"device_code", started.get_string("device_code")}}));
      if (reply.status == 200) ++tokens;
    });
  }
  for (auto& device : devices) device.join();
  EXPECT_EQ(tokens, 1);
}

INSTANTIATE_TEST_SUITE_P(Engines, SignInTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

}  // namespace
}  // namespace medperf::hub
