// Threads and processes on one database: nothing is lost, nothing counted twice.

#include <sys/types.h>

#include <atomic>
#include <set>

#include "engines.h"

namespace medperf::sql {
namespace {

class ConcurrencyTest : public EngineTest {
 protected:
  /// Reads, then writes: loses updates unless transactions are really isolated.
  static Status increment(Database& database) {
    return database.write_transaction([](Session& session) -> Status {
      MEDPERF_TRY(auto rows, session.query("SELECT n FROM counter"));
      MEDPERF_CHECK(session.execute("UPDATE counter SET n = ?", {rows.at(0).integer(0) + 1}));
      return {};
    });
  }
  static std::int64_t value(Database& database) {
    auto rows = ask(database, "SELECT n FROM counter");
    return rows.ok() ? rows->at(0).integer(0) : -1;
  }
  static constexpr const char* kCounter =
      "CREATE TABLE counter (n BIGINT); INSERT INTO counter VALUES (0)";

  /// Runs `work` in a child process with a database of its own; returns its pid.
  template <typename Work>
  pid_t in_child(const Work& work) {
    const pid_t child = fork();
    if (child != 0) return child;
    auto database = try_open();
    const bool good = database.ok() && work(**database);
    _exit(good ? 0 : 1);
  }
};

TEST_P(ConcurrencyTest, ThreadsIncrementOneCounter) {
  auto database = open();
  ASSERT_TRUE(run(*database, kCounter).ok());
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) failures += increment(*database).ok() ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(value(*database), 200);
}

TEST_P(ConcurrencyTest, ProcessesIncrementOneCounter) {
  ASSERT_TRUE(run(*open(), kCounter).ok());
  std::vector<pid_t> children;
  for (int p = 0; p < 3; ++p) {
    children.push_back(in_child([](Database& database) {
      for (int i = 0; i < 40; ++i) {
        if (!increment(database).ok()) return false;
      }
      return true;
    }));
  }
  for (const pid_t child : children) {
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(value(*open()), 120);
}

TEST_P(ConcurrencyTest, OneOfManyWinsAUniqueValue) {
  auto database = open();
  ASSERT_TRUE(run(*database, "CREATE TABLE t (name TEXT UNIQUE)").ok());
  for (int round = 0; round < 10; ++round) {
    std::atomic<int> won{0};
    std::atomic<int> conflicts{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 6; ++t) {
      threads.emplace_back([&] {
        auto changed = change(*database, "INSERT INTO t VALUES (?)", {std::to_string(round)});
        if (changed.ok()) ++won;
        if (!changed.ok() && changed.error().kind == ErrorKind::kConflict &&
            changed.error().where == "t.name") {
          ++conflicts;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(conflicts, 5);
  }
}

/// Two rows, of which at least one must stay on: each transaction looks, then turns one off.
TEST_P(ConcurrencyTest, RulesOverSeveralRowsHold) {
  auto database = open();
  ASSERT_TRUE(run(*database, "CREATE TABLE t (id BIGINT, on_duty SMALLINT)").ok());
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(run(*database, "DELETE FROM t; INSERT INTO t VALUES (0, 1), (1, 1)").ok());
    std::vector<std::thread> threads;
    for (std::int64_t t = 0; t < 2; ++t) {
      threads.emplace_back([&, t] {
        const Status status = database->write_transaction([&](Session& session) -> Status {
          MEDPERF_TRY(auto rows, session.query("SELECT count(*) FROM t WHERE on_duty = 1"));
          if (rows.at(0).integer(0) < 2)
            return make_error(ErrorKind::kRefused, "t", "the last one");
          MEDPERF_CHECK(session.execute("UPDATE t SET on_duty = 0 WHERE id = ?", {t}));
          return {};
        });
        EXPECT_TRUE(status.ok() || status.error().kind == ErrorKind::kRefused);
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ((*ask(*database, "SELECT sum(on_duty) FROM t"))[0].integer(0), 1);
  }
}

TEST_P(ConcurrencyTest, AReaderSeesOneMoment) {
  auto database = open();
  ASSERT_TRUE(run(*database, kCounter).ok());
  const Status status = database->read_transaction([&](Session& session) -> Status {
    MEDPERF_TRY(auto before, session.query("SELECT n FROM counter"));
    std::thread writer([&] { EXPECT_TRUE(increment(*database).ok()); });
    writer.join();
    MEDPERF_TRY(auto after, session.query("SELECT n FROM counter"));
    EXPECT_EQ(before.at(0).integer(0), after.at(0).integer(0));
    return {};
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(value(*database), 1);
}

TEST_P(ConcurrencyTest, AcknowledgedRowsSurviveAKilledWriter) {
  ASSERT_TRUE(run(*open(), "CREATE TABLE t (id BIGINT PRIMARY KEY)").ok());
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = in_child([&](Database& database) {
    for (std::int64_t id = 0;; ++id) {
      if (!change(database, "INSERT INTO t VALUES (?)", {id}).ok()) return false;
      if (write(ends[1], &id, sizeof id) != sizeof id) return false;  // the acknowledgement
    }
  });
  ::close(ends[1]);
  std::set<std::int64_t> acknowledged;
  std::int64_t id = 0;
  while (acknowledged.size() < 40 && read(ends[0], &id, sizeof id) == sizeof id) {
    acknowledged.insert(id);
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  while (read(ends[0], &id, sizeof id) == sizeof id) acknowledged.insert(id);
  ::close(ends[0]);
  EXPECT_GE(acknowledged.size(), 40u);

  auto database = open();
  std::set<std::int64_t> stored;
  const auto rows = ask(*database, "SELECT id FROM t");
  ASSERT_TRUE(rows.ok());
  for (const Row& row : *rows) stored.insert(row.integer(0));
  for (const std::int64_t one : acknowledged) EXPECT_TRUE(stored.contains(one)) << one;
  EXPECT_LE(stored.size(), acknowledged.size() + 1);
  EXPECT_TRUE(change(*database, "INSERT INTO t VALUES (?)", {std::int64_t{1'000'000}}).ok());
}

/// As commands beside a running server do: open the database, read, close it.
TEST_P(ConcurrencyTest, AProcessThatComesAndGoesTakesNothingWithIt) {
  int asked[2];
  int answered[2];
  ASSERT_EQ(pipe(asked) + pipe(answered), 0);
  const pid_t visitor = fork();  // before this process opens anything
  if (visitor == 0) {
    close(asked[1]);
    char expected = 0;
    while (::read(asked[0], &expected, 1) == 1) {
      auto database = try_open();
      const char good = database.ok() && count(**database, "t") == expected ? 1 : 0;
      database = make_error(ErrorKind::kUnavailable, "", "closed");
      if (::write(answered[1], &good, 1) != 1) break;
    }
    _exit(0);
  }
  auto database = open();
  ASSERT_TRUE(run(*database, "CREATE TABLE t (i BIGINT)").ok());
  for (char i = 1; i <= 5; ++i) {
    ASSERT_TRUE(change(*database, "INSERT INTO t (i) VALUES (?)", {std::int64_t{i}}).ok());
    ASSERT_EQ(count(*database, "t"), i);
    char good = 0;
    ASSERT_EQ(::write(asked[1], &i, 1), 1);
    ASSERT_EQ(::read(answered[0], &good, 1), 1);
    EXPECT_EQ(good, 1) << "row " << static_cast<int>(i);
  }
  for (const int end : {asked[0], asked[1], answered[0], answered[1]}) close(end);
  waitpid(visitor, nullptr, 0);
}

INSTANTIATE_TEST_SUITE_P(Engines, ConcurrencyTest,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgres), engine_name);

}  // namespace
}  // namespace medperf::sql
