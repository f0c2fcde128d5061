// What makes the hub fast must not change an answer: remembered tokens, counted lists, tags.

#include <map>
#include <random>

#include "hub/accounts/secrets.h"
#include "hub/accounts/token_cache.h"
#include "hub/store/list_counts.h"
#include "hub/upkeep.h"
#include "test_hub.h"

namespace medperf::hub {
namespace {

Identity known_until(std::int64_t seconds) {
  Identity identity;
  identity.subject = "somebody";
  identity.expires_at = {seconds * 1'000'000};
  return identity;
}

TEST(TokenCache, ForgetsWhatExpires) {
  TokenCache cache;
  cache.keep("a", known_until(100), {0});
  ASSERT_TRUE(cache.find("a", {99'999'999}).has_value());
  EXPECT_EQ(cache.find("a", {0})->subject, "somebody");
  EXPECT_FALSE(cache.find("a", {100'000'000}).has_value());
  EXPECT_FALSE(cache.find("a", {0}).has_value());  // it is gone
  EXPECT_FALSE(cache.find("b", {0}).has_value());
}

TEST(TokenCache, KeepsNothingWithoutExpiry) {
  TokenCache cache;
  cache.keep("a", Identity{}, {0});
  EXPECT_EQ(cache.size(), 0u);
}

TEST(TokenCache, IsBounded) {
  TokenCache cache(10);
  for (int i = 0; i < 100; ++i) cache.keep(std::to_string(i), known_until(100), {0});
  EXPECT_EQ(cache.size(), 10u);
  EXPECT_FALSE(cache.find("89", {0}).has_value());
  EXPECT_TRUE(cache.find("90", {0}).has_value());
}

class SpeedTest : public HubTest {
 protected:
  Status execute(const std::string& text) {
    return database_->write([&](sql::Session& session) -> Status {
      MEDPERF_CHECK(session.execute(text));
      return {};
    });
  }
  net::Request request(const std::string& user) const {
    net::Request request;
    request.method = "GET";
    request.path = "/api/v0/me/";
    request.headers = {{"host", kHost}, {"authorization", "Bearer " + token(user)}};
    return request;
  }
  std::string token(const std::string& user) const {
    return test_tokens().issue(user, user + "@example.com", kNeverSignedOut, clock_.now()).text;
  }
};

TEST_P(SpeedTest, ARememberedTokenEndsWithItsTimeAndItsUser) {
  const net::Request asked = request("group");
  EXPECT_EQ(deliver(asked).status, 200);
  EXPECT_EQ(deliver(asked).status, 200);
  ASSERT_TRUE(execute("UPDATE users SET is_active = 0 WHERE username = 'group'").ok());
  EXPECT_EQ(deliver(asked).status, 401);
  ASSERT_TRUE(execute("UPDATE users SET is_active = 1 WHERE username = 'group'").ok());
  EXPECT_EQ(deliver(asked).status, 200);
  clock_.advance(3600 + 31);
  EXPECT_EQ(deliver(asked).status, 401);
}

TEST_P(SpeedTest, ATokenThatIsAlmostARememberedOneIsChecked) {
  net::Request asked = request("group");
  EXPECT_EQ(deliver(asked).status, 200);
  std::string& header = asked.headers["authorization"];
  header[header.size() / 2] = header[header.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_EQ(deliver(asked).status, 401);
}

TEST_P(SpeedTest, OnlyReadsOfSqliteThatWriteNothingDownAreQuick) {
  const bool sqlite = database_->dialect() == sql::Dialect::kSqlite;
  net::Request asked = request("hospital");
  EXPECT_EQ(hub_->is_quick(asked), sqlite);
  asked.path = "/api/v0/benchmarks/";
  EXPECT_EQ(hub_->is_quick(asked), sqlite);
  asked.path = "/api/v0/nothing/";
  EXPECT_FALSE(hub_->is_quick(asked));
  asked.path = "/api/v0/health/";  // open: not by the table of what is answered with a row
  EXPECT_FALSE(hub_->is_quick(asked));
  asked = request("hospital");
  asked.method = "POST";
  EXPECT_FALSE(hub_->is_quick(asked));
  // The use of a session or of an access token is noted: that waits for the disk.
  asked = request("hospital");
  asked.headers.erase("authorization");
  EXPECT_FALSE(hub_->is_quick(asked));
  asked.headers["authorization"] = "Bearer " + std::string(kAccessTokenPrefix) + "abc";
  EXPECT_FALSE(hub_->is_quick(asked));
}

TEST_P(SpeedTest, TagsMakeChangesConditional) {
  const std::string path = path_of("mlcubes", container("group", "one", "DEVELOPMENT"));
  const Reply first = send("group", "GET", path);
  const std::string tag = first.response.headers.at("etag");
  EXPECT_EQ(send("group", "GET", path, nullptr, {{"if-none-match", tag}}).status, 304);
  EXPECT_EQ(send("group", "GET", path, nullptr, {{"if-none-match", "\"x\", " + tag}}).status, 304);
  EXPECT_EQ(send("group", "GET", path, nullptr, {{"if-none-match", "\"x\""}}).status, 200);
  const Json change = Json::object({{"user_metadata", Json::object({{"a", 1}})}});
  EXPECT_EQ(send("group", "PUT", path, change, {{"if-match", "\"x\""}}).status, 412);
  EXPECT_EQ(send("group", "PUT", path, change, {{"if-match", tag}}).status, 200);
  // Somebody who saw the same has lost.
  EXPECT_EQ(send("group", "PUT", path, change, {{"if-match", tag}}).status, 412);
  EXPECT_EQ(send("group", "PUT", path, change, {{"if-match", "*"}}).status, 200);
  EXPECT_EQ(send("group", "PUT", path, change).status, 200);
  // Who may not change it learns nothing about the tag.
  EXPECT_EQ(send("stranger", "PUT", path, change, {{"if-match", "\"x\""}}).status, 403);
  EXPECT_EQ(send("group", "GET", path, nullptr, {{"if-none-match", tag}}).status, 200);
}

/// Datasets are made, changed and removed at random; now and then the counts are folded.
TEST_P(SpeedTest, CountedListsAreExactThroughEveryChange) {
  const auto preparation = container("group", "preparation");
  std::mt19937 random(7);
  const auto one_of = [&](std::int64_t limit) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint32_t>(limit));
  };
  const auto insert = [&](sql::Session& session, std::int64_t i) {
    return session.execute(
        "INSERT INTO datasets (name, input_data_hash, generated_uid, split_seed, "
        "data_preparation_mlcube, submitted_as_prepared, state, is_valid, owner, created_at, "
        "modified_at) VALUES (?, 'in', ?, 0, ?, 0, 'DEVELOPMENT', ?, ?, 0, ?)",
        {"d" + std::to_string(i), "u" + std::to_string(i), preparation,
         std::int64_t{i % 5 == 0 ? 0 : 1}, users_.at(i % 2 == 0 ? "hospital" : "vendor"),
         1000 + i / 3});
  };
  std::int64_t made = 0;
  const auto fill = [&](std::int64_t count) {
    const Status status = database_->write([&](sql::Session& session) -> Status {
      for (std::int64_t i = 0; i < count; ++i) MEDPERF_CHECK(insert(session, made++));
      return {};
    });
    ASSERT_TRUE(status.ok()) << status.error().text() << status.error().cause;
  };
  const auto fold = [&](std::int64_t limit) {
    const Status status = database_->exclusive_transaction([&](sql::Session& session) -> Status {
      MEDPERF_CHECK(fold_list_changes(session, limit));
      return {};
    });
    ASSERT_TRUE(status.ok()) << status.error().text() << status.error().cause;
  };
  const auto check = [&] {
    for (const std::string where : {"", "is_valid = 1"}) {
      auto all = database_->read([&](sql::Session& session) {
        return session.query("SELECT id FROM datasets" + (where.empty() ? "" : " WHERE " + where) +
                             " ORDER BY modified_at, id");
      });
      ASSERT_TRUE(all.ok());
      const auto total = static_cast<std::int64_t>(all->size());
      for (const std::int64_t offset : {std::int64_t{0}, total / 2, total - 10, total, total + 5}) {
        Selection selection;
        if (!where.empty()) selection.add("is_valid = ?", std::int64_t{1});
        selection.limit = 7;
        selection.offset = std::max<std::int64_t>(offset, 0);
        std::vector<std::int64_t> ids;
        std::int64_t counted = -1;
        const PageReader reader = {[&](std::int64_t count) { counted = count; },
                                   [&](const sql::RowView& row) { ids.push_back(row.integer(0)); }};
        const Status read = database_->read([&](sql::Session& session) {
          return Repository(domain::Entity::kDataset, Sight::whole())
              .stream_page(session, selection, reader);
        });
        ASSERT_TRUE(read.ok()) << read.error().text() << read.error().cause;
        EXPECT_EQ(counted, total) << where;
        std::vector<std::int64_t> wanted;
        for (auto i = selection.offset; i < std::min(total, selection.offset + 7); ++i) {
          wanted.push_back((*all)[static_cast<std::size_t>(i)].integer(0));
        }
        ASSERT_EQ(ids, wanted) << where << " offset " << offset;
      }
    }
  };
  fill(3000);
  check();
  fold(2500);
  check();
  fold(5000);
  fill(1500);
  check();
  for (int round = 0; round < 6; ++round) {
    const Status status = database_->write([&](sql::Session& session) -> Status {
      for (int i = 0; i < 100; ++i) {
        const auto id = 1 + one_of(made);
        if (i % 3 == 0) {
          MEDPERF_CHECK(session.execute("DELETE FROM datasets WHERE id = ?", {id}));
        } else {
          MEDPERF_CHECK(session.execute(
              "UPDATE datasets SET modified_at = ?, is_valid = 1 - is_valid WHERE id = ?",
              {i % 3 == 1 ? 5000 + made : one_of(3000), id}));
        }
      }
      return {};
    });
    ASSERT_TRUE(status.ok());
    if (round % 2 == 0) fold(150);
    check();
  }
  auto more = keep_up(*database_);
  while (more.ok() && *more) more = keep_up(*database_);
  EXPECT_TRUE(more.ok());
  EXPECT_EQ(rows("list_changes"), 0);
  check();
  EXPECT_EQ(expect(200, "stranger", "GET", "datasets/?limit=1").get_int("count"), rows("datasets"));
}

TEST_P(SpeedTest, TheLogIsWholeAfterUpkeep) {
  const Status status = database_->write([&](sql::Session& session) -> Status {
    for (std::int64_t i = 0; i < 123; ++i) {
      MEDPERF_CHECK(ledger::append(session, {"write", "group", Json(i)}, clock_.now()));
    }
    return {};
  });
  ASSERT_TRUE(status.ok());
  container("group", "one");
  ASSERT_TRUE(keep_up(*database_).ok());
  container("group", "two");
  const auto report = check_database(*database_);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->log_lines, rows("log_lines"));
}

INSTANTIATE_TEST_SUITE_P(Engines, SpeedTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

}  // namespace
}  // namespace medperf::hub
