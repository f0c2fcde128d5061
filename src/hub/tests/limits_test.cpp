// What one request, one user and one address may use.

#include "hub/limits.h"

#include "hub/options.h"
#include "hub/tests/test_hub.h"

namespace medperf::hub {
namespace {

class LimitsTest : public HubTest {
 protected:
  Reply post_text(const std::string& path, std::string text, const std::string& user = "group") {
    net::Request request;
    request.method = "POST";
    request.path = std::string(kApiPrefix) + path;
    request.headers = {{"host", kHost}, {"content-type", "application/json"}};
    if (!user.empty()) {
      request.headers["authorization"] =
          "Bearer " + test_tokens().issue(user, "", kNeverSignedOut, clock_.now()).text;
    }
    request.body = std::move(text);
    return deliver(request);
  }
};

TEST_P(LimitsTest, APageHasNoMoreRowsThanTheSettingSays) {
  Settings settings;
  settings.limits.page = 2;
  make_hub(settings);
  for (const char* name : {"a", "b", "c"}) container("group", name);
  const Json page = expect(200, "group", "GET", "mlcubes/?limit=1000000");
  EXPECT_EQ(page.find("results")->items().size(), 2U);
  EXPECT_EQ(page.get_int("count"), 4);  // one is there from the start
  EXPECT_EQ(page.get_string("next"), "https://hub.test/api/v0/mlcubes/?limit=2&offset=2");
}

TEST_P(LimitsTest, AUserThatAsksTooOftenWaits) {
  Settings settings;
  settings.limits.user_rate = {1, 3};
  make_hub(settings);
  for (int i = 0; i < 3; ++i) expect(200, "group", "GET", "me/");
  const Reply refused = send("group", "GET", "me/");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.response.headers.at("retry-after"), "1");
  EXPECT_EQ(refused.body.get_string("detail"),
            "Request was throttled. Expected available in 1 seconds.");
  expect(200, "hospital", "GET", "me/");
  clock_.advance(2);
  expect(200, "group", "GET", "me/");
}

TEST_P(LimitsTest, AnAddressThatAsksTooOftenWaits) {
  Settings settings;
  settings.limits.address_rate = {1, 5};
  settings.limits.anonymous_rate = {1, 2};
  make_hub(settings);
  const Json wrong = Json::object({{"username", "x"}, {"password", "wrong"}});
  expect(401, "", "POST", "auth/login", wrong);
  expect(401, "", "POST", "auth/login", wrong);
  expect(429, "", "POST", "auth/login", wrong);
  expect(200, "group", "GET", "me/");
  expect(200, "", "GET", "/version");
  expect(429, "hospital", "GET", "me/");
}

TEST_P(LimitsTest, BodiesAreReadWithLimits) {
  const auto nested = [](int depth) {
    return R"({"metadata": )" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_EQ(post_text("mlcubes/", nested(63)).status, 400);
  EXPECT_FALSE(post_text("mlcubes/", nested(63)).body.contains("detail"));  // field errors
  for (const std::string& text :
       {nested(64), nested(1'000'000), R"({"metadata": )" + std::string(2000, '9') + "}",
        R"({"metadata": 0.)" + std::string(2000, '1') + "}", std::string(R"({"metadata": 1e999})"),
        std::string(R"({"a": 1, "a": 2})"), std::string(R"({"name": "\ud800"})"),
        std::string("{\"name\": \"\xC0\xAF\"}"), std::string("{\"name\": \"\xED\xA0\x80\"}")}) {
    const Reply reply = post_text("mlcubes/", text);
    EXPECT_EQ(reply.status, 400) << text.substr(0, 40);
    EXPECT_TRUE(reply.body.get_string("detail").starts_with("JSON parse error - "))
        << text.substr(0, 40) << reply.response.body;
  }
  const std::string large = R"({"username": ")" + std::string(70'000, 'a') + "\"}";
  EXPECT_EQ(post_text("auth/login", large, "").status, 413);
}

INSTANTIATE_TEST_SUITE_P(Engines, LimitsTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

TEST(LimitOptions, DefaultsAreWithinTheirRanges) {
  auto options = Options::load(option_table(), "", {});
  ASSERT_TRUE(options.ok());
  auto limits = limits_of(*options);
  ASSERT_TRUE(limits.ok()) << limits.error().text();
  EXPECT_EQ(limits->page, 1000);
  net::ServerOptions server;
  EXPECT_TRUE(read_http_limits(*options, server).ok());
  EXPECT_EQ(server.max_connections, 2000);
  for (const int workers : {1, 2, 3, 16, 64}) {
    const auto rule = password_rule_of(*options, workers);
    ASSERT_TRUE(rule.ok()) << rule.error().text();
    EXPECT_GE(rule->at_once, 1u);
    EXPECT_LE(rule->at_once + rule->waiting, static_cast<std::size_t>(std::max(workers / 2, 1)));
  }
}

TEST(LimitOptions, WhatIsOutOfRangeIsNamed) {
  for (const char* key :
       {"limits.page", "limits.json_depth", "limits.user_burst", "http.body_limit"}) {
    const auto dot = std::string_view(key).find('.');
    const std::string yaml =
        std::string(key, dot) + ":\n  " + std::string(key).substr(dot + 1) + ": 0\n";
    auto options = Options::load(option_table(), yaml, {});
    ASSERT_TRUE(options.ok()) << options.error().text();
    auto limits = limits_of(*options);
    ASSERT_FALSE(limits.ok()) << key;
    EXPECT_EQ(limits.error().where, key);
  }
  auto options = Options::load(option_table(), "http:\n  query_limit: 0\n", {});
  net::ServerOptions server;
  EXPECT_EQ(read_http_limits(*options, server).error().where, "http.query_limit");
  options = Options::load(option_table(), "limits:\n  password_checks: 9\n", {});
  EXPECT_EQ(password_rule_of(*options, 16).error().where, "limits.password_checks");
}

}  // namespace
}  // namespace medperf::hub
