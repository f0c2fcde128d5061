#include "hub/store/tables.h"

#include <algorithm>
#include <map>
#include <set>

namespace medperf::hub {

namespace {

// Rows may be large; a page of them must fit into memory many times.
constexpr std::int64_t kPage = 100;
constexpr std::string_view kVersions = "schema_migrations";

bool is_plain_word(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string in_quotes(std::string_view name) {
  return '"' + std::string(name) + '"';
}

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + in_quotes(name);
  return text;
}

std::string marks(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += i == 0 ? "?" : ", ?";
  return text;
}

bool on_sqlite(const sql::Session& session) {
  return session.dialect() == sql::Dialect::kSqlite;
}

/// The first column of an answer.
Result<std::vector<std::string>> names(sql::Session& session, std::string_view statement,
                                       const sql::Params& params = {}) {
  MEDPERF_TRY(auto rows, session.query(statement, params));
  std::vector<std::string> list;
  list.reserve(rows.size());
  for (const auto& row : rows) list.push_back(row.text(0));
  return list;
}

Result<std::vector<std::string>> table_names(sql::Session& session) {
  return names(session, on_sqlite(session)
                            ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT "
                              "LIKE 'sqlite_%' ORDER BY name"
                            : "SELECT CAST(relname AS TEXT) FROM pg_catalog.pg_class WHERE relkind "
                              "= 'r' AND relnamespace = CAST(current_schema() AS regnamespace) "
                              "ORDER BY relname");
}

Result<TableShape> read_shape(sql::Session& session, const std::string& table) {
  const bool sqlite = on_sqlite(session);
  TableShape shape;
  shape.name = table;
  MEDPERF_TRY(
      shape.columns,
      names(session,
            sqlite ? "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid"
                   : "SELECT CAST(attname AS TEXT) FROM pg_catalog.pg_attribute WHERE attrelid = "
                     "to_regclass(CAST(? AS TEXT)) AND attnum > 0 AND NOT attisdropped AND "
                     "attgenerated = '' ORDER BY attnum",
            {table}));
  MEDPERF_TRY(
      shape.key,
      names(session,
            sqlite ? "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk"
                   : "SELECT CAST(a.attname AS TEXT) FROM pg_catalog.pg_index i CROSS JOIN LATERAL "
                     "unnest(i.indkey) WITH ORDINALITY AS k(attnum, place) JOIN "
                     "pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
                     "WHERE i.indrelid = to_regclass(CAST(? AS TEXT)) AND i.indisprimary ORDER BY "
                     "k.place",
            {table}));
  const bool plain = is_plain_word(table) &&
                     std::all_of(shape.columns.begin(), shape.columns.end(), is_plain_word);
  if (!plain || shape.key.empty()) {
    return make_error(ErrorKind::kCorrupt, "table " + table,
                      "it cannot be a hub's: it has no primary key or strange names",
                      "Give the hub a database (or schema) of its own.");
  }
  return shape;
}

Result<std::vector<std::string>> references(sql::Session& session, const std::string& table) {
  return names(session,
               on_sqlite(session)
                   ? "SELECT \"table\" FROM pragma_foreign_key_list(?)"
                   : "SELECT CAST(c.relname AS TEXT) FROM pg_catalog.pg_constraint f JOIN "
                     "pg_catalog.pg_class c ON c.oid = f.confrelid WHERE f.contype = 'f' AND "
                     "f.conrelid = to_regclass(CAST(? AS TEXT))",
               {table});
}

/// Table names, each after those it refers to; tables of a circle come last, by name.
std::vector<std::string> in_order(const std::map<std::string, std::set<std::string>>& references) {
  std::vector<std::string> order;
  std::set<std::string> placed;
  while (order.size() < references.size()) {
    const auto before = order.size();
    for (const auto& entry : references) {
      const auto& [table, others] = entry;
      const bool ready = std::all_of(others.begin(), others.end(), [&](const std::string& other) {
        return other == entry.first || placed.count(other) > 0;
      });
      if (placed.count(table) > 0 || !ready) continue;
      order.push_back(table);
      placed.insert(table);
    }
    if (order.size() != before) continue;
    for (const auto& [table, others] : references) {
      if (placed.insert(table).second) order.push_back(table);
    }
  }
  return order;
}

/// Name of the sequence behind column id, quoted by the database; empty: none.
Result<std::string> sequence_of(sql::Session& session, const TableShape& table) {
  MEDPERF_TRY(auto rows, session.query("SELECT pg_get_serial_sequence(CAST(? AS TEXT), 'id')",
                                       {in_quotes(table.name)}));
  return rows.front().text_or(0, "");
}

bool has_id_key(const TableShape& table) {
  return table.key == std::vector<std::string>{"id"};
}

}  // namespace

Result<SchemaStep> last_schema_step(sql::Session& session) {
  MEDPERF_TRY(auto rows, session.query("SELECT version, name FROM schema_migrations ORDER BY "
                                       "version DESC LIMIT 1"));
  if (rows.empty()) return SchemaStep{};
  return SchemaStep{static_cast<int>(rows.front().integer(0)), rows.front().text(1)};
}

Result<bool> is_hub_in_use(sql::Session& session) {
  MEDPERF_TRY(auto tables, table_names(session));
  const auto has = [&](std::string_view name) {
    return std::find(tables.begin(), tables.end(), name) != tables.end();
  };
  if (!has("users") || !has("log_lines")) return false;
  MEDPERF_TRY(auto rows, session.query("SELECT (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM "
                                       "log_lines)"));
  return rows.front().integer(0) > 1 || rows.front().integer(1) > 1;
}

Result<std::vector<TableShape>> read_tables(sql::Session& session) {
  MEDPERF_TRY(auto tables, table_names(session));
  std::map<std::string, std::set<std::string>> graph;
  for (const auto& table : tables) {
    if (table == kVersions) continue;
    MEDPERF_TRY(auto others, references(session, table));
    graph[table] = {others.begin(), others.end()};
  }
  std::vector<TableShape> shapes;
  for (const auto& table : in_order(graph)) {
    MEDPERF_TRY(auto shape, read_shape(session, table));
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

Result<std::vector<TableShape>> read_foreign_tables(sql::Session& session) {
  MEDPERF_TRY(auto tables, table_names(session));
  std::vector<TableShape> shapes;
  for (const auto& table : tables) {
    auto shape = read_shape(session, table);
    if (shape.ok()) {
      shapes.push_back(std::move(*shape));
    } else if (shape.error().kind != ErrorKind::kCorrupt) {
      return std::move(shape).error();
    }
  }
  return shapes;
}

Status for_each_row(sql::Session& session, const TableShape& table,
                    const std::function<Status(const sql::Row&)>& visit) {
  std::vector<std::size_t> key_places;
  for (const auto& column : table.key) {
    const auto at = std::find(table.columns.begin(), table.columns.end(), column);
    key_places.push_back(static_cast<std::size_t>(at - table.columns.begin()));
  }
  const std::string select =
      "SELECT " + list_of(table.columns) + " FROM " + in_quotes(table.name) + " ";
  const std::string order = "ORDER BY " + list_of(table.key) + " LIMIT " + std::to_string(kPage);
  const std::string next =
      select + "WHERE (" + list_of(table.key) + ") > (" + marks(table.key.size()) + ") " + order;
  sql::Params last;
  for (;;) {
    MEDPERF_TRY(auto rows,
                last.empty() ? session.query(select + order) : session.query(next, last));
    for (const auto& row : rows) MEDPERF_CHECK(visit(row));
    if (rows.size() < static_cast<std::size_t>(kPage)) return {};
    last.clear();
    for (const std::size_t place : key_places) last.push_back(rows.back().value(place));
  }
}

Status empty_table(sql::Session& session, const TableShape& table) {
  MEDPERF_CHECK(session.execute("DELETE FROM " + in_quotes(table.name)));
  return {};
}

Status insert_values(sql::Session& session, const TableShape& table, const sql::Params& values) {
  MEDPERF_CHECK(session.execute("INSERT INTO " + in_quotes(table.name) + " (" +
                                    list_of(table.columns) + ") VALUES (" +
                                    marks(table.columns.size()) + ")",
                                values));
  return {};
}

Result<std::optional<std::int64_t>> last_given_id(sql::Session& session, const TableShape& table) {
  if (!has_id_key(table)) return std::optional<std::int64_t>();
  if (on_sqlite(session)) {
    MEDPERF_TRY(auto rows,
                session.query("SELECT seq FROM sqlite_sequence WHERE name = ?", {table.name}));
    return rows.empty() ? std::int64_t{0} : std::optional(rows.front().integer(0));
  }
  MEDPERF_TRY(auto sequence, sequence_of(session, table));
  if (sequence.empty()) return std::optional<std::int64_t>();
  MEDPERF_TRY(
      auto rows,
      session.query("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM " + sequence));
  return std::optional(rows.front().integer(0));
}

Status set_last_given_id(sql::Session& session, const TableShape& table, std::int64_t id) {
  if (on_sqlite(session)) {
    MEDPERF_CHECK(session.execute("DELETE FROM sqlite_sequence WHERE name = ?", {table.name}));
    MEDPERF_CHECK(
        session.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", {table.name, id}));
    return {};
  }
  MEDPERF_TRY(auto sequence, sequence_of(session, table));
  if (sequence.empty()) return {};
  MEDPERF_CHECK(session.query("SELECT setval(CAST(CAST(? AS TEXT) AS regclass), ?, ?)",
                              {sequence, std::max<std::int64_t>(id, 1), id > 0}));
  return {};
}

namespace {

Status check_ours(sql::Session& session) {
  MEDPERF_TRY(auto tables, table_names(session));
  if (tables.empty() || std::count(tables.begin(), tables.end(), kVersions) > 0) return {};
  return make_error(ErrorKind::kRefused, "database", "it holds tables that are not a hub's",
                    "Give the hub a database (or schema) of its own.");
}

Status drop_on_sqlite(sql::Session& session) {
  // Children go before their parents, so that no reference is ever left without its row.
  MEDPERF_CHECK(session.run_script("PRAGMA defer_foreign_keys = ON"));
  MEDPERF_TRY(auto views, names(session, "SELECT name FROM sqlite_master WHERE type = 'view'"));
  for (const auto& view : views) MEDPERF_CHECK(session.run_script("DROP VIEW " + in_quotes(view)));
  MEDPERF_TRY(auto triggers,
              names(session, "SELECT name FROM sqlite_master WHERE type = 'trigger'"));
  for (const auto& trigger : triggers) {
    MEDPERF_CHECK(session.run_script("DROP TRIGGER " + in_quotes(trigger)));
  }
  MEDPERF_TRY(auto tables, read_tables(session));
  for (auto table = tables.rbegin(); table != tables.rend(); ++table) {
    MEDPERF_CHECK(session.run_script("DROP TABLE " + in_quotes(table->name)));
  }
  return session.run_script("DROP TABLE IF EXISTS schema_migrations");
}

Status drop_on_postgres(sql::Session& session) {
  MEDPERF_TRY(auto tables, table_names(session));
  if (!tables.empty()) {
    MEDPERF_CHECK(session.run_script("DROP TABLE " + list_of(tables) + " CASCADE"));
  }
  MEDPERF_TRY(auto functions,
              names(session,
                    "SELECT CAST(CAST(p.oid AS regprocedure) AS TEXT) FROM pg_catalog.pg_proc p "
                    "WHERE p.pronamespace = CAST(current_schema() AS regnamespace) AND p.prokind = "
                    "'f' AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.objid = "
                    "p.oid AND d.deptype = 'e')"));
  for (const auto& function : functions) {
    MEDPERF_CHECK(session.run_script("DROP FUNCTION " + function + " CASCADE"));
  }
  return {};
}

}  // namespace

Status drop_schema(sql::Session& session) {
  MEDPERF_CHECK(check_ours(session));
  return on_sqlite(session) ? drop_on_sqlite(session) : drop_on_postgres(session);
}

Status stop_triggers(sql::Session& session, std::vector<std::string>& stopped) {
  if (on_sqlite(session)) {
    MEDPERF_TRY(auto triggers,
                session.query("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"));
    for (const auto& trigger : triggers) {
      MEDPERF_CHECK(session.run_script("DROP TRIGGER " + in_quotes(trigger.text(0))));
      stopped.push_back(trigger.text(1));
    }
    return {};
  }
  MEDPERF_TRY(auto tables, table_names(session));
  for (const auto& table : tables) {
    MEDPERF_CHECK(session.run_script("ALTER TABLE " + in_quotes(table) + " DISABLE TRIGGER USER"));
    stopped.push_back("ALTER TABLE " + in_quotes(table) + " ENABLE TRIGGER USER");
  }
  return {};
}

Status restart_triggers(sql::Session& session, const std::vector<std::string>& stopped) {
  for (const auto& statement : stopped) MEDPERF_CHECK(session.run_script(statement));
  return {};
}

}  // namespace medperf::hub
