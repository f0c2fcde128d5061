// Exact counts of the large lists (store/list_counts.h), indices in the order of their pages, and
// entries of the log that wait to be chained.

#include "hub/store/migrations/migrations.h"
#include "ledger/ledger.h"

namespace medperf::hub {

namespace {

// The columns of a change beside its place are those that lists are filtered by.
constexpr std::string_view kTables = R"sql(
CREATE TABLE list_changes (
  $id,
  list TEXT NOT NULL,
  delta BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  row_id BIGINT NOT NULL,
  is_valid SMALLINT NOT NULL,
  owner BIGINT NOT NULL,
  approval_status TEXT,
  benchmark BIGINT,
  model BIGINT
);
CREATE TABLE list_marks (
  list TEXT NOT NULL,
  class TEXT NOT NULL,
  modified_at BIGINT NOT NULL,
  row_id BIGINT NOT NULL,
  counted BIGINT NOT NULL,
  last_modified_at BIGINT NOT NULL,
  last_row_id BIGINT NOT NULL,
  PRIMARY KEY (list, class, modified_at, row_id)
);
INSERT INTO list_changes (list, delta, modified_at, row_id, is_valid, owner, approval_status, benchmark, model)
  SELECT 'results', 1, modified_at, id, is_valid, owner, approval_status, benchmark, model FROM results;
INSERT INTO list_changes (list, delta, modified_at, row_id, is_valid, owner)
  SELECT 'datasets', 1, modified_at, id, is_valid, owner FROM datasets;
CREATE INDEX benchmarks_modified ON benchmarks(modified_at, id);
CREATE INDEX assets_modified ON assets(modified_at, id);
CREATE INDEX datasets_modified ON datasets(modified_at, id);
CREATE INDEX datasets_valid ON datasets(is_valid, modified_at, id);
CREATE INDEX results_modified ON results(modified_at, id);
CREATE INDEX results_valid ON results(is_valid, modified_at, id);
CREATE INDEX results_approval ON results(approval_status, modified_at, id);
CREATE INDEX results_benchmark ON results(benchmark, modified_at, id);
DROP INDEX results_model;
CREATE INDEX results_model ON results(model, modified_at, id);
DROP INDEX results_owner;
CREATE INDEX results_owner ON results(owner, modified_at, id);
)sql";

/// What the triggers of a table note of a row, which they call OLD or NEW.
struct Counted {
  std::string_view table;
  std::string_view columns;
};
constexpr Counted kCounted[] = {
    {"datasets", "modified_at, id, is_valid, owner, NULL, NULL, NULL"},
    {"results", "modified_at, id, is_valid, owner, approval_status, benchmark, model"},
};

std::string note(const Counted& counted, std::string_view delta, std::string_view row) {
  std::string values;
  std::string_view rest = counted.columns;
  while (!rest.empty()) {
    const auto comma = rest.find(", ");
    const std::string_view column = rest.substr(0, comma);
    rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 2);
    values += ", ";
    if (column != "NULL") values += std::string(row) + ".";
    values += column;
  }
  return "INSERT INTO list_changes (list, delta, modified_at, row_id, is_valid, owner, "
         "approval_status, benchmark, model) VALUES ('" +
         std::string(counted.table) + "', " + std::string(delta) + values + "); ";
}

std::string sqlite_triggers(const Counted& counted) {
  const std::string table(counted.table);
  const std::string gone = note(counted, "-1", "OLD");
  const std::string there = note(counted, "1", "NEW");
  return "CREATE TRIGGER " + table + "_counted_insert AFTER INSERT ON " + table + " BEGIN " +
         there + "END;\nCREATE TRIGGER " + table + "_counted_update AFTER UPDATE ON " + table +
         " BEGIN " + gone + there + "END;\nCREATE TRIGGER " + table +
         "_counted_delete AFTER DELETE ON " + table + " BEGIN " + gone + "END;\n";
}

std::string postgres_triggers(const Counted& counted) {
  const std::string table(counted.table);
  return "CREATE FUNCTION count_" + table +
         "() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF TG_OP <> 'INSERT' THEN " +
         note(counted, "-1", "OLD") + "END IF; IF TG_OP <> 'DELETE' THEN " +
         note(counted, "1", "NEW") + "END IF; RETURN NULL; END$$;\nCREATE TRIGGER " + table +
         "_counted AFTER INSERT OR UPDATE OR DELETE ON " + table +
         " FOR EACH ROW EXECUTE FUNCTION count_" + table + "();\n";
}

// Rows come and go by the second: what is dead is cleared away early.
constexpr std::string_view kPostgresUpkeep = R"sql(
ALTER TABLE list_changes SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
ALTER TABLE log_waiting SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
)sql";

}  // namespace

std::string list_counts_schema(sql::Dialect dialect) {
  const bool sqlite = dialect == sql::Dialect::kSqlite;
  std::string script = in_dialect(kTables, dialect);
  for (const auto& counted : kCounted) {
    script += sqlite ? sqlite_triggers(counted) : postgres_triggers(counted);
  }
  script += ledger::create_waiting_script(dialect);
  if (!sqlite) script += kPostgresUpkeep;
  return script;
}

}  // namespace medperf::hub
