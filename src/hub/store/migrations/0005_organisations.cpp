#include <string>

#include "hub/store/migrations/migrations.h"

// Organisations and closed groups. A row with a closed group exists only for those inside; what
// must be unique is so among the rows that everybody sees, and within each group.

namespace medperf::hub {

namespace {

constexpr std::string_view kParties = R"sql(
CREATE TABLE organisations (
  $id,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL
);
CREATE TABLE organisation_members (
  $id,
  organisation BIGINT NOT NULL REFERENCES organisations(id) ON DELETE CASCADE,
  member BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  role TEXT NOT NULL CHECK (role IN ('OWNER', 'MEMBER')),
  status TEXT NOT NULL CHECK (status IN ('INVITED', 'ACCEPTED')),
  active SMALLINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  UNIQUE (organisation, member)
);
CREATE UNIQUE INDEX organisation_members_one_active
  ON organisation_members(member) WHERE active = 1;
CREATE INDEX organisation_members_member ON organisation_members(member, organisation);
CREATE VIEW acting_members AS
  SELECT organisation, member FROM organisation_members WHERE status = 'ACCEPTED';
CREATE TABLE closed_groups (
  $id,
  name TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  owner BIGINT NOT NULL REFERENCES users(id),
  organisation BIGINT REFERENCES organisations(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL
);
CREATE INDEX closed_groups_owner ON closed_groups(owner);
CREATE TABLE closed_group_members (
  $id,
  closed_group BIGINT NOT NULL REFERENCES closed_groups(id) ON DELETE CASCADE,
  member BIGINT REFERENCES users(id) ON DELETE CASCADE,
  organisation BIGINT REFERENCES organisations(id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  CHECK ((member IS NULL) <> (organisation IS NULL)),
  UNIQUE (closed_group, member),
  UNIQUE (closed_group, organisation)
);
CREATE INDEX closed_group_members_member ON closed_group_members(member, closed_group);
CREATE INDEX closed_group_members_organisation
  ON closed_group_members(organisation, closed_group);
CREATE VIEW closed_group_insiders AS
  SELECT closed_group, member FROM closed_group_members WHERE member IS NOT NULL
  UNION ALL
  SELECT g.closed_group, o.member FROM closed_group_members g
    JOIN acting_members o ON o.organisation = g.organisation;
)sql";

// SQLite drops the constraint of a column only with its table. Keys that were given out are not
// given out again.
constexpr std::string_view kKeepSequences = R"sql(
CREATE TABLE kept_sequences AS SELECT name, seq FROM sqlite_sequence
  WHERE name IN ('mlcubes', 'assets', 'models', 'benchmarks');
)sql";
constexpr std::string_view kContainersAnew = R"sql(
CREATE TABLE kept_rows AS SELECT * FROM mlcubes;
DROP TABLE mlcubes;
CREATE TABLE mlcubes (
  $id,
  name TEXT NOT NULL,
  container_config TEXT NOT NULL,
  parameters_config TEXT,
  image_hash TEXT NOT NULL,
  additional_files_tarball_url TEXT NOT NULL DEFAULT '',
  additional_files_tarball_hash TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL CHECK (state IN ('DEVELOPMENT', 'OPERATION')),
  is_valid SMALLINT NOT NULL DEFAULT 1,
  metadata TEXT,
  user_metadata TEXT,
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  uniqueness TEXT UNIQUE,
  organisation BIGINT REFERENCES organisations(id),
  closed_group BIGINT REFERENCES closed_groups(id)
);
INSERT INTO mlcubes (
  id, name, container_config, parameters_config, image_hash, additional_files_tarball_url,
  additional_files_tarball_hash, state, is_valid, metadata, user_metadata, owner, created_at,
  modified_at, uniqueness)
  SELECT
  id, name, container_config, parameters_config, image_hash, additional_files_tarball_url,
  additional_files_tarball_hash, state, is_valid, metadata, user_metadata, owner, created_at,
  modified_at, uniqueness
  FROM kept_rows;
DROP TABLE kept_rows;
CREATE INDEX mlcubes_owner ON mlcubes(owner);
CREATE INDEX mlcubes_modified ON mlcubes(modified_at, id, closed_group);
CREATE TABLE kept_rows AS SELECT * FROM assets;
DROP TABLE assets;
CREATE TABLE assets (
  $id,
  name TEXT NOT NULL,
  asset_hash TEXT NOT NULL,
  asset_url TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('DEVELOPMENT', 'OPERATION')),
  is_valid SMALLINT NOT NULL DEFAULT 1,
  metadata TEXT,
  user_metadata TEXT,
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  organisation BIGINT REFERENCES organisations(id),
  closed_group BIGINT REFERENCES closed_groups(id)
);
INSERT INTO assets (
  id, name, asset_hash, asset_url, state, is_valid, metadata, user_metadata, owner,
  created_at, modified_at)
  SELECT
  id, name, asset_hash, asset_url, state, is_valid, metadata, user_metadata, owner,
  created_at, modified_at
  FROM kept_rows;
DROP TABLE kept_rows;
CREATE INDEX assets_owner ON assets(owner);
)sql";
constexpr std::string_view kModelsAnew = R"sql(
CREATE TABLE kept_rows AS SELECT * FROM models;
DROP TABLE models;
CREATE TABLE models (
  $id,
  name TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('ASSET', 'CONTAINER')),
  container BIGINT UNIQUE REFERENCES mlcubes(id),
  asset BIGINT UNIQUE REFERENCES assets(id),
  state TEXT NOT NULL CHECK (state IN ('DEVELOPMENT', 'OPERATION')),
  is_valid SMALLINT NOT NULL DEFAULT 1,
  metadata TEXT,
  user_metadata TEXT,
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  organisation BIGINT REFERENCES organisations(id),
  closed_group BIGINT REFERENCES closed_groups(id),
  CHECK ((type = 'CONTAINER' AND container IS NOT NULL AND asset IS NULL)
      OR (type = 'ASSET' AND asset IS NOT NULL AND container IS NULL))
);
INSERT INTO models (
  id, name, type, container, asset, state, is_valid, metadata, user_metadata, owner,
  created_at, modified_at)
  SELECT
  id, name, type, container, asset, state, is_valid, metadata, user_metadata, owner,
  created_at, modified_at
  FROM kept_rows;
DROP TABLE kept_rows;
CREATE INDEX models_owner ON models(owner);
CREATE INDEX models_modified ON models(modified_at, id, closed_group);
)sql";
constexpr std::string_view kBenchmarksAnew = R"sql(
CREATE TABLE kept_rows AS SELECT * FROM benchmarks;
DROP TABLE benchmarks;
CREATE TABLE benchmarks (
  $id,
  name TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  docs_url TEXT NOT NULL DEFAULT '',
  demo_dataset_tarball_url TEXT NOT NULL,
  demo_dataset_tarball_hash TEXT NOT NULL,
  demo_dataset_generated_uid TEXT NOT NULL,
  data_preparation_mlcube BIGINT NOT NULL REFERENCES mlcubes(id),
  reference_model BIGINT NOT NULL REFERENCES models(id),
  data_evaluator_mlcube BIGINT NOT NULL REFERENCES mlcubes(id),
  state TEXT NOT NULL CHECK (state IN ('DEVELOPMENT', 'OPERATION')),
  is_valid SMALLINT NOT NULL DEFAULT 1,
  is_active SMALLINT NOT NULL DEFAULT 1,
  metadata TEXT,
  user_metadata TEXT,
  approval_status TEXT NOT NULL CHECK (approval_status IN ('PENDING', 'APPROVED', 'REJECTED')),
  approved_at BIGINT,
  dataset_auto_approval_mode TEXT NOT NULL DEFAULT 'NEVER',
  model_auto_approval_mode TEXT NOT NULL DEFAULT 'NEVER',
  dataset_auto_approval_allow_list TEXT NOT NULL DEFAULT '[]',
  model_auto_approval_allow_list TEXT NOT NULL DEFAULT '[]',
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  organisation BIGINT REFERENCES organisations(id),
  closed_group BIGINT REFERENCES closed_groups(id)
);
INSERT INTO benchmarks (
  id, name, description, docs_url, demo_dataset_tarball_url, demo_dataset_tarball_hash,
  demo_dataset_generated_uid, data_preparation_mlcube, reference_model, data_evaluator_mlcube,
  state, is_valid, is_active, metadata, user_metadata, approval_status, approved_at,
  dataset_auto_approval_mode, model_auto_approval_mode, dataset_auto_approval_allow_list,
  model_auto_approval_allow_list, owner, created_at, modified_at)
  SELECT
  id, name, description, docs_url, demo_dataset_tarball_url, demo_dataset_tarball_hash,
  demo_dataset_generated_uid, data_preparation_mlcube, reference_model, data_evaluator_mlcube,
  state, is_valid, is_active, metadata, user_metadata, approval_status, approved_at,
  dataset_auto_approval_mode, model_auto_approval_mode, dataset_auto_approval_allow_list,
  model_auto_approval_allow_list, owner, created_at, modified_at
  FROM kept_rows;
DROP TABLE kept_rows;
CREATE UNIQUE INDEX benchmarks_one_pending ON benchmarks(owner) WHERE approval_status = 'PENDING';
CREATE INDEX benchmarks_owner ON benchmarks(owner);
)sql";
constexpr std::string_view kRestoreSequences = R"sql(
DELETE FROM sqlite_sequence WHERE name IN ('mlcubes', 'assets', 'models', 'benchmarks');
INSERT INTO sqlite_sequence (name, seq) SELECT name, seq FROM kept_sequences;
DROP TABLE kept_sequences;
)sql";

constexpr std::string_view kPostgresNames = R"sql(
ALTER TABLE mlcubes DROP CONSTRAINT mlcubes_name_key;
ALTER TABLE assets DROP CONSTRAINT assets_name_key;
ALTER TABLE models DROP CONSTRAINT models_name_key;
ALTER TABLE benchmarks DROP CONSTRAINT benchmarks_name_key;
DROP INDEX mlcubes_modified;
DROP INDEX models_modified;
)sql";

std::string add_columns(std::initializer_list<std::string_view> tables) {
  std::string script;
  for (const auto table : tables) {
    const std::string alter = "ALTER TABLE " + std::string(table) + " ADD COLUMN ";
    script += alter + "organisation BIGINT REFERENCES organisations(id);\n";
    script += alter + "closed_group BIGINT REFERENCES closed_groups(id);\n";
  }
  return script;
}

// Only rows of organisations and of closed groups are in these: a hub without any pays nothing.
std::string indexes() {
  std::string script;
  for (const std::string table : {"mlcubes", "assets", "models", "benchmarks", "datasets",
                                  "results", "dataset_associations", "model_associations"}) {
    for (const std::string column : {"organisation", "closed_group"}) {
      script += "CREATE INDEX " + table + "_" + column + " ON " + table + "(" + column +
                ") WHERE " + column + " IS NOT NULL;\n";
    }
  }
  for (const std::string table : {"mlcubes", "assets", "models", "benchmarks"}) {
    script += "CREATE UNIQUE INDEX " + table + "_name ON " + table +
              "(name) WHERE closed_group IS NULL;\nCREATE UNIQUE INDEX " + table +
              "_name_within ON " + table + "(closed_group, name) WHERE closed_group IS NOT NULL;\n";
  }
  return script +
         "DROP INDEX datasets_operational_uid;\n"
         "CREATE UNIQUE INDEX datasets_operational_uid ON datasets(generated_uid) "
         "WHERE state = 'OPERATION' AND closed_group IS NULL;\n"
         "CREATE UNIQUE INDEX datasets_operational_uid_within ON datasets(closed_group, "
         "generated_uid) WHERE state = 'OPERATION' AND closed_group IS NOT NULL;\n";
}

}  // namespace

std::string organisations_schema(sql::Dialect dialect) {
  std::string script = in_dialect(kParties, dialect);
  script += add_columns({"datasets", "results", "dataset_associations", "model_associations"});
  if (dialect == sql::Dialect::kSqlite) {
    script += kKeepSequences;
    for (const auto part : {kContainersAnew, kModelsAnew, kBenchmarksAnew}) {
      script += in_dialect(part, dialect);
    }
    script += kRestoreSequences;
  } else {
    script += kPostgresNames;
    script += add_columns({"mlcubes", "assets", "models", "benchmarks"});
    script +=
        "CREATE INDEX mlcubes_modified ON mlcubes(modified_at, id, closed_group);\n"
        "CREATE INDEX models_modified ON models(modified_at, id, closed_group);\n";
  }
  return script + indexes();
}

}  // namespace medperf::hub
