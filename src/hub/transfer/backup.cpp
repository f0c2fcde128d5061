#include "hub/transfer/backup.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/encoding.h"
#include "hub/store/schema.h"
#include "hub/store/tables.h"
#include "ledger/ledger.h"

namespace medperf::hub {

namespace {

std::string_view name_of(sql::Dialect dialect) {
  return dialect == sql::Dialect::kSqlite ? "sqlite" : "postgres";
}

/// Hash of the last line of a log that holds. A backup of a broken log would be taken for good.
Result<std::string> sound_log_head(sql::Session& session) {
  MEDPERF_TRY(auto log, ledger::verify_table(session));
  if (log.first_bad_line == 0) return log.head;
  return make_error(ErrorKind::kCorrupt, "log line " + std::to_string(log.first_bad_line),
                    log.problem, "Compare the log with an earlier backup.");
}

Status write_table(sql::Session& session, const TableShape& table, ArchiveWriter& writer) {
  MEDPERF_TRY(auto last_id, last_given_id(session, table));
  MEDPERF_CHECK(writer.begin_table(table, last_id));
  MEDPERF_CHECK(
      for_each_row(session, table, [&](const sql::Row& row) { return writer.add_row(row); }));
  return writer.end_table();
}

Status check_schema(const ArchiveHead& head) {
  const auto known = migrations();
  const auto version = static_cast<std::size_t>(std::max(head.schema, 0));
  if (version >= 1 && version <= known.size() && known[version - 1].name == head.schema_name) {
    return {};
  }
  return make_error(ErrorKind::kConflict, "schema " + std::to_string(head.schema),
                    "this program does not know the schema of the backup (its own is " +
                        std::to_string(known.size()) + ")",
                    "Use the version that wrote it or a newer one: " + head.software + ".");
}

/// Fills an empty schema from the archive, table by table.
class Filling {
 public:
  explicit Filling(sql::Session& session) : session_(session) {}

  Status prepare() {
    MEDPERF_CHECK(stop_triggers(session_, triggers_));
    MEDPERF_TRY(auto tables, read_tables(session_));
    for (auto table = tables.rbegin(); table != tables.rend(); ++table) {
      MEDPERF_CHECK(empty_table(session_, *table));
      missing_[table->name] = std::move(*table);
    }
    return {};
  }

  /// Names are taken from the database's own tables alone, never from the file.
  Status begin(const TableShape& described, std::optional<std::int64_t> last_id) {
    MEDPERF_CHECK(finish_table());
    in_waiting_ = described.name == ledger::kWaitingTable;
    if (in_waiting_) return find_entry_column(described);
    const auto own = missing_.find(described.name);
    if (own == missing_.end()) return wrong_table(described.name);
    auto left = described.columns;
    auto right = own->second.columns;
    std::sort(left.begin(), left.end());
    std::sort(right.begin(), right.end());
    if (left != right) return wrong_table(described.name);
    table_ = std::move(own->second);
    table_->columns = described.columns;
    last_id_ = last_id;
    missing_.erase(own);
    return {};
  }

  Status add(const sql::Params& values) {
    if (!in_waiting_) return insert_values(session_, *table_, values);
    const auto* entry = std::get_if<std::string>(&values[entry_column_]);
    if (entry == nullptr) return wrong_table(std::string(ledger::kWaitingTable));
    waiting_.push_back(*entry);
    return {};
  }

  Status finish() {
    MEDPERF_CHECK(finish_table());
    missing_.erase(std::string(ledger::kWaitingTable));  // SQLite has none
    if (!missing_.empty()) return wrong_table(missing_.begin()->first);
    return restart_triggers(session_, triggers_);
  }

  /// Entries of the log that were not chained yet, in their order.
  const std::vector<std::string>& waiting() const { return waiting_; }

 private:
  Status find_entry_column(const TableShape& described) {
    const auto at = std::find(described.columns.begin(), described.columns.end(), "entry");
    if (at == described.columns.end()) return wrong_table(described.name);
    entry_column_ = static_cast<std::size_t>(at - described.columns.begin());
    return {};
  }

  Status finish_table() {
    if (table_ && last_id_) MEDPERF_CHECK(set_last_given_id(session_, *table_, *last_id_));
    table_.reset();
    return {};
  }

  static Error wrong_table(const std::string& name) {
    return make_error(ErrorKind::kCorrupt, "table " + printable(name, 60),
                      "the backup and its schema do not agree on it", "Use another backup.");
  }

  sql::Session& session_;
  std::map<std::string, TableShape> missing_;
  std::optional<TableShape> table_;
  std::optional<std::int64_t> last_id_;
  std::vector<std::string> triggers_;
  bool in_waiting_ = false;
  std::size_t entry_column_ = 0;
  std::vector<std::string> waiting_;
};

Status refuse_if_in_use(sql::Session& session) {
  MEDPERF_TRY(const bool in_use, is_hub_in_use(session));
  if (!in_use) return {};
  return make_error(ErrorKind::kRefused, "database",
                    "it holds a hub that is in use; restoring would replace it",
                    "Restore into a new hub, or repeat with --force.");
}

Result<ArchiveTotals> fill_from(sql::Session& session, const fs::path& file,
                                std::vector<std::string>& waiting) {
  Filling filling(session);
  MEDPERF_CHECK(filling.prepare());
  ArchiveReading reading;
  reading.table = [&](const TableShape& table, std::optional<std::int64_t> last_id) {
    return filling.begin(table, last_id);
  };
  reading.row = [&](const sql::Params& values) { return filling.add(values); };
  MEDPERF_TRY(auto totals, read_archive(file, reading));
  MEDPERF_CHECK(filling.finish());
  waiting = filling.waiting();
  return totals;
}

}  // namespace

Result<BackupReport> backup(sql::Database& database, const fs::path& file, const Clock& clock) {
  BackupReport report;
  MEDPERF_TRY(report.head.schema, sql::schema_version(database));
  if (report.head.schema == 0) {
    return make_error(ErrorKind::kInvalid, "database", "it holds no hub", "Run medperf-hub init.");
  }
  report.head.software = "medperf-hub " MEDPERF_VERSION;
  report.head.database = name_of(database.dialect());
  report.head.time = to_iso8601(clock.now());
  std::optional<ArchiveWriter> writer;
  const auto write_all = [&](sql::Session& session) -> Status {
    writer.reset();
    MEDPERF_TRY(auto step, last_schema_step(session));
    report.head.schema = step.version;
    report.head.schema_name = step.name;
    MEDPERF_TRY(report.log_head, sound_log_head(session));
    MEDPERF_TRY(auto made, ArchiveWriter::create(file, report.head));
    writer.emplace(std::move(made));
    MEDPERF_TRY(auto tables, read_tables(session));
    for (const auto& table : tables) MEDPERF_CHECK(write_table(session, table, *writer));
    return {};
  };
  MEDPERF_CHECK(database.read(write_all));
  MEDPERF_TRY(report.totals, writer->finish());
  return report;
}

Result<BackupReport> restore(sql::Database& database, const fs::path& file,
                             const RestoreOptions& options, const Clock& clock) {
  BackupReport report;
  ArchiveReading reading;
  reading.head = [&](const ArchiveHead& head) -> Status {
    report.head = head;
    return check_schema(head);
  };
  MEDPERF_TRY(report.totals, read_archive(file, reading));
  const auto replace_all = [&](sql::Session& session) -> Status {
    if (!options.force) MEDPERF_CHECK(refuse_if_in_use(session));
    MEDPERF_CHECK(drop_schema(session));
    MEDPERF_CHECK(sql::migrate_within(session, migrations(), report.head.schema));
    std::vector<std::string> waiting;
    MEDPERF_TRY(auto totals, fill_from(session, file, waiting));
    if (totals.digest != report.totals.digest) {
      return make_error(ErrorKind::kCorrupt, file.string(), "the file changed while it was read");
    }
    const auto newest = static_cast<int>(migrations().size());
    MEDPERF_CHECK(sql::migrate_within(session, migrations(), newest));
    MEDPERF_TRY(report.log_head, sound_log_head(session));
    for (const auto& entry : waiting) MEDPERF_CHECK(ledger::append_waiting_text(session, entry));
    return ledger::append(session,
                          {"hub.restore", "medperf-hub",
                           Json::object({{"backup", report.totals.digest},
                                         {"taken", report.head.time},
                                         {"from", report.head.database}})},
                          clock.now());
  };
  // Steps of the schema make tables anew, which must not take along the rows that refer to them.
  MEDPERF_CHECK(database.schema_transaction(replace_all));
  return report;
}

}  // namespace medperf::hub
