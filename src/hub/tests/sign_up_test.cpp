// Making accounts, passwords, limits on guessing.

#include <thread>

#include "hub/accounts/lockout.h"
#include "hub/accounts/passwords.h"
#include "hub/tests/test_hub.h"

namespace medperf::hub {
namespace {

class SignUpTest : public HubTest {
 protected:
  void allow(SignUp rule) {
    Settings settings;
    settings.sign_up = rule;
    make_hub(settings);
  }
  std::string invitation(const Json& body = Json::object()) const {
    return expect(201, "admin", "POST", "invitations/", body).get_string("invitation");
  }
  static Json newcomer(const std::string& name, const std::string& invitation = {}) {
    Json body = Json::object(
        {{"username", name}, {"email", name + "@example.com"}, {"password", kPassword}});
    if (!invitation.empty()) body.set("invitation", invitation);
    return body;
  }
  Reply login(const std::string& name, const std::string& password) const {
    return send("", "POST", "auth/login",
                Json::object({{"username", name}, {"password", password}}));
  }
  static inline const std::string kPassword = "a good long sentence";
};

TEST_P(SignUpTest, TheSettingDecidesWhoMayMakeAnAccount) {
  const std::string secret = invitation();
  expect(403, "", "POST", "auth/sign_up/", newcomer("anna", secret));
  allow(SignUp::kInvitation);
  expect(403, "", "POST", "auth/sign_up/", newcomer("anna"));
  expect(403, "", "POST", "auth/sign_up/", newcomer("anna", "mpin_wrong"));
  expect(201, "", "POST", "auth/sign_up/", newcomer("anna", secret));
  EXPECT_EQ(login("anna", kPassword).status, 200);
  allow(SignUp::kOpen);
  expect(201, "", "POST", "auth/sign_up/", newcomer("bert"));
  expect(403, "bert", "GET", "users/");
}

TEST_P(SignUpTest, AnInvitationIsGoodOnceForATimeAndForWhomItIs) {
  allow(SignUp::kInvitation);
  const std::string secret = invitation(Json::object({{"email", "anna@clinic.example"}}));
  expect(400, "", "POST", "auth/sign_up/", newcomer("group", secret));  // the name is taken
  const auto id = expect(201, "", "POST", "auth/sign_up/", newcomer("anna", secret)).get_int("id");
  EXPECT_EQ(expect(200, "admin", "GET", path_of("users", id)).get_string("email"),
            "anna@clinic.example");
  expect(403, "", "POST", "auth/sign_up/", newcomer("bert", secret));
  const std::string late = invitation();
  clock_.advance(7 * 24 * 3600 + 1);
  expect(403, "", "POST", "auth/sign_up/", newcomer("bert", late));
  const Json list = expect(200, "admin", "GET", "invitations/");
  EXPECT_EQ(list.get_int("count"), 2);
  EXPECT_EQ(to_text(list).find(late), std::string::npos);
  expect(400, "admin", "POST", "invitations/", Json::object({{"email", "nobody"}}));
}

TEST_P(SignUpTest, TwoCannotUseOneInvitation) {
  allow(SignUp::kInvitation);
  const std::string secret = invitation();
  std::atomic<int> made{0};
  std::vector<std::thread> people;
  for (const char* name : {"anna", "bert", "carl"}) {
    people.emplace_back([&, name] {
      if (send("", "POST", "auth/sign_up/", newcomer(name, secret)).status == 201) ++made;
    });
  }
  for (auto& person : people) person.join();
  EXPECT_EQ(made, 1);
}

TEST_P(SignUpTest, WhatIsWrongIsToldByField) {
  allow(SignUp::kOpen);
  const Json body =
      expect(400, "", "POST", "auth/sign_up/",
             Json::object({{"username", "a b"}, {"email", "nobody"}, {"password", "short"}}));
  for (const char* field : {"username", "email", "password"}) {
    EXPECT_TRUE(body.contains(field)) << field;
  }
  EXPECT_TRUE(expect(400, "", "POST", "auth/sign_up/", Json::object()).contains("password"));
  EXPECT_TRUE(expect(400, "", "POST", "auth/sign_up/", newcomer("group")).contains("username"));
}

TEST_P(SignUpTest, APasswordIsChangedByWhoeverKnowsTheOldOne) {
  allow(SignUp::kOpen);
  expect(201, "", "POST", "auth/sign_up/", newcomer("anna"));
  const std::string token = login("anna", kPassword).body.get_string("access");
  const auto change = [&](int status, const std::string& old, const std::string& fresh) {
    return expect(status, "", "POST", "auth/password/",
                  Json::object({{"username", "anna"}, {"password", old}, {"new_password", fresh}}));
  };
  change(401, "a wrong password", "another long sentence");
  change(400, kPassword, "short");
  change(400, kPassword, kPassword);
  change(400, kPassword, "it is me, anna, again");
  const std::string fresh = change(200, kPassword, "another long sentence").get_string("access");
  const auto me = [&](const std::string& bearer) {
    return send("", "GET", "me/", nullptr, {{"authorization", "Bearer " + bearer}}).status;
  };
  EXPECT_EQ(me(token), 401) << "signed out by the change";
  EXPECT_EQ(me(fresh), 200);
  EXPECT_EQ(login("anna", kPassword).status, 401);
  EXPECT_EQ(login("anna", "another long sentence").status, 200);
}

TEST_P(SignUpTest, AnAdminGivesACodeForANewPassword) {
  allow(SignUp::kOpen);
  const auto id = expect(201, "", "POST", "auth/sign_up/", newcomer("anna")).get_int("id");
  const std::string path = path_of("users", id) + "password_reset/";
  expect(403, "group", "POST", path, Json::object());
  const std::string code =
      expect(200, "admin", "POST", path, Json::object()).get_string("reset_code");
  EXPECT_EQ(login("anna", kPassword).status, 200) << "the old one works until then";
  const auto use = [&](int status, const std::string& secret, const std::string& password) {
    expect(status, "", "POST", "auth/password/reset/",
           Json::object({{"reset_code", secret}, {"password", password}}));
  };
  use(401, "mprs_wrong", "another long sentence");
  use(400, code, "short");
  use(204, code, "another long sentence");
  use(401, code, "yet another sentence");
  EXPECT_EQ(login("anna", kPassword).status, 401);
  EXPECT_EQ(login("anna", "another long sentence").status, 200);
  const std::string late =
      expect(200, "admin", "POST", path, Json::object()).get_string("reset_code");
  clock_.advance(24 * 3600 + 1);
  use(401, late, "yet another sentence");
}

TEST_P(SignUpTest, TheLimitHoldsForTriesAtTheSameTime) {
  std::atomic<int> counted{0};
  std::vector<std::thread> guesses;
  for (int i = 0; i < 4; ++i) {
    guesses.emplace_back([&] {
      for (int k = 0; k < 10; ++k) {
        if (begin_try(*database_, {aim_at_name("anna")}, clock_.now()).ok()) ++counted;
      }
    });
  }
  for (auto& guess : guesses) guess.join();
  EXPECT_EQ(counted, kTriesPerName);
}

TEST_P(SignUpTest, AnAddressThatTriesManyNamesIsLocked) {
  const auto from = [&](const std::string& peer, int number) {
    return begin_try(*database_,
                     {aim_at_name("user " + std::to_string(number)), aim_from_peer(peer)},
                     clock_.now())
        .ok();
  };
  for (int i = 0; i < kTriesPerPeer; ++i) EXPECT_TRUE(from("192.0.2.1", i));
  EXPECT_FALSE(from("192.0.2.1", 1000));
  EXPECT_FALSE(from("::ffff:192.0.2.1", 1000));
  EXPECT_TRUE(from("192.0.2.2", 1000));
  clock_.advance(15 * 60 + 1);
  EXPECT_TRUE(from("192.0.2.1", 1001));
  EXPECT_EQ(aim_from_peer("2001:db8:1:2::1").subject, aim_from_peer("2001:db8:1:2:3::9").subject);
  EXPECT_NE(aim_from_peer("2001:db8:1:2::1").subject, aim_from_peer("2001:db8:1:3::1").subject);
}

INSTANTIATE_TEST_SUITE_P(Engines, SignUpTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

TEST(Passwords, LengthDecidesAndTheOwnNameIsNone) {
  const auto good = [](std::string_view password) {
    return !password_problem(password, "hospital-a", "radiology@clinic.example");
  };
  EXPECT_TRUE(good("correct horse battery"));
  EXPECT_TRUE(good("zwölf Zeichen"));
  EXPECT_TRUE(good(std::string("abcde") + std::string(1019, 'x')));
  EXPECT_FALSE(good("eleven char"));
  EXPECT_FALSE(good("ööööööööööö"));
  EXPECT_FALSE(good("aaaaaaaaaaaaaaaa"));
  EXPECT_FALSE(good("abababababababab"));
  EXPECT_FALSE(good("we are Hospital-A, hello"));
  EXPECT_FALSE(good("radiology is our word"));
  EXPECT_FALSE(good("not \xff utf-8 at all"));
  EXPECT_FALSE(good(std::string("abcde") + std::string(1020, 'x')));
  EXPECT_TRUE(!password_problem("a long sentence", "a", "b@c")) << "short names are parts of words";
}

}  // namespace
}  // namespace medperf::hub
