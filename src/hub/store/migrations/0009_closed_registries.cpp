#include <string>

#include "hub/store/migrations/migrations.h"

// Authorities, certificates, container keys and training may belong to a closed group, like what
// step 5 let into one: their names are unique among what everybody sees, and within each group.

namespace medperf::hub {

namespace {

constexpr std::string_view kNamed[] = {"cas",         "certificates", "encrypted_keys",
                                       "aggregators", "training",     "training_events"};
constexpr std::string_view kColumn = "closed_group BIGINT REFERENCES closed_groups(id)";

// SQLite drops the constraint of a column only with its table. The columns are those of step 2 (of
// step 1 for authorities), in that order, and the new one; the ids go on where they were.
constexpr std::string_view kKeepSequences = R"sql(
CREATE TABLE kept_sequences AS SELECT name, seq FROM sqlite_sequence WHERE name IN
  ('cas', 'certificates', 'encrypted_keys', 'aggregators', 'training', 'training_events');
)sql";
constexpr std::string_view kRestoreSequences = R"sql(
DELETE FROM sqlite_sequence WHERE name IN
  ('cas', 'certificates', 'encrypted_keys', 'aggregators', 'training', 'training_events');
INSERT INTO sqlite_sequence (name, seq) SELECT name, seq FROM kept_sequences;
DROP TABLE kept_sequences;
)sql";

struct Table {
  std::string_view name;
  std::string_view columns;  ///< after the id
  std::string_view indexes;  ///< those that go with the old table
};

constexpr Table kTables[] = {{"cas", R"sql(
  name TEXT NOT NULL,
  config TEXT NOT NULL,
  client_mlcube BIGINT NOT NULL REFERENCES mlcubes(id),
  server_mlcube BIGINT NOT NULL REFERENCES mlcubes(id),
  ca_mlcube BIGINT NOT NULL REFERENCES mlcubes(id),
  is_valid SMALLINT NOT NULL DEFAULT 1,
  metadata TEXT,
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
)sql",
                              R"sql(
CREATE INDEX cas_owner ON cas(owner);
CREATE INDEX cas_created ON cas(created_at, id);
)sql"},
                             {"certificates", R"sql(
  name TEXT NOT NULL,
  ca BIGINT NOT NULL REFERENCES cas(id),
  certificate_content_base64 TEXT NOT NULL,
  key_type TEXT NOT NULL CHECK (key_type IN ('RSA', 'EC')),
  is_valid SMALLINT NOT NULL DEFAULT 1,
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
)sql",
                              R"sql(
CREATE UNIQUE INDEX certificates_one_valid
  ON certificates(owner, ca, key_type) WHERE is_valid = 1;
CREATE INDEX certificates_owner ON certificates(owner);
CREATE INDEX certificates_created ON certificates(created_at, id);
)sql"},
                             {"encrypted_keys", R"sql(
  name TEXT NOT NULL,
  certificate BIGINT NOT NULL REFERENCES certificates(id),
  container BIGINT NOT NULL REFERENCES mlcubes(id) ON DELETE CASCADE,
  encrypted_key_base64 TEXT NOT NULL,
  is_valid SMALLINT NOT NULL DEFAULT 1,
  metadata TEXT,
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
)sql",
                              R"sql(
CREATE UNIQUE INDEX encrypted_keys_one_valid
  ON encrypted_keys(certificate, container) WHERE is_valid = 1;
CREATE INDEX encrypted_keys_certificate ON encrypted_keys(certificate);
CREATE INDEX encrypted_keys_container ON encrypted_keys(container);
CREATE INDEX encrypted_keys_owner ON encrypted_keys(owner);
CREATE INDEX encrypted_keys_created ON encrypted_keys(created_at, id);
)sql"},
                             {"aggregators", R"sql(
  name TEXT NOT NULL,
  config TEXT NOT NULL,
  aggregation_mlcube BIGINT NOT NULL REFERENCES mlcubes(id),
  is_valid SMALLINT NOT NULL DEFAULT 1,
  metadata TEXT,
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
)sql",
                              R"sql(
CREATE INDEX aggregators_owner ON aggregators(owner);
CREATE INDEX aggregators_created ON aggregators(created_at, id);
)sql"},
                             {"training", R"sql(
  name TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  docs_url TEXT NOT NULL DEFAULT '',
  demo_dataset_tarball_url TEXT NOT NULL,
  demo_dataset_tarball_hash TEXT NOT NULL,
  demo_dataset_generated_uid TEXT NOT NULL,
  data_preparation_mlcube BIGINT NOT NULL REFERENCES mlcubes(id),
  fl_mlcube BIGINT NOT NULL REFERENCES mlcubes(id),
  fl_admin_mlcube BIGINT REFERENCES mlcubes(id),
  plan TEXT,
  aggregator BIGINT REFERENCES aggregators(id),
  state TEXT NOT NULL CHECK (state IN ('DEVELOPMENT', 'OPERATION')),
  is_valid SMALLINT NOT NULL DEFAULT 1,
  metadata TEXT,
  user_metadata TEXT,
  approval_status TEXT NOT NULL CHECK (approval_status IN ('PENDING', 'APPROVED', 'REJECTED')),
  approved_at BIGINT,
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
)sql",
                              R"sql(
CREATE UNIQUE INDEX training_one_pending ON training(owner) WHERE approval_status = 'PENDING';
CREATE INDEX training_owner ON training(owner);
CREATE INDEX training_aggregator ON training(aggregator);
CREATE INDEX training_modified ON training(modified_at, id);
)sql"},
                             {"training_events", R"sql(
  name TEXT NOT NULL,
  training_exp BIGINT NOT NULL REFERENCES training(id),
  participants TEXT NOT NULL,
  is_valid SMALLINT NOT NULL DEFAULT 1,
  finished SMALLINT NOT NULL DEFAULT 0,
  finished_at BIGINT,
  report TEXT,
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
)sql",
                              R"sql(
CREATE UNIQUE INDEX training_events_one_running
  ON training_events(training_exp) WHERE finished = 0;
CREATE INDEX training_events_experiment ON training_events(training_exp, created_at);
CREATE INDEX training_events_owner ON training_events(owner);
CREATE INDEX training_events_created ON training_events(created_at, id);
)sql"}};

std::string anew(const Table& table) {
  const std::string name(table.name);
  return "CREATE TABLE kept_rows AS SELECT * FROM " + name + ";\nDROP TABLE " + name +
         ";\nCREATE TABLE " + name + " ($id, " + std::string(table.columns) + std::string(kColumn) +
         ");\nINSERT INTO " + name + " SELECT *, NULL FROM kept_rows;\nDROP TABLE kept_rows;\n" +
         std::string(table.indexes);
}

std::string altered(std::string_view table) {
  const std::string name(table);
  return "ALTER TABLE " + name + " DROP CONSTRAINT " + name + "_name_key;\nALTER TABLE " + name +
         " ADD COLUMN " + std::string(kColumn) + ";\n";
}

std::string indexes() {
  std::string script =
      "CREATE INDEX training_associations_closed_group ON training_associations(closed_group) "
      "WHERE closed_group IS NOT NULL;\n";
  for (const auto table : kNamed) {
    const std::string name(table);
    script += "CREATE INDEX " + name + "_closed_group ON " + name +
              "(closed_group) WHERE closed_group IS NOT NULL;\nCREATE UNIQUE INDEX " + name +
              "_name ON " + name + "(name) WHERE closed_group IS NULL;\nCREATE UNIQUE INDEX " +
              name + "_name_within ON " + name +
              "(closed_group, name) WHERE closed_group IS NOT NULL;\n";
  }
  return script;
}

}  // namespace

std::string closed_registries_schema(sql::Dialect dialect) {
  std::string script =
      "ALTER TABLE training_associations ADD COLUMN " + std::string(kColumn) + ";\n";
  if (dialect == sql::Dialect::kSqlite) {
    script += kKeepSequences;
    for (const Table& table : kTables) script += in_dialect(anew(table), dialect);
    script += kRestoreSequences;
  } else {
    for (const auto table : kNamed) script += altered(table);
  }
  return script + indexes();
}

}  // namespace medperf::hub
