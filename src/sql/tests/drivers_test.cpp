// What only one of the databases does, and the statement rewriting.

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "engines.h"
#include "sql/driver.h"

namespace medperf::sql {
namespace {

class SqliteTest : public EngineTest {};
class PostgresTest : public EngineTest {};

TEST_P(SqliteTest, FilesAreForTheirOwnerOnly) {
  auto database = open();
  ASSERT_TRUE(run(*database, "CREATE TABLE t (i BIGINT)").ok());
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat status {};
    ASSERT_EQ(stat((file().string() + suffix).c_str(), &status), 0) << suffix;
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << suffix;
  }
}

TEST_P(SqliteTest, SettingsAreAsPromised) {
  auto database = open();
  EXPECT_EQ((*ask(*database, "PRAGMA journal_mode"))[0].text(0), "wal");
  EXPECT_EQ((*ask(*database, "PRAGMA foreign_keys"))[0].integer(0), 1);
  const Status status = database->write_transaction([](Session& session) -> Status {
    MEDPERF_TRY(auto rows, session.query("PRAGMA synchronous"));
    EXPECT_EQ(rows.at(0).integer(0), 2);  // FULL
    return {};
  });
  EXPECT_TRUE(status.ok());
}

TEST_P(SqliteTest, UnusableFilesAreErrorsWithAPath) {
  auto missing = Database::open(SqliteOptions{folder_ / "no" / "such.db", 1});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(missing.error().where, testing::HasSubstr("such.db"));
  std::ofstream(file()) << std::string(4096, 'x');
  auto foreign = try_open();
  ASSERT_FALSE(foreign.ok());
  EXPECT_EQ(foreign.error().kind, ErrorKind::kCorrupt);
}

TEST_P(PostgresTest, AnUnreachableServerIsUnavailable) {
  auto database = Database::open(PostgresOptions{"host=/nonexistent user=x dbname=y", 1});
  ASSERT_FALSE(database.ok());
  EXPECT_EQ(database.error().kind, ErrorKind::kUnavailable);
}

TEST_P(PostgresTest, ReconnectsAfterTheServerClosedAnIdleConnection) {
  auto victim = Database::open(
      PostgresOptions{PostgresCluster::instance().connection(name_) + " application_name=idle", 1});
  ASSERT_TRUE(victim.ok());
  auto other = open();
  auto ended = ask(*other,
                   "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                   "WHERE application_name = 'idle'");
  ASSERT_TRUE(ended.ok());
  EXPECT_EQ((*ended)[0].integer(0), 1);
  EXPECT_TRUE(run(**victim, "CREATE TABLE t (i BIGINT)").ok());
}

TEST_P(PostgresTest, RepeatsATransactionWhoseConnectionWasLost) {
  auto database = open();
  auto other = open();
  ASSERT_TRUE(run(*database, "CREATE TABLE t (i BIGINT)").ok());
  int calls = 0;
  const Status status = database->write_transaction([&](Session& session) -> Status {
    MEDPERF_CHECK(session.execute("INSERT INTO t VALUES (1)"));
    if (++calls == 1) {
      MEDPERF_TRY(auto self, session.query("SELECT pg_backend_pid()"));
      std::thread([&] {  // a thread: this one may not open a second transaction of `other` inside
        EXPECT_TRUE(
            ask(*other, "SELECT pg_terminate_backend(CAST(? AS INTEGER))", {self.at(0).integer(0)})
                .ok());
      })
          .join();
    }
    MEDPERF_CHECK(session.execute("INSERT INTO t VALUES (2)"));
    return {};
  });
  EXPECT_TRUE(status.ok()) << status.error().text();
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(count(*database, "t"), 2);
}

INSTANTIATE_TEST_SUITE_P(Driver, SqliteTest, testing::Values(Dialect::kSqlite), engine_name);
INSTANTIATE_TEST_SUITE_P(Driver, PostgresTest, testing::Values(Dialect::kPostgres), engine_name);

TEST(StatementText, PlaceholdersAreNumbered) {
  const auto numbered = [](std::string_view text) { return number_placeholders(text).text; };
  EXPECT_EQ(numbered("a = ? AND b=?"), "a = $1 AND b=$2");
  EXPECT_EQ(numbered("'?''?' || ?"), "'?''?' || $1");
  EXPECT_EQ(numbered("\"?\"\"?\" ?"), "\"?\"\"?\" $1");
  EXPECT_EQ(numbered("E'\\'?' ? e'?' name'?'"), "E'\\'?' $1 e'?' name'?'");
  EXPECT_EQ(numbered("'\\' ?"), "'\\' $1");
  EXPECT_EQ(numbered("-- ?\n? -- ?"), "-- ?\n$1 -- ?");
  EXPECT_EQ(numbered("/* ? /* ? */ ? */ ?"), "/* ? /* ? */ ? */ $1");
  EXPECT_EQ(numbered("$$?$$ ? $tag$ ? $$ ? $tag$ ?"), "$$?$$ $1 $tag$ ? $$ ? $tag$ $2");
  EXPECT_EQ(numbered("'open ?"), "'open ?");
  EXPECT_EQ(number_placeholders("?, ?, '?'").parameters, 2);
}

TEST(StatementText, TheTableWrittenToIsFound) {
  EXPECT_EQ(written_table("INSERT INTO users (a) VALUES (?)"), "users");
  EXPECT_EQ(written_table("  insert or ignore into \"Odd Name\" values (1)"), "Odd Name");
  EXPECT_EQ(written_table("UPDATE users SET a = 1"), "users");
  EXPECT_EQ(written_table("DELETE\nFROM users"), "users");
  EXPECT_EQ(written_table("SELECT 1 FROM users"), "");
  EXPECT_EQ(written_table(""), "");
}

}  // namespace
}  // namespace medperf::sql
