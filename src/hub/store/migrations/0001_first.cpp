#include <string>

#include "hub/store/migrations/migrations.h"
#include "ledger/ledger.h"

namespace medperf::hub {

namespace {

// `$id` is the key column in the words of each database. Times are microseconds since 1970 (UTC),
// booleans 0 or 1, JSON documents the bytes that were checked. The columns of an entity have the
// names of its field table; a test compares them.
constexpr std::string_view kAccounts = R"sql(
CREATE TABLE users (
  $id,
  username TEXT NOT NULL UNIQUE,
  email TEXT NOT NULL,
  first_name TEXT NOT NULL DEFAULT '',
  last_name TEXT NOT NULL DEFAULT '',
  metadata TEXT,
  is_active SMALLINT NOT NULL DEFAULT 1,
  is_superuser SMALLINT NOT NULL DEFAULT 0
);
CREATE TABLE credentials (
  user_id BIGINT PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
  password_hash TEXT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE TABLE login_attempts (
  username TEXT PRIMARY KEY,
  failures BIGINT NOT NULL,
  first_failure_at BIGINT NOT NULL
);
CREATE TABLE site_keys (
  $id,
  key_id TEXT NOT NULL UNIQUE,
  public_key TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  is_valid SMALLINT NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX site_keys_one_valid ON site_keys(owner) WHERE is_valid = 1;
)sql";

// `uniqueness` is the digest of the canonical form of the four fields that must differ together;
// null, like them, when there are no parameters.
constexpr std::string_view kAssets = R"sql(
CREATE TABLE mlcubes (
  $id,
  name TEXT NOT NULL UNIQUE,
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
  uniqueness TEXT UNIQUE
);
CREATE INDEX mlcubes_owner ON mlcubes(owner);
CREATE INDEX mlcubes_modified ON mlcubes(modified_at, id);
CREATE TABLE assets (
  $id,
  name TEXT NOT NULL UNIQUE,
  asset_hash TEXT NOT NULL,
  asset_url TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('DEVELOPMENT', 'OPERATION')),
  is_valid SMALLINT NOT NULL DEFAULT 1,
  metadata TEXT,
  user_metadata TEXT,
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL
);
CREATE INDEX assets_owner ON assets(owner);
CREATE TABLE models (
  $id,
  name TEXT NOT NULL UNIQUE,
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
  CHECK ((type = 'CONTAINER' AND container IS NOT NULL AND asset IS NULL)
      OR (type = 'ASSET' AND asset IS NOT NULL AND container IS NULL))
);
CREATE INDEX models_owner ON models(owner);
CREATE INDEX models_modified ON models(modified_at, id);
CREATE TABLE cas (
  $id,
  name TEXT NOT NULL UNIQUE,
  config TEXT NOT NULL,
  client_mlcube BIGINT NOT NULL REFERENCES mlcubes(id),
  server_mlcube BIGINT NOT NULL REFERENCES mlcubes(id),
  ca_mlcube BIGINT NOT NULL REFERENCES mlcubes(id),
  is_valid SMALLINT NOT NULL DEFAULT 1,
  metadata TEXT,
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL
);
)sql";

constexpr std::string_view kBenchmarks = R"sql(
CREATE TABLE benchmarks (
  $id,
  name TEXT NOT NULL UNIQUE,
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
  modified_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX benchmarks_one_pending ON benchmarks(owner) WHERE approval_status = 'PENDING';
CREATE INDEX benchmarks_owner ON benchmarks(owner);
CREATE TABLE datasets (
  $id,
  name TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  location TEXT NOT NULL DEFAULT '',
  input_data_hash TEXT NOT NULL,
  generated_uid TEXT NOT NULL,
  split_seed BIGINT NOT NULL,
  data_preparation_mlcube BIGINT NOT NULL REFERENCES mlcubes(id),
  submitted_as_prepared SMALLINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('DEVELOPMENT', 'OPERATION')),
  is_valid SMALLINT NOT NULL DEFAULT 1,
  generated_metadata TEXT NOT NULL DEFAULT '{}',
  user_metadata TEXT,
  report TEXT,
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX datasets_operational_uid ON datasets(generated_uid) WHERE state = 'OPERATION';
CREATE INDEX datasets_owner ON datasets(owner);
CREATE INDEX datasets_preparation ON datasets(data_preparation_mlcube);
)sql";

// An association is a log: the current status of a pair is its newest row, which the views give.
constexpr std::string_view kAssociations = R"sql(
CREATE TABLE dataset_associations (
  $id,
  metadata TEXT NOT NULL,
  approval_status TEXT NOT NULL CHECK (approval_status IN ('PENDING', 'APPROVED', 'REJECTED')),
  approved_at BIGINT,
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  dataset BIGINT NOT NULL REFERENCES datasets(id),
  benchmark BIGINT NOT NULL REFERENCES benchmarks(id) ON DELETE CASCADE,
  initiated_by BIGINT NOT NULL REFERENCES users(id)
);
CREATE UNIQUE INDEX dataset_associations_one_pending
  ON dataset_associations(dataset, benchmark) WHERE approval_status = 'PENDING';
CREATE INDEX dataset_associations_pair ON dataset_associations(benchmark, dataset, created_at);
CREATE INDEX dataset_associations_dataset ON dataset_associations(dataset);
CREATE TABLE model_associations (
  $id,
  metadata TEXT NOT NULL,
  approval_status TEXT NOT NULL CHECK (approval_status IN ('PENDING', 'APPROVED', 'REJECTED')),
  approved_at BIGINT,
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  model BIGINT NOT NULL REFERENCES models(id),
  benchmark BIGINT NOT NULL REFERENCES benchmarks(id) ON DELETE CASCADE,
  initiated_by BIGINT NOT NULL REFERENCES users(id),
  priority BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX model_associations_one_pending
  ON model_associations(model, benchmark) WHERE approval_status = 'PENDING';
CREATE INDEX model_associations_pair ON model_associations(benchmark, model, created_at);
CREATE INDEX model_associations_model ON model_associations(model);
CREATE VIEW current_dataset_associations AS
  SELECT a.* FROM dataset_associations a WHERE NOT EXISTS (
    SELECT 1 FROM dataset_associations n WHERE n.dataset = a.dataset AND n.benchmark = a.benchmark
      AND (n.created_at > a.created_at OR (n.created_at = a.created_at AND n.id > a.id)));
CREATE VIEW current_model_associations AS
  SELECT a.* FROM model_associations a WHERE NOT EXISTS (
    SELECT 1 FROM model_associations n WHERE n.model = a.model AND n.benchmark = a.benchmark
      AND (n.created_at > a.created_at OR (n.created_at = a.created_at AND n.id > a.id)));
)sql";

constexpr std::string_view kResults = R"sql(
CREATE TABLE results (
  $id,
  name TEXT NOT NULL DEFAULT '',
  benchmark BIGINT NOT NULL REFERENCES benchmarks(id) ON DELETE CASCADE,
  model BIGINT NOT NULL REFERENCES models(id),
  dataset BIGINT NOT NULL REFERENCES datasets(id),
  results TEXT NOT NULL,
  metadata TEXT NOT NULL,
  user_metadata TEXT NOT NULL,
  model_report TEXT,
  evaluation_report TEXT,
  is_valid SMALLINT NOT NULL DEFAULT 1,
  approval_status TEXT NOT NULL CHECK (approval_status IN ('PENDING', 'APPROVED', 'REJECTED')),
  finalized SMALLINT NOT NULL DEFAULT 0,
  finalized_at BIGINT,
  approved_at BIGINT,
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  signed SMALLINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX results_one_open
  ON results(benchmark, model, dataset) WHERE finalized = 0 AND is_valid = 1;
CREATE INDEX results_owner ON results(owner);
CREATE INDEX results_dataset ON results(dataset);
CREATE INDEX results_model ON results(model);
)sql";

constexpr std::string_view kDelivery = R"sql(
CREATE TABLE outbox (
  $id,
  kind TEXT NOT NULL,
  recipient BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  body TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  delivered_at BIGINT
);
CREATE INDEX outbox_waiting ON outbox(id) WHERE delivered_at IS NULL;
CREATE TABLE idempotency_keys (
  user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  idempotency_key TEXT NOT NULL,
  request_digest TEXT NOT NULL,
  status BIGINT NOT NULL,
  body TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, idempotency_key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys(created_at);
)sql";

}  // namespace

std::string first_schema(sql::Dialect dialect) {
  std::string script;
  for (const auto part : {kAccounts, kAssets, kBenchmarks, kAssociations, kResults, kDelivery}) {
    script += in_dialect(part, dialect);
  }
  script += ledger::create_table_script(dialect);
  return script;
}

}  // namespace medperf::hub
