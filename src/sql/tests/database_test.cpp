// The same behaviour from both databases: values, errors, transactions.

#include <gmock/gmock.h>

#include <limits>
#include <stdexcept>

#include "engines.h"

namespace medperf::sql {
namespace {

using testing::HasSubstr;

class DatabaseTest : public EngineTest {};

constexpr const char* kTables = R"(
  CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, size BIGINT CHECK (size > 0));
  CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id) ON DELETE RESTRICT,
                      a TEXT, b TEXT, UNIQUE (a, b));
  CREATE UNIQUE INDEX parent_size ON parent ((size % 1000));
  INSERT INTO parent (id, name, size) VALUES (1, 'one', 10);
)";

TEST_P(DatabaseTest, ValuesComeBackAsTheyWereStored) {
  auto database = open();
  ASSERT_TRUE(
      run(*database, "CREATE TABLE t (i BIGINT, d DOUBLE PRECISION, b SMALLINT, s TEXT)").ok());
  const std::int64_t largest = std::numeric_limits<std::int64_t>::max();
  const std::int64_t smallest = std::numeric_limits<std::int64_t>::min();
  const std::string text = "it's \"quoted\" \\ ? $1 \xC3\xA9\n";
  ASSERT_TRUE(
      change(*database, "INSERT INTO t VALUES (?, ?, ?, ?)", {largest, 0.1, true, text}).ok());
  ASSERT_TRUE(change(*database, "INSERT INTO t VALUES (?, ?, ?, ?)",
                     {smallest, 5e-324, false, std::string()})
                  .ok());
  ASSERT_TRUE(
      change(*database, "INSERT INTO t VALUES (?, ?, ?, ?)", {nullptr, nullptr, nullptr, nullptr})
          .ok());
  auto rows = ask(*database, "SELECT i, d, b, s FROM t ORDER BY i IS NULL, i DESC");
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_EQ((*rows)[0].integer(0), largest);
  EXPECT_EQ((*rows)[0].number(1), 0.1);
  EXPECT_EQ((*rows)[0].integer(2), 1);
  EXPECT_EQ((*rows)[0].text(3), text);
  EXPECT_EQ((*rows)[1].integer(0), smallest);
  EXPECT_EQ((*rows)[1].number(1), 5e-324);
  EXPECT_EQ((*rows)[1].integer(2), 0);
  EXPECT_EQ((*rows)[1].text(3), "");
  EXPECT_FALSE((*rows)[1].is_null(3));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE((*rows)[2].is_null(i));
  EXPECT_EQ((*rows)[2].text_or(3, "other"), "other");
}

TEST_P(DatabaseTest, SumsOfIntegersAreIntegers) {
  auto database = open();
  ASSERT_TRUE(run(*database, "CREATE TABLE t (i BIGINT); INSERT INTO t VALUES (1), (2)").ok());
  auto rows =
      ask(*database, "SELECT sum(i), count(*), max(i), i = 1 FROM t WHERE i < 2 GROUP BY i");
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ((*rows)[0].integer(0), 1);
  EXPECT_EQ((*rows)[0].number(0), 1.0);
  EXPECT_EQ((*rows)[0].integer(1), 1);
  EXPECT_EQ((*rows)[0].integer(2), 1);
  EXPECT_EQ((*rows)[0].integer(3), 1);
}

TEST_P(DatabaseTest, QuestionMarksInTextsAndCommentsAreNoParameters) {
  auto database = open();
  auto rows = ask(*database, "SELECT 'what?', CAST(? AS BIGINT) AS \"x?\" -- why?\n /* ? */",
                  {std::int64_t{7}});
  ASSERT_TRUE(rows.ok()) << rows.error().cause;
  EXPECT_EQ((*rows)[0].text(0), "what?");
  EXPECT_EQ((*rows)[0].integer(1), 7);
}

TEST_P(DatabaseTest, ExecuteCountsChangedRows) {
  auto database = open();
  ASSERT_TRUE(run(*database, "CREATE TABLE t (i BIGINT)").ok());
  EXPECT_EQ(*change(*database, "INSERT INTO t VALUES (1), (2), (3)"), 3);
  EXPECT_EQ(*change(*database, "CREATE TABLE u (i BIGINT)"), 0);
  EXPECT_EQ(*change(*database, "UPDATE t SET i = i + 1 WHERE i > ?", {std::int64_t{1}}), 2);
  EXPECT_EQ(*change(*database, "DELETE FROM t WHERE i = 99"), 0);
  EXPECT_EQ(*change(*database, "SELECT i FROM t"), 0);
  auto id = database->write(
      [](Session& session) { return session.query("INSERT INTO t VALUES (9) RETURNING i"); });
  ASSERT_TRUE(id.ok());
  EXPECT_EQ((*id)[0].integer(0), 9);
  EXPECT_EQ(count(*database, "t"), 4);
}

TEST_P(DatabaseTest, BrokenConstraintsSayWhere) {
  auto database = open();
  ASSERT_TRUE(run(*database, kTables).ok());
  struct Case {
    const char* statement;
    ErrorKind kind;
    const char* where;
  };
  ASSERT_TRUE(change(*database, "INSERT INTO child VALUES (1, 1, 'x', 'y')").ok());
  const Case cases[] = {
      {"INSERT INTO parent VALUES (2, 'one', 1)", ErrorKind::kConflict, "parent.name"},
      {"INSERT INTO parent VALUES (1, 'two', 1)", ErrorKind::kConflict, "parent.id"},
      {"INSERT INTO child VALUES (2, 1, 'x', 'y')", ErrorKind::kConflict, "child.a,b"},
      {"INSERT INTO parent VALUES (2, 'two', 1010)", ErrorKind::kConflict, "parent_size"},
      {"INSERT INTO child VALUES (2, 5, 'q', 'r')", ErrorKind::kInvalid, "child"},
      {"UPDATE child SET parent = 5", ErrorKind::kInvalid, "child"},
      {"DELETE FROM parent", ErrorKind::kInvalid, "parent"},
      {"INSERT INTO parent VALUES (3, 'three', 0)", ErrorKind::kInvalid, "parent"},
      {"INSERT INTO parent VALUES (3, NULL, 1)", ErrorKind::kInvalid, "parent.name"},
  };
  for (const Case& one : cases) {
    auto changed = change(*database, one.statement);
    ASSERT_FALSE(changed.ok()) << one.statement;
    EXPECT_EQ(changed.error().kind, one.kind) << one.statement << changed.error().cause;
    EXPECT_EQ(changed.error().where, one.where) << one.statement;
    EXPECT_THAT(changed.error().cause, testing::Not(testing::IsEmpty()));
  }
  EXPECT_EQ(count(*database, "child"), 1);
  EXPECT_EQ(count(*database, "parent"), 1);
}

TEST_P(DatabaseTest, AnErrorRollsEverythingBack) {
  auto database = open();
  ASSERT_TRUE(run(*database, "CREATE TABLE t (i BIGINT)").ok());
  const Status status = database->write_transaction([](Session& session) -> Status {
    MEDPERF_CHECK(session.execute("INSERT INTO t VALUES (1)"));
    return make_error(ErrorKind::kRefused, "here", "no");
  });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::kRefused);
  EXPECT_THROW(
      {
        const Status never = database->write_transaction([](Session& session) -> Status {
          MEDPERF_CHECK(session.execute("INSERT INTO t VALUES (2)"));
          throw std::runtime_error("a bug");
        });
        ADD_FAILURE() << never.ok();
      },
      std::runtime_error);
  EXPECT_EQ(count(*database, "t"), 0);
  EXPECT_TRUE(change(*database, "INSERT INTO t VALUES (3)").ok());
}

TEST_P(DatabaseTest, NothingIsKeptAfterAFailedStatementEvenWhenItIsIgnored) {
  auto database = open();
  ASSERT_TRUE(run(*database, kTables).ok());
  const Status status = database->write_transaction([](Session& session) -> Status {
    MEDPERF_CHECK(session.execute("INSERT INTO parent VALUES (2, 'two', 1)"));
    EXPECT_FALSE(session.execute("INSERT INTO parent VALUES (3, 'two', 3)").ok());
    auto after = session.query("SELECT 1");
    EXPECT_FALSE(after.ok());
    EXPECT_EQ(after.error().kind, ErrorKind::kConflict);
    return {};
  });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().where, "parent.name");
  EXPECT_EQ(count(*database, "parent"), 1);
}

TEST_P(DatabaseTest, MistakesInTheProgramAreBugs) {
  auto database = open();
  ASSERT_TRUE(run(*database, "CREATE TABLE t (i BIGINT)").ok());
  const auto kind = [](auto result) {
    return result.ok() ? ErrorKind::kRefused : result.error().kind;
  };
  EXPECT_EQ(kind(ask(*database, "SELECT nonsense FROM t")), ErrorKind::kBug);
  EXPECT_EQ(kind(ask(*database, "SELEC 1")), ErrorKind::kBug);
  EXPECT_EQ(kind(ask(*database, "SELECT 1; SELECT 2")), ErrorKind::kBug);
  EXPECT_EQ(kind(change(*database, "INSERT INTO t VALUES (?)")), ErrorKind::kBug);
  EXPECT_EQ(kind(change(*database, "INSERT INTO t VALUES (1)", {true})), ErrorKind::kBug);
  EXPECT_EQ(kind(run(*database, "INSERT INTO t VALUES (1); COMMIT")), ErrorKind::kBug);
  const Status wrote = database->read_transaction([](Session& session) -> Status {
    MEDPERF_CHECK(session.execute("INSERT INTO t VALUES (1)"));
    return {};
  });
  EXPECT_EQ(kind(wrote), ErrorKind::kBug);
  const Status nested = database->read_transaction(
      [&](Session&) { return run(*database, "INSERT INTO t VALUES (1)"); });
  EXPECT_EQ(kind(nested), ErrorKind::kBug);
}

TEST_P(DatabaseTest, ValuesThatOnlyOneDatabaseWouldTakeAreRefused) {
  auto database = open();
  ASSERT_TRUE(run(*database, "CREATE TABLE t (s TEXT, d DOUBLE PRECISION)").ok());
  auto nul = change(*database, "INSERT INTO t (s) VALUES (?)", {std::string("a\0b", 3)});
  ASSERT_FALSE(nul.ok());
  EXPECT_EQ(nul.error().kind, ErrorKind::kInvalid);
  EXPECT_THAT(nul.error().text(), HasSubstr("parameter 1"));
  auto nan =
      change(*database, "INSERT INTO t (d) VALUES (?)", {std::numeric_limits<double>::quiet_NaN()});
  ASSERT_FALSE(nan.ok());
  EXPECT_EQ(nan.error().kind, ErrorKind::kInvalid);
}

TEST_P(DatabaseTest, ABusyAnswerOfTheCallerIsNotRetried) {
  auto database = open();
  int calls = 0;
  const Status status = database->write_transaction([&](Session&) -> Status {
    ++calls;
    return make_error(ErrorKind::kBusy, "login", "too many attempts");
  });
  EXPECT_EQ(status.error().where, "login");
  EXPECT_EQ(calls, 1);
}

TEST_P(DatabaseTest, MoreStatementsThanTheCacheHolds) {
  auto database = open();
  const Status status = database->read_transaction([](Session& session) -> Status {
    for (int i = 0; i < 600; ++i) {
      MEDPERF_TRY(auto rows, session.query("SELECT " + std::to_string(i)));
      EXPECT_EQ(rows[0].integer(0), i);
    }
    return {};
  });
  EXPECT_TRUE(status.ok());
}

TEST_P(DatabaseTest, PreparedStatementsSurviveAChangeOfTheirTable) {
  auto database = open();
  ASSERT_TRUE(run(*database, "CREATE TABLE t (i BIGINT); INSERT INTO t VALUES (1)").ok());
  ASSERT_TRUE(ask(*database, "SELECT * FROM t").ok());
  ASSERT_TRUE(run(*open(), "ALTER TABLE t ADD COLUMN s TEXT").ok());
  auto rows = ask(*database, "SELECT * FROM t");
  ASSERT_TRUE(rows.ok()) << rows.error().cause;
  EXPECT_EQ((*rows)[0].size(), 2u);
}

INSTANTIATE_TEST_SUITE_P(Engines, DatabaseTest,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgres), engine_name);

}  // namespace
}  // namespace medperf::sql
