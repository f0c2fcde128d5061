#include "site/flows/sign_in.h"

#include <gtest/gtest.h>

namespace medperf::site {
namespace {

/// A hub that gives prepared answers in turn.
class PreparedHub {
 public:
  explicit PreparedHub(std::vector<net::Reply> answers) : answers_(std::move(answers)) {}
  Hub hub() {
    return Hub(
        {"https://hub.example/", Seconds{1}},
        [this](const net::Call& call) -> Result<net::Reply> {
          calls.push_back(call);
          if (answers_.empty()) return make_error(ErrorKind::kBug, call.url, "no answer prepared");
          auto answer = std::move(answers_.front());
          answers_.erase(answers_.begin());
          return answer;
        },
        [](Seconds) {}, nullptr);
  }
  std::vector<net::Call> calls;

 private:
  std::vector<net::Reply> answers_;
};

net::Reply reply(int status, std::string body) {
  return {status, {}, std::move(body)};
}

const std::string kToken =
    R"({"access": "t", "username": "anna", "expires_at": "2026-01-02T03:04:05Z"})";

TEST(SignIn, APasswordMayNeedACode) {
  PreparedHub prepared(
      {reply(401, R"({"detail": "A code is needed", "code": "second_factor_required"})"),
       reply(200, kToken), reply(401, R"({"detail": "wrong"})")});
  Hub hub = prepared.hub();
  const auto first = sign_in_by_password(hub, {"anna", "secret", ""});
  ASSERT_FALSE(first.ok());
  EXPECT_TRUE(asks_for_code(first.error()));
  const auto second = sign_in_by_password(hub, {"anna", "secret", "123456"});
  ASSERT_TRUE(second.ok()) << second.error().text();
  EXPECT_EQ(second->username, "anna");
  EXPECT_EQ(second->hub, "https://hub.example");
  EXPECT_NE(prepared.calls[1].body.find("123456"), std::string::npos);
  const auto third = sign_in_by_password(hub, {"anna", "secret", ""});
  ASSERT_FALSE(third.ok());
  EXPECT_FALSE(asks_for_code(third.error()));
  EXPECT_EQ(third.error().kind, ErrorKind::kUnauthenticated);
}

TEST(SignIn, ADeviceWaitsAsLongAndAsOftenAsItMay) {
  PreparedHub prepared({reply(400, R"({"error": "authorization_pending"})"),
                        reply(400, R"({"error": "slow_down"})"), reply(200, kToken)});
  Hub hub = prepared.hub();
  Seconds paused{0};
  const auto token = wait_for_approval(hub, {"d", "U", "https://hub.example/device"},
                                       [&](Seconds step) { paused += step; });
  ASSERT_TRUE(token.ok()) << token.error().text();
  EXPECT_EQ(token->access, "t");
  EXPECT_EQ(paused, Seconds(5 + 5 + 10));
}

TEST(SignIn, ADeviceIsToldWhyItMayNot) {
  const auto end = [](std::vector<net::Reply> answers, Seconds lifetime) {
    PreparedHub prepared(std::move(answers));
    Hub hub = prepared.hub();
    DevicePrompt prompt{"d", "U", "https://hub.example/device"};
    prompt.lifetime = lifetime;
    const auto token = wait_for_approval(hub, prompt, [](Seconds) {});
    EXPECT_FALSE(token.ok());
    return token.ok() ? ErrorKind::kBug : token.error().kind;
  };
  EXPECT_EQ(end({reply(400, R"({"error": "access_denied"})")}, Seconds(600)), ErrorKind::kRefused);
  EXPECT_EQ(end({reply(400, R"({"error": "expired_token"})")}, Seconds(600)), ErrorKind::kTimedOut);
  EXPECT_EQ(end({reply(400, R"({"error": "authorization_pending"})")}, Seconds(5)),
            ErrorKind::kTimedOut);
  EXPECT_EQ(end({reply(403, R"({"detail": "no"})")}, Seconds(600)), ErrorKind::kForbidden);
}

TEST(SignIn, ATokenIsTriedBeforeItIsKept) {
  PreparedHub prepared(
      {reply(200, R"({"username": "anna"})"),
       reply(200, R"({"by": "access_token", "expires_at": "2026-03-01T00:00:00Z"})"),
       reply(401, R"({"detail": "no"})"), reply(200, R"({"username": "anna"})"),
       reply(404, R"({"detail": "Not found."})")});
  Hub hub = prepared.hub();
  const auto token = adopt_token(hub, "mpat_x", {0});
  ASSERT_TRUE(token.ok()) << token.error().text();
  EXPECT_EQ(token->username, "anna");
  EXPECT_EQ(to_iso8601(token->expires_at), "2026-03-01T00:00:00.000000Z");
  EXPECT_EQ(prepared.calls[0].headers.at("authorization"), "Bearer mpat_x");
  EXPECT_FALSE(adopt_token(hub, "mpat_y", {0}).ok());
  // Another hub lacks the resource: the token's own word counts.
  const auto foreign = adopt_token(hub, "e30.eyJleHAiOjE4MDAwMDAwMDB9.x", {0});
  ASSERT_TRUE(foreign.ok());
  EXPECT_EQ(foreign->expires_at.microseconds, 1'800'000'000'000'000);
}

}  // namespace
}  // namespace medperf::site
