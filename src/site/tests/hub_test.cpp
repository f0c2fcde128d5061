#include "site/hub_client/hub.h"

#include <gtest/gtest.h>

namespace medperf::site {
namespace {

/// A hub that gives prepared answers in turn.
class FakeHub {
 public:
  std::vector<Result<net::Reply>> answers;
  std::vector<net::Call> calls;
  Seconds paused{0};

  Hub hub(Seconds retry_for = Seconds{3}) {
    return Hub(
        {"https://hub.example/", retry_for},
        [this](const net::Call& call) -> Result<net::Reply> {
          calls.push_back(call);
          if (answers.empty()) return make_error(ErrorKind::kUnavailable, call.url, "refused");
          auto answer = std::move(answers.front());
          answers.erase(answers.begin());
          return answer;
        },
        [this](Seconds step) { paused += step; }, nullptr);
  }
};

net::Reply reply(int status, std::string body) {
  return {status, {}, std::move(body)};
}

TEST(Hub, SendsTokenAndKey) {
  FakeHub fake;
  fake.answers.emplace_back(reply(201, R"({"id": 3})"));
  Hub hub = fake.hub();
  hub.use_token("t0ken");
  ASSERT_TRUE(hub.post(paths::results(), Json::object({{"x", 1}}), "key").ok());
  EXPECT_EQ(fake.calls[0].url, "https://hub.example/api/v0/results/");
  EXPECT_EQ(fake.calls[0].headers.at("authorization"), "Bearer t0ken");
  EXPECT_EQ(fake.calls[0].headers.at("idempotency-key"), "key");
  EXPECT_EQ(fake.calls[0].body, R"({"x":1})");
}

TEST(Hub, TriesAgainUntilTheHubIsBack) {
  FakeHub fake;
  fake.answers.emplace_back(make_error(ErrorKind::kUnavailable, "", "refused"));
  fake.answers.emplace_back(reply(503, "{}"));
  fake.answers.emplace_back(reply(200, R"({"ok": true})"));
  Hub hub = fake.hub();
  auto answer = hub.get(paths::me());
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(fake.calls.size(), 3U);
}

TEST(Hub, GivesUpAfterABoundedTime) {
  FakeHub fake;
  Hub hub = fake.hub(Seconds{3});
  auto answer = hub.get(paths::me());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  EXPECT_FALSE(answer.error().advice.empty());
  EXPECT_LE(fake.paused.count(), 5.0);
}

TEST(Hub, PostWithoutKeyIsNotRepeated) {
  FakeHub fake;
  Hub hub = fake.hub();
  EXPECT_FALSE(hub.post(paths::login(), Json::object(), "").ok());
  EXPECT_EQ(fake.calls.size(), 1U);
}

TEST(Hub, ErrorsCarryTheHubsWords) {
  const Error invalid = error_of_reply(
      reply(400, R"({"container": {"name": ["taken."]}, "non_field_errors": ["no"]})"), "POST x");
  EXPECT_EQ(invalid.kind, ErrorKind::kInvalid);
  EXPECT_EQ(invalid.what, "the hub did not accept the request: container.name: taken; no");
  EXPECT_EQ(error_of_reply(reply(401, R"({"detail": "Token is expired", "code": "x"})"), "").kind,
            ErrorKind::kUnauthenticated);
  EXPECT_EQ(error_of_reply(reply(403, "{}"), "").kind, ErrorKind::kForbidden);
  EXPECT_EQ(error_of_reply(reply(409, "{}"), "").kind, ErrorKind::kConflict);
  EXPECT_EQ(error_of_reply(reply(500, "<html>"), "").kind, ErrorKind::kUnavailable);
}

TEST(Hub, ListsPageByPage) {
  FakeHub fake;
  fake.answers.emplace_back(reply(200, R"({"next": "x", "results": [{"id": 1}, {"id": 2}]})"));
  fake.answers.emplace_back(reply(200, R"({"next": null, "results": [{"id": 3}]})"));
  Hub hub = fake.hub();
  auto rows = hub.list(paths::containers());
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->size(), 3U);
  EXPECT_NE(fake.calls[1].url.find("offset=2"), std::string::npos);
  EXPECT_NE(fake.calls[1].url.find("is_valid=True"), std::string::npos);
}

TEST(Hub, WhatAForeignHubLacksIsNoError) {
  FakeHub fake;
  fake.answers.emplace_back(reply(404, R"({"detail": "Not found."})"));
  Hub hub = fake.hub();
  auto answer = hub.get_if_there(paths::my_keys());
  ASSERT_TRUE(answer.ok());
  EXPECT_FALSE(answer->has_value());
}

TEST(Hub, LatestModelRowCountsAndOrderIsKept) {
  FakeHub fake;
  fake.answers.emplace_back(reply(200, R"({"next": null, "results": [
        {"model": 5, "approval_status": "PENDING", "created_at": "2026-01-01T00:00:00.000000Z"},
        {"model": 4, "approval_status": "APPROVED", "created_at": "2026-01-01T00:00:00.000000Z"},
        {"model": 5, "approval_status": "APPROVED", "created_at": "2026-01-02T00:00:00.000000Z"}]})"));
  Hub hub = fake.hub();
  auto rows = hub.benchmark_models(BenchmarkId{1});
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ((*rows)[0].object, 5);
  EXPECT_EQ((*rows)[0].approval_status, "APPROVED");
}

TEST(Hub, StrangeAnswersAreCorruptAndNameTheField) {
  auto container = container_from(Json::object({{"id", 1}, {"name", 5}}));
  ASSERT_FALSE(container.ok());
  EXPECT_EQ(container.error().kind, ErrorKind::kCorrupt);
  EXPECT_NE(container.error().what.find("'name'"), std::string::npos);
}

}  // namespace
}  // namespace medperf::site
