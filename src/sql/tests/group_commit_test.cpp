// Write transactions that are committed together, and queries that stream or are sent ahead.

#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "engines.h"

namespace medperf::sql {
namespace {

/// Whether a thread of this process sleeps: it waits for another.
bool sleeps(pid_t thread) {
  const auto said = read_file("/proc/self/task/" + std::to_string(thread) + "/stat");
  return said.ok() && said->find(") S ") != std::string::npos;
}

class GroupCommitTest : public EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    if (IsSkipped()) return;
    database_ = open();
    ASSERT_TRUE(run(*database_, "CREATE TABLE t (i BIGINT PRIMARY KEY)").ok());
  }
  void TearDown() override {
    database_.reset();
    EngineTest::TearDown();
  }

  /// Runs `write(i)` in `count` threads that all wait behind one transaction, so that SQLite
  /// commits them together.
  template <typename F>
  void behind_one(int count, const F& write) {
    std::mutex mutex;
    std::condition_variable woken;
    bool begun = false;
    bool go_on = false;
    std::thread first([&] {
      const Status status = database_->write_transaction([&](Session&) -> Status {
        std::unique_lock lock(mutex);
        begun = true;
        woken.notify_all();
        woken.wait(lock, [&] { return go_on; });
        return {};
      });
      EXPECT_TRUE(status.ok());
    });
    std::unique_lock lock(mutex);
    woken.wait(lock, [&] { return begun; });
    std::vector<std::thread> others;
    for (int i = 0; i < count; ++i) others.emplace_back([&write, i] { write(i); });
    lock.unlock();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    lock.lock();
    go_on = true;
    woken.notify_all();
    lock.unlock();
    first.join();
    for (auto& thread : others) thread.join();
  }

  std::unique_ptr<Database> database_;
};

TEST_P(GroupCommitTest, AFailingOneUndoesItsOwnWorkOnly) {
  behind_one(12, [this](int i) {
    const Status status = database_->write_transaction([i](Session& session) -> Status {
      MEDPERF_CHECK(session.execute("INSERT INTO t (i) VALUES (?)", {std::int64_t{i}}));
      if (i % 3 == 0) return make_error(ErrorKind::kRefused, "", "no");
      if (i % 3 == 1)
        MEDPERF_CHECK(session.execute("INSERT INTO t (i) VALUES (?)", {std::int64_t{i}}));
      return {};
    });
    EXPECT_EQ(status.ok(), i % 3 == 2) << i;
    if (status.ok()) return;
    EXPECT_EQ(status.error().kind, i % 3 == 0 ? ErrorKind::kRefused : ErrorKind::kConflict) << i;
  });
  auto rows = ask(*database_, "SELECT i FROM t ORDER BY i");
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ((*rows)[i].integer(0), static_cast<std::int64_t>(3 * i + 2));
  }
}

TEST_P(GroupCommitTest, EachSeesWhatThoseBeforeItWrote) {
  std::atomic<int> conflicts{0};
  behind_one(8, [&](int) {
    const Status status = database_->write_transaction([](Session& session) -> Status {
      MEDPERF_CHECK(session.execute("INSERT INTO t (i) VALUES (1)"));
      return {};
    });
    if (!status.ok()) ++conflicts;
  });
  EXPECT_EQ(conflicts, 7);
  EXPECT_EQ(count(*database_, "t"), 1);
}

TEST_P(GroupCommitTest, AnExceptionReachesTheThreadItBelongsTo) {
  behind_one(6, [this](int i) {
    const auto write = [&] {
      return database_->write_transaction([i](Session& session) -> Status {
        MEDPERF_CHECK(session.execute("INSERT INTO t (i) VALUES (?)", {std::int64_t{i}}));
        if (i == 2) throw std::runtime_error("two");
        return {};
      });
    };
    if (i != 2) {
      EXPECT_TRUE(write().ok()) << i;
      return;
    }
    EXPECT_THROW(static_cast<void>(write()), std::runtime_error);
  });
  EXPECT_EQ(count(*database_, "t"), 5);
}

TEST_P(GroupCommitTest, AnExclusiveOneRunsAlone) {
  behind_one(6, [this](int i) {
    const auto add = [i](Session& session) -> Status {
      MEDPERF_CHECK(session.execute("INSERT INTO t (i) VALUES (?)", {std::int64_t{i}}));
      return {};
    };
    const Status status =
        i == 3 ? database_->exclusive_transaction(add) : database_->write_transaction(add);
    EXPECT_TRUE(status.ok()) << i;
  });
  EXPECT_EQ(count(*database_, "t"), 6);
}

TEST_P(GroupCommitTest, WhoeverComesWhileOthersRunIsCommittedWithThem) {
  if (database_->dialect() != Dialect::kSqlite) GTEST_SKIP() << "commits alone";
  std::int64_t committed_before = -1;
  std::thread late;
  std::atomic<pid_t> thread{0};
  const Status first = database_->write_transaction([&](Session& session) -> Status {
    MEDPERF_CHECK(session.execute("INSERT INTO t (i) VALUES (1)"));
    late = std::thread([&] {
      thread = ::gettid();
      EXPECT_TRUE(database_
                      ->write_transaction([&](Session& mine) -> Status {
                        // What another connection sees: nothing of the first before its commit.
                        std::thread([&] { committed_before = count(*database_, "t"); }).join();
                        MEDPERF_CHECK(mine.execute("INSERT INTO t (i) VALUES (2)"));
                        return {};
                      })
                      .ok());
    });
    // Until it waits for its turn, which nobody else holds back.
    while (thread == 0 || !sleeps(thread)) std::this_thread::yield();
    return {};
  });
  late.join();
  EXPECT_TRUE(first.ok());
  EXPECT_EQ(committed_before, 0);
  EXPECT_EQ(count(*database_, "t"), 2);
}

TEST_P(GroupCommitTest, StreamsRowsAndTakesWhatWasFetchedAhead) {
  for (std::int64_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(change(*database_, "INSERT INTO t (i) VALUES (?)", {i}).ok());
  }
  const std::string_view ahead = "SELECT i, CAST(NULL AS TEXT), 'x' FROM t WHERE i > ? ORDER BY i";
  const Status status = database_->read_transaction([&](Session& session) -> Status {
    session.prefetch(ahead, {std::int64_t{1}});
    MEDPERF_TRY(auto counted, session.query("SELECT COUNT(*) FROM t"));
    EXPECT_EQ(counted.at(0).integer(0), 3);
    std::vector<std::int64_t> seen;
    MEDPERF_CHECK(session.stream(ahead, {std::int64_t{1}}, [&](const RowView& row) {
      EXPECT_TRUE(row.is_null(1));
      EXPECT_EQ(row.text(2), "x");
      seen.push_back(row.integer(0));
    }));
    EXPECT_EQ(seen, (std::vector<std::int64_t>{2, 3}));
    // Other parameters are another question.
    MEDPERF_TRY(auto rows, session.query(ahead, {std::int64_t{2}}));
    EXPECT_EQ(rows.size(), 1u);
    return {};
  });
  EXPECT_TRUE(status.ok());
  // One that nobody asks for, or that is wrong, does no harm to the next transaction.
  for (const std::string_view unasked :
       {ahead, std::string_view("SELECT nothing FROM t WHERE i > ?")}) {
    const Status left = database_->read_transaction([&](Session& session) -> Status {
      session.prefetch(unasked, {std::int64_t{1}});
      return {};
    });
    EXPECT_TRUE(left.ok());
    EXPECT_EQ(count(*database_, "t"), 3);
  }
}

TEST_P(GroupCommitTest, TheLastQuestionMayEndWhatOnlyReads) {
  const std::string_view ahead = "SELECT 1 + ?";
  const std::string_view last = "SELECT COUNT(*) FROM t";
  for (int turn = 0; turn < 3; ++turn) {
    const Status status = database_->read_transaction([&](Session& session) -> Status {
      session.prefetch(ahead, {std::int64_t{1}});
      session.ends_with_next();
      MEDPERF_TRY(auto counted, session.query(last));
      EXPECT_EQ(counted.at(0).integer(0), turn);
      MEDPERF_TRY(auto rows, session.query(ahead, {std::int64_t{1}}));
      EXPECT_EQ(rows.at(0).integer(0), 2);
      return {};
    });
    EXPECT_TRUE(status.ok());
    ASSERT_TRUE(change(*database_, "INSERT INTO t (i) VALUES (?)", {std::int64_t{turn}}).ok());
  }
  // One more would see another state: there it is refused, not answered.
  const Status more = database_->read_transaction([&](Session& session) -> Status {
    session.ends_with_next();
    MEDPERF_CHECK(session.query(last));
    MEDPERF_CHECK(session.query(last));
    return {};
  });
  EXPECT_EQ(more.ok(), database_->dialect() == Dialect::kSqlite);
  if (!more.ok()) {
    EXPECT_EQ(more.error().kind, ErrorKind::kBug);
  }
  // A failed last question leaves the connection as it was; a transaction that writes goes on.
  const Status wrong = database_->read_transaction([&](Session& session) -> Status {
    session.ends_with_next();
    MEDPERF_CHECK(session.query("SELECT nothing FROM t"));
    return {};
  });
  EXPECT_FALSE(wrong.ok());
  const Status written = database_->write_transaction([&](Session& session) -> Status {
    session.ends_with_next();
    MEDPERF_CHECK(session.query(last));
    MEDPERF_CHECK(session.execute("INSERT INTO t (i) VALUES (7)"));
    return {};
  });
  EXPECT_TRUE(written.ok());
  EXPECT_EQ(count(*database_, "t"), 4);
}

TEST_P(GroupCommitTest, WhatIsDoneLaterIsDoneWithTheNextStatementOrTheCommit) {
  const std::string_view insert = "INSERT INTO t (i) VALUES (?)";
  const auto add = [&](std::int64_t i, bool looks) {
    return database_->write_transaction([&, i, looks](Session& session) -> Status {
      MEDPERF_CHECK(session.execute_later(insert, {i}));
      if (!looks) return {};
      MEDPERF_TRY(const auto rows, session.query("SELECT COUNT(*) FROM t WHERE i = ?", {i}));
      EXPECT_EQ(rows.at(0).integer(0), 1);
      return {};
    });
  };
  EXPECT_TRUE(add(1, true).ok());
  EXPECT_TRUE(add(2, false).ok());
  EXPECT_EQ(count(*database_, "t"), 2);
  for (const bool looks : {true, false}) {
    const Status twice = add(1, looks);
    ASSERT_FALSE(twice.ok());
    EXPECT_EQ(twice.error().kind, ErrorKind::kConflict);
    EXPECT_EQ(twice.error().where, "t.i");
    // What failed is over: the next one finds the connection as it was.
    EXPECT_TRUE(add(looks ? 3 : 4, false).ok());
  }
  EXPECT_EQ(count(*database_, "t"), 4);
}

INSTANTIATE_TEST_SUITE_P(Engines, GroupCommitTest,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgres), engine_name);

}  // namespace
}  // namespace medperf::sql
