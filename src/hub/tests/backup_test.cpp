// Backup and restore on both databases and from one to the other; migrations from every version.

#include <sys/stat.h>

#include <map>
#include <vector>

#include "hub/store/schema.h"
#include "hub/store/tables.h"
#include "hub/tests/test_hub.h"
#include "hub/transfer/backup.h"
#include "ledger/ledger.h"
#include "net/tests/loopback.h"

namespace medperf::hub {
namespace {

using Contents = std::map<std::string, std::vector<sql::Params>>;

/// The rows of an archive by table, without the log, which a restore adds a line to.
Contents contents_of(const fs::path& file) {
  Contents contents;
  std::string table;
  const auto is_log = [&] { return table == ledger::kLogTable || table == ledger::kWaitingTable; };
  ArchiveReading reading;
  reading.table = [&](const TableShape& shape, std::optional<std::int64_t>) -> Status {
    table = shape.name;
    if (!is_log()) contents[table] = {};
    return {};
  };
  reading.row = [&](const sql::Params& values) -> Status {
    if (!is_log()) contents[table].push_back(values);
    return {};
  };
  const auto read = read_archive(file, reading);
  EXPECT_TRUE(read.ok()) << read.error().text();
  return contents;
}

class BackupTest : public HubTest {
 protected:
  std::unique_ptr<sql::Database> sqlite(const std::string& name) const {
    auto database = sql::Database::open(sql::SqliteOptions{place_.path() / name, 2});
    EXPECT_TRUE(database.ok());
    return std::move(database).value();
  }
  fs::path backup_of(sql::Database& database, const std::string& name) const {
    const fs::path file = place_.path() / name;
    const auto made = backup(database, file, clock_);
    EXPECT_TRUE(made.ok()) << made.error().text() << made.error().cause;
    return file;
  }

  net::TemporaryFolder place_;
};

TEST_P(BackupTest, GoesToTheOtherDatabaseAndBack) {
  const World world = make_world();
  join(world, "dataset", "hospital", world.dataset);
  const fs::path first = backup_of(*database_, "first");
  struct stat info {};
  ASSERT_EQ(stat(first.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(backup(*database_, first, clock_).error().kind, ErrorKind::kConflict);

  auto other = sqlite("other.db");
  const auto moved = restore(*other, first, {}, clock_);
  ASSERT_TRUE(moved.ok()) << moved.error().text() << moved.error().cause;
  ASSERT_TRUE(ledger::chain_all(*database_).ok());
  EXPECT_EQ(count(*other, "log_lines"), rows("log_lines") + 1);
  const fs::path second = backup_of(*other, "second");
  EXPECT_EQ(contents_of(first), contents_of(second));

  EXPECT_EQ(restore(*database_, second, {}, clock_).error().kind, ErrorKind::kRefused);
  container("group", "made after the backup");
  const auto back = restore(*database_, second, {true}, clock_);
  ASSERT_TRUE(back.ok()) << back.error().text() << back.error().cause;
  EXPECT_EQ(contents_of(backup_of(*database_, "third")), contents_of(first));
  EXPECT_TRUE(check_database(*database_).ok());
}

TEST_P(BackupTest, IdsGoOnWhereTheyWere) {
  const auto kept = container("group", "kept");
  const auto gone = container("group", "gone");
  expect(204, "admin", "DELETE", path_of("mlcubes", gone));
  const fs::path file = backup_of(*database_, "backup");
  const auto restored = restore(*database_, file, {true}, clock_);
  ASSERT_TRUE(restored.ok()) << restored.error().text() << restored.error().cause;
  EXPECT_EQ(expect(200, "group", "GET", path_of("mlcubes", kept)).get_string("name"), "kept");
  EXPECT_EQ(container("group", "next"), gone + 1) << "an id was given twice";
}

TEST_P(BackupTest, AChangedFileIsRefusedAndNothingChanges) {
  container("group", "first");
  const fs::path file = backup_of(*database_, "backup");
  std::string text = read_file(file).value();
  const auto lines = rows("log_lines");
  const auto refused = [&](const std::string& changed) {
    const fs::path bad = place_.path() / "bad";
    EXPECT_TRUE(write_file_atomically(bad, changed).ok());
    const auto done = restore(*database_, bad, {true}, clock_);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().kind, ErrorKind::kCorrupt) << done.error().text();
    EXPECT_EQ(rows("log_lines"), lines);
  };
  std::string forged = text;
  forged.replace(forged.find("\"first\""), 7, "\"forge\"");
  refused(forged);
  refused(text.substr(0, text.size() / 2));
  refused(text.substr(0, text.rfind('\n', text.size() - 2) + 1));
  refused(text + "[]\n");
  const fs::path foreign = place_.path() / "foreign";
  ASSERT_TRUE(write_file_atomically(foreign, "{}\n").ok());
  EXPECT_EQ(restore(*database_, foreign, {true}, clock_).error().kind, ErrorKind::kInvalid);
}

TEST_P(BackupTest, AForeignDatabaseIsLeftAlone) {
  const fs::path file = backup_of(*database_, "backup");
  auto foreign = sqlite("foreign.db");
  ASSERT_TRUE(run(*foreign, "CREATE TABLE patients (id INTEGER PRIMARY KEY)").ok());
  EXPECT_EQ(restore(*foreign, file, {true}, clock_).error().kind, ErrorKind::kRefused);
  EXPECT_EQ(count(*foreign, "patients"), 0);
}

TEST_P(BackupTest, MigratesFromEveryVersionWithItsRows) {
  const auto steps = migrations();
  for (std::size_t version = 1; version <= steps.size(); ++version) {
    auto old = database_->exclusive_transaction([&](sql::Session& session) -> Status {
      MEDPERF_CHECK(drop_schema(session));
      MEDPERF_CHECK(sql::migrate_within(session, steps, static_cast<int>(version)));
      MEDPERF_CHECK(session.run_script(
          "INSERT INTO users (username, email) VALUES ('superuser', 's@h'), ('old', 'o@h');"
          "INSERT INTO mlcubes (name, container_config, image_hash, state, owner, created_at, "
          "modified_at) VALUES ('from before', '{}', 'h', 'OPERATION', 2, 5, 6)"));
      return {};
    });
    ASSERT_TRUE(old.ok()) << old.error().text() << old.error().cause;
    const auto reached = prepare_database(*database_, clock_);
    ASSERT_TRUE(reached.ok()) << "from " << version << ": " << reached.error().text();
    EXPECT_EQ(*reached, static_cast<int>(steps.size()));
    const Json list = expect(200, "old", "GET", "mlcubes/");
    EXPECT_EQ(list.get_int("count"), 1);
    const Json row = expect(200, "old", "GET", "mlcubes/1/");
    EXPECT_EQ(row.get_string("name"), "from before");
    EXPECT_EQ(row.get_string("created_at"), "1970-01-01T00:00:00.000005Z");
    EXPECT_GT(container("old", "from after"), 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, BackupTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

}  // namespace
}  // namespace medperf::hub
