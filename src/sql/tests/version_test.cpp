// Names for what is committed: the same name, the same answers.

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "engines.h"

namespace medperf::sql {
namespace {

class VersionTest : public EngineTest {
 protected:
  struct Seen {
    std::optional<std::string> version;
    std::int64_t number = 0;
  };

  /// One read transaction; the name is asked before the number or after it.
  static Seen look(Database& database, bool name_first = true) {
    Seen seen;
    const Status read = database.read([&](Session& session) -> Status {
      const auto name = [&]() -> Status {
        MEDPERF_TRY(seen.version, session.version());
        return {};
      };
      if (name_first) MEDPERF_CHECK(name());
      if (!name_first) session.prefetch_version();
      MEDPERF_TRY(auto rows, session.query("SELECT n FROM t"));
      seen.number = rows.front().integer(0);
      return name_first ? Status() : name();
    });
    EXPECT_TRUE(read.ok()) << read.error().text();
    return seen;
  }

  /// Until the driver can name it; a new connection cannot at first.
  static Seen settled(Database& database) {
    Seen seen;
    for (int i = 0; i < 20 && !seen.version; ++i) seen = look(database);
    EXPECT_TRUE(seen.version);
    return seen;
  }
};

TEST_P(VersionTest, StaysWhileNothingIsCommitted) {
  auto database = open();
  ASSERT_TRUE(run(*database, "CREATE TABLE t (n BIGINT); INSERT INTO t VALUES (1)").ok());
  const Seen first = settled(*database);
  EXPECT_EQ(look(*database).version, first.version);
  EXPECT_EQ(look(*database, false).version, first.version);
  // What is rolled back was never there.
  const Status failed = database->write([](Session& session) -> Status {
    MEDPERF_CHECK(session.execute("UPDATE t SET n = 5"));
    return make_error(ErrorKind::kInvalid, "test", "no");
  });
  EXPECT_FALSE(failed.ok());
  EXPECT_EQ(settled(*database).number, 1);
}

TEST_P(VersionTest, ChangesWithEveryCommitFromWherever) {
  auto database = open();
  auto other = open();
  ASSERT_TRUE(run(*database, "CREATE TABLE t (n BIGINT); INSERT INTO t VALUES (0)").ok());
  for (std::int64_t i = 1; i <= 6; ++i) {
    const Seen before = settled(*database);
    ASSERT_TRUE(change(i % 2 == 0 ? *database : *other, "UPDATE t SET n = n + 1", {}).ok());
    EXPECT_NE(look(*database).version, before.version);
    const Seen after = settled(*database);
    EXPECT_NE(after.version, before.version);
    EXPECT_EQ(after.number, i);
  }
}

TEST_P(VersionTest, IsNotGivenToWriters) {
  auto database = open();
  const Status written = database->write([](Session& session) -> Status {
    MEDPERF_TRY(const auto version, session.version());
    EXPECT_FALSE(version);
    return {};
  });
  EXPECT_TRUE(written.ok());
}

TEST_P(VersionTest, TheSameNameIsTheSameNumberWhoeverLooks) {
  auto database = open();
  auto other = open();
  ASSERT_TRUE(run(*database, "CREATE TABLE t (n BIGINT); INSERT INTO t VALUES (0)").ok());
  std::mutex mutex;
  std::map<std::string, std::int64_t> known;
  std::atomic<bool> writing = true;
  std::atomic<int> named = 0;
  std::vector<std::thread> readers;
  for (int r = 0; r < 4; ++r) {
    readers.emplace_back([&, r] {
      for (int i = 0; writing || i < 50 || (named <= 100 && i < 100'000); ++i) {
        const Seen seen = look(*database, (i + r) % 2 == 0);
        if (!seen.version) continue;
        ++named;
        const std::lock_guard lock(mutex);
        const auto [entry, added] = known.try_emplace(*seen.version, seen.number);
        EXPECT_EQ(entry->second, seen.number) << *seen.version;
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(change(i % 3 == 0 ? *other : *database, "UPDATE t SET n = n + 1", {}).ok());
    if (i % 10 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  writing = false;
  for (auto& reader : readers) reader.join();
  EXPECT_GT(named, 100);
  EXPECT_EQ(settled(*database).number, 200);
}

INSTANTIATE_TEST_SUITE_P(Engines, VersionTest,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgres), engine_name);

}  // namespace
}  // namespace medperf::sql
