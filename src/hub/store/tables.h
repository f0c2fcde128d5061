#pragma once
// All tables of a hub's database as the database itself describes them, for copies of the whole. A
// new table needs nothing here.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sql/database.h"

namespace medperf::hub {

struct TableShape {
  std::string name;
  std::vector<std::string> columns;
  std::vector<std::string> key;  ///< columns of the primary key, in its order
};

/// The newest step of the schema that was done.
struct SchemaStep {
  int version = 0;
  std::string name;
};
Result<SchemaStep> last_schema_step(sql::Session& session);

/// Whether there is more than what init makes: one account and one line of the log.
Result<bool> is_hub_in_use(sql::Session& session);

/// Every table but the list of schema versions, each after those it refers to. Error: corrupt, for
/// a table without primary key or names that are no plain words.
Result<std::vector<TableShape>> read_tables(sql::Session& session);

/// Those tables of another program's database that can be read in the same way.
Result<std::vector<TableShape>> read_foreign_tables(sql::Session& session);

/// Every row in the order of the key, read in small pages.
Status for_each_row(sql::Session& session, const TableShape& table,
                    const std::function<Status(const sql::Row&)>& visit);

Status empty_table(sql::Session& session, const TableShape& table);
Status insert_values(sql::Session& session, const TableShape& table, const sql::Params& values);

/// The last id that a table gave; nothing when its ids do not come from a counter.
Result<std::optional<std::int64_t>> last_given_id(sql::Session& session, const TableShape& table);
/// The next id will be the one after `id`.
Status set_last_given_id(sql::Session& session, const TableShape& table, std::int64_t id);

/// Removes every table, view and function of the hub. Error: refused, when the tables are not a
/// hub's.
Status drop_schema(sql::Session& session);

/// While alive in a transaction that fills tables: triggers do not run, since what they keep up is
/// among the rows.
Status stop_triggers(sql::Session& session, std::vector<std::string>& stopped);
Status restart_triggers(sql::Session& session, const std::vector<std::string>& stopped);

}  // namespace medperf::hub
