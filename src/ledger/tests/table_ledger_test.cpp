#include <gtest/gtest.h>

#include "base/tests/temporary_folder.h"
#include "crypto/sha256.h"
#include "ledger/ledger.h"

namespace medperf::ledger {
namespace {

class TableLog : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = sql::Database::open(sql::SqliteOptions{folder_.path() / "hub.db", 1});
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    database_ = std::move(*opened);
    ASSERT_TRUE(database_
                    ->write_transaction([](sql::Session& session) {
                      return session.run_script(create_table_script(session.dialect()));
                    })
                    .ok());
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(database_
                      ->write_transaction([i](sql::Session& session) {
                        return append(session, {"write", "admin", i}, Timestamp{i});
                      })
                      .ok());
    }
  }
  void execute(const std::string& statement) {
    ASSERT_TRUE(database_
                    ->write_transaction(
                        [&](sql::Session& session) { return session.run_script(statement); })
                    .ok());
  }
  Verification verify() {
    return database_->read([](sql::Session& session) { return verify_table(session); }).value();
  }

  TemporaryFolder folder_;
  std::unique_ptr<sql::Database> database_;
};

TEST_F(TableLog, AppendsAndVerifies) {
  const auto found = verify();
  EXPECT_EQ(found.lines, 5);
  EXPECT_EQ(found.first_bad_line, 0) << found.problem;
}

TEST_F(TableLog, IsPartOfItsTransaction) {
  const Status status = database_->write_transaction([](sql::Session& session) -> Status {
    MEDPERF_CHECK(append(session, {"write", "admin", 1}, Timestamp{0}));
    return make_error(ErrorKind::kRefused, "", "no");
  });
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(verify().lines, 5);
}

TEST_F(TableLog, NamesChangedAndRemovedLines) {
  execute("UPDATE log_lines SET line = REPLACE(line, 'admin', 'Admin') WHERE n = 4");
  EXPECT_EQ(verify().first_bad_line, 4);
  execute("DELETE FROM log_lines WHERE n = 2");
  EXPECT_EQ(verify().first_bad_line, 2);
  execute("DELETE FROM log_lines WHERE n = 1");
  EXPECT_EQ(verify().first_bad_line, 1);
}

TEST_F(TableLog, NamesAHashThatIsNotTheLines) {
  execute("UPDATE log_lines SET hash = 'x' WHERE n = 3");
  EXPECT_EQ(verify().first_bad_line, 3);
}

TEST_F(TableLog, SeesRowsBeforeTheFirst) {
  execute("INSERT INTO log_lines (n, hash, line) VALUES (-1, 'h', 'l')");
  EXPECT_EQ(verify().first_bad_line, 1);
}

TEST_F(TableLog, VerifiesMoreThanOnePage) {
  const Status status = database_->write_transaction([](sql::Session& session) -> Status {
    for (int i = 0; i < 2500; ++i)
      MEDPERF_CHECK(append(session, {"write", "admin", i}, Timestamp{i}));
    return {};
  });
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(verify().lines, 2505);
  execute("UPDATE log_lines SET line = REPLACE(line, 'admin', 'Admin') WHERE n = 2200");
  EXPECT_EQ(verify().first_bad_line, 2200);
}

}  // namespace
}  // namespace medperf::ledger
