// Several processes on one SQLite file.

#include "sql/tests/engines.h"

namespace medperf::sql {
namespace {

class ProcessesTest : public EngineTest {};

/// Opens the database in another process, adds a row and closes it again. Not a fork of this one:
/// that would inherit what SQLite knows of its locks.
bool add_elsewhere(const fs::path& file, int n) {
  const std::string command = "python3 -c \"import sqlite3; c = sqlite3.connect('" + file.string() +
                              "'); c.execute('INSERT INTO t VALUES (" + std::to_string(n) +
                              ")'); c.commit(); c.close()\"";
  return std::system(command.c_str()) == 0;
}

TEST_P(ProcessesTest, AProcessThatClosesLeavesTheLogOfTheOthers) {
  auto database = open();
  ASSERT_TRUE(run(*database, "CREATE TABLE t (n INTEGER PRIMARY KEY)").ok());
  ASSERT_TRUE(run(*database, "INSERT INTO t VALUES (1)").ok());
  EXPECT_EQ(count(*database, "t"), 1);  // opens a reader: must not drop the writer's lock
  ASSERT_TRUE(add_elsewhere(file(), 2));
  EXPECT_TRUE(fs::exists(file().string() + "-wal")) << "the log in use was removed";
  EXPECT_EQ(count(*database, "t"), 2);
  ASSERT_TRUE(run(*database, "INSERT INTO t VALUES (3)").ok());
  ASSERT_TRUE(add_elsewhere(file(), 4));
  EXPECT_EQ(count(*database, "t"), 4);
}

TEST_P(ProcessesTest, AFileThatWasMovedAwayIsMissedUntilItIsBack) {
  auto database = open();
  ASSERT_TRUE(run(*database, "CREATE TABLE t (n INTEGER PRIMARY KEY)").ok());
  const fs::path away = folder_ / "away";
  fs::create_directory(away);
  const std::vector<std::string> parts = {"test.db", "test.db-wal", "test.db-shm"};
  for (const auto& part : parts) fs::rename(folder_ / part, away / part);
  EXPECT_EQ(run(*database, "INSERT INTO t VALUES (1)").error().kind, ErrorKind::kUnavailable);
  const auto read = ask(*database, "SELECT n FROM t");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().kind, ErrorKind::kUnavailable);
  EXPECT_FALSE(fs::exists(file())) << "an empty database took its place";
  for (const auto& part : parts) fs::rename(away / part, folder_ / part);
  EXPECT_TRUE(run(*database, "INSERT INTO t VALUES (2)").ok());
  EXPECT_EQ(count(*database, "t"), 1);
}

INSTANTIATE_TEST_SUITE_P(Engines, ProcessesTest, testing::Values(Dialect::kSqlite), engine_name);

}  // namespace
}  // namespace medperf::sql
