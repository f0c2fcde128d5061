#include <atomic>

#include "engines.h"

namespace medperf::sql {
namespace {

class MigrateTest : public EngineTest {
 protected:
  static constexpr Migration kSteps[] = {
      {1, "users", "CREATE TABLE users (id INTEGER PRIMARY KEY, flag INTEGER)",
       "CREATE TABLE users (id BIGINT PRIMARY KEY, flag SMALLINT)"},
      {2, "groups", "CREATE TABLE groups (id INTEGER); INSERT INTO groups VALUES (1)",
       "CREATE TABLE groups (id BIGINT); INSERT INTO groups VALUES (1)"},
  };
};

TEST_P(MigrateTest, BringsAnEmptyDatabaseToTheNewestVersionOnce) {
  auto database = open();
  EXPECT_EQ(*schema_version(*database), 0);
  EXPECT_EQ(*migrate(*database, std::span(kSteps).first(1)), 1);
  EXPECT_EQ(*schema_version(*database), 1);
  EXPECT_EQ(*migrate(*database, kSteps), 2);
  EXPECT_EQ(*migrate(*database, kSteps), 2);
  EXPECT_EQ(*schema_version(*database), 2);
  EXPECT_EQ(count(*database, "groups"), 1);
  EXPECT_EQ(count(*database, "schema_migrations"), 2);
}

TEST_P(MigrateTest, AFailingStepLeavesTheVersionBefore) {
  auto database = open();
  const Migration steps[] = {
      kSteps[0],
      {2, "bad", "CREATE TABLE half (i BIGINT); CREATE TABLE users (i BIGINT)",
       "CREATE TABLE half (i BIGINT); CREATE TABLE users (i BIGINT)"},
  };
  auto reached = migrate(*database, steps);
  ASSERT_FALSE(reached.ok());
  EXPECT_EQ(reached.error().where,
            "migration 2: " +
                (GetParam() == Dialect::kSqlite ? file().string() : std::string("database")));
  EXPECT_EQ(*schema_version(*database), 1);
  EXPECT_EQ(count(*database, "half"), -1);
  EXPECT_EQ(*migrate(*database, kSteps), 2);
}

TEST_P(MigrateTest, RefusesWhatItDoesNotKnow) {
  auto database = open();
  ASSERT_TRUE(migrate(*database, kSteps).ok());
  auto newer = migrate(*database, std::span(kSteps).first(1));
  ASSERT_FALSE(newer.ok());
  EXPECT_EQ(newer.error().kind, ErrorKind::kConflict);
  const Migration other[] = {kSteps[0], {2, "other", "", ""}};
  auto foreign = migrate(*database, other);
  ASSERT_FALSE(foreign.ok());
  EXPECT_EQ(foreign.error().kind, ErrorKind::kConflict);
  const Migration gap[] = {{2, "gap", "", ""}};
  EXPECT_EQ(migrate(*database, gap).error().kind, ErrorKind::kBug);
}

TEST_P(MigrateTest, ManyStartAtOnce) {
  // Slow steps, so that without the lock all would begin before the first ends.
  const Migration steps[] = {
      {1, "users", kSteps[0].sqlite,
       "CREATE TABLE users (id BIGINT PRIMARY KEY, flag SMALLINT); SELECT pg_sleep(0.1)"},
      kSteps[1],
  };
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      auto database = open();
      auto reached = migrate(*database, steps);
      EXPECT_TRUE(reached.ok()) << reached.error().text() << reached.error().cause;
      good += reached.ok() && *reached == 2 ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 4);
  EXPECT_EQ(count(*open(), "groups"), 1);
}

INSTANTIATE_TEST_SUITE_P(Engines, MigrateTest,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgres), engine_name);

}  // namespace
}  // namespace medperf::sql
