// Answers that are given again: only while they would be made again the same.

#include "hub/api/answer_memory.h"

#include "hub/api/metrics.h"
#include "hub/store/accounts.h"
#include "hub/tests/test_hub.h"

namespace medperf::hub {
namespace {

net::Response response(std::size_t bytes) {
  net::Response made;
  made.body = std::string(bytes, 'x');
  return made;
}

TEST(AnswerMemory, KeepsAnAnswerForItsVersionOnly) {
  AnswerMemory memory(mebibytes(1));
  memory.keep("a", "1", response(10));
  ASSERT_NE(memory.find("a", "1"), nullptr);
  EXPECT_EQ(memory.find("a", "1")->body.size(), 10u);
  EXPECT_EQ(memory.find("b", "1"), nullptr);
  EXPECT_EQ(memory.find("a", "2"), nullptr);
  EXPECT_FALSE(memory.holds("a"));
  EXPECT_EQ(memory.size().value, 0u);
}

TEST(AnswerMemory, ForgetsWhatWasUsedLongestAgoWhenFull) {
  AnswerMemory memory(Bytes{100'000});
  for (int i = 0; i < 200; ++i) {
    memory.keep(std::to_string(i), "1", response(10'000));
    EXPECT_LE(memory.size().value, 100'000u);
    ASSERT_NE(memory.find("0", "1"), nullptr) << i;  // used all the time
  }
  EXPECT_TRUE(memory.holds("199"));
  EXPECT_FALSE(memory.holds("100"));
  memory.keep("large", "1", response(30'000));  // would push out too many others
  EXPECT_FALSE(memory.holds("large"));
  memory.clear();
  EXPECT_EQ(memory.size().value, 0u);
  EXPECT_FALSE(memory.holds("0"));
}

TEST(AnswerMemory, TheSameKeyIsReplaced) {
  AnswerMemory memory(mebibytes(1));
  memory.keep("a", "1", response(1000));
  const auto once = memory.size().value;
  memory.keep("a", "2", response(1000));
  EXPECT_EQ(memory.size().value, once);
  EXPECT_NE(memory.find("a", "2"), nullptr);
}

class GivenAgainTest : public HubTest {
 protected:
  void SetUp() override {
    HubTest::SetUp();
    if (IsSkipped()) return;
    hub_ = std::make_unique<Hub>(
        HubParts{*database_, clock_, test_tokens(), {}, true, &draining_, &metrics_});
    for (const char* user : {"group", "hospital"}) {
      tokens_[user] =
          test_tokens().issue(user, std::string(user) + "@x", kNeverSignedOut, clock_.now()).text;
    }
  }

  /// Always with the same token.
  Reply get(const std::string& user, const std::string& path, const net::Headers& more = {}) {
    net::Request request;
    request.method = "GET";
    const auto question = path.find('?');
    request.path = std::string(kApiPrefix) + path.substr(0, question);
    if (question != std::string::npos) request.query = query_of(path.substr(question + 1));
    request.headers = more;
    request.headers.emplace("host", kHost);
    request.scheme = "https";
    request.request_id = "test";
    request.headers.emplace("authorization", "Bearer " + tokens_.at(user));
    return deliver(request);
  }

  int given_again() const {
    const std::string text = metrics_.text(0);
    const std::string name = "\nmedperf_hub_answers_given_again_total ";
    return std::stoi(text.substr(text.find(name) + name.size()));
  }

  /// Asks until it is answered from memory; the last answer.
  Reply warm(const std::string& user, const std::string& path) {
    for (int i = 0; i < 20; ++i) {
      const int before = given_again();
      Reply reply = get(user, path);
      if (given_again() > before) return reply;
    }
    ADD_FAILURE() << path << " is never given again";
    return {};
  }

  Metrics metrics_{Timestamp{1'000'000}};
  std::map<std::string, std::string> tokens_;
};

TEST_P(GivenAgainTest, WhileNothingChangesAndNotAfter) {
  container("group", "first");
  const Reply made = get("group", "mlcubes/?limit=5");
  const Reply again = warm("group", "mlcubes/?limit=5");
  EXPECT_EQ(again.response.body, made.response.body);
  EXPECT_EQ(again.status, 200);
  const auto second = container("vendor", "second");
  const int before = given_again();
  const Reply after = get("group", "mlcubes/?limit=5");
  EXPECT_EQ(given_again(), before);
  EXPECT_NE(after.response.body.find("second"), std::string::npos);
  warm("group", path_of("mlcubes", second));
  expect(200, "vendor", "PUT", path_of("mlcubes", second), Json::object({{"is_valid", false}}));
  EXPECT_FALSE(get("group", path_of("mlcubes", second)).body.get_bool("is_valid", true));
}

TEST_P(GivenAgainTest, ADisabledUserIsOutAtTheNextRequest) {
  container("group", "first");
  warm("hospital", "mlcubes/");
  const auto disabled = database_->write([](sql::Session& session) {
    return session.execute("UPDATE users SET is_active = 0 WHERE username = 'hospital'");
  });
  ASSERT_TRUE(disabled.ok());
  EXPECT_EQ(get("hospital", "mlcubes/").status, 401);
  EXPECT_EQ(get("hospital", "mlcubes/").status, 401);
  EXPECT_EQ(warm("group", "mlcubes/").status, 200);
}

TEST_P(GivenAgainTest, WhatIsRememberedOfAnAccountIsNotBelievedOnceItChanged) {
  const auto set = [this](std::string_view change) {
    const auto changed = database_->write([&](sql::Session& session) {
      return session.execute("UPDATE users SET " + std::string(change) +
                             " WHERE username = 'hospital'");
    });
    ASSERT_TRUE(changed.ok());
  };
  const Json body = Json::object({{"name", "not a whole container"}});
  EXPECT_EQ(get("hospital", "results/").status, 403);
  set("is_superuser = 1");
  EXPECT_EQ(get("hospital", "results/").status, 200);
  set("is_superuser = 0");
  EXPECT_EQ(get("hospital", "results/").status, 403);
  expect(400, "hospital", "POST", "mlcubes/", body);
  set("is_active = 0");
  expect(401, "hospital", "POST", "mlcubes/", body);
  set("is_active = 1");
  expect(400, "hospital", "POST", "mlcubes/", body);
}

TEST_P(GivenAgainTest, AnExpiredTokenIsOutAtTheNextRequest) {
  warm("group", "mlcubes/");
  clock_.advance(100 * 86'400);
  EXPECT_EQ(get("group", "mlcubes/").status, 401);
}

TEST_P(GivenAgainTest, ToTheSameTokenOnly) {
  const auto id = container("group", "first");
  warm("group", "me/mlcubes/");
  EXPECT_EQ(get("hospital", "me/mlcubes/").body.get_int("count", -1), 0);
  EXPECT_EQ(warm("hospital", "me/mlcubes/").body.get_int("count", -1), 0);
  EXPECT_EQ(warm("group", "me/mlcubes/").body.get_int("count", -1), 1);
  EXPECT_EQ(warm("group", path_of("mlcubes", id)).status, 200);
}

TEST_P(GivenAgainTest, ForTheSameQuestionOnly) {
  container("group", "first");
  container("group", "second");
  const auto id = container("group", "third");
  const Reply one = warm("group", "mlcubes/?limit=1");
  EXPECT_NE(warm("group", "mlcubes/?limit=2").response.body, one.response.body);
  const Reply other = get("group", "mlcubes/?limit=1", {{"x-forwarded-host", "other.example"}});
  EXPECT_NE(other.response.body.find("https://other.example/"), std::string::npos);
  EXPECT_EQ(one.response.body.find("other.example"), std::string::npos);
  const Reply object = warm("group", path_of("mlcubes", id));
  const std::string tag = object.response.headers.at("etag");
  EXPECT_EQ(get("group", path_of("mlcubes", id), {{"if-none-match", tag}}).status, 304);
  EXPECT_EQ(warm("group", path_of("mlcubes", id)).status, 200);
}

TEST_P(GivenAgainTest, NothingWhenItIsOff) {
  Settings settings;
  settings.limits.answer_memory = Bytes{0};
  hub_ = std::make_unique<Hub>(HubParts{*database_, clock_, test_tokens(), std::move(settings),
                                        false, &draining_, &metrics_});
  container("group", "first");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(get("group", "mlcubes/").status, 200);
  EXPECT_EQ(given_again(), 0);
}

INSTANTIATE_TEST_SUITE_P(Engines, GivenAgainTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

}  // namespace
}  // namespace medperf::hub
