#include <string>

#include "hub/store/migrations/migrations.h"

namespace medperf::hub {

namespace {

// One valid certificate for each owner, authority and kind of key; one valid key for each
// certificate and container.
constexpr std::string_view kCertificates = R"sql(
CREATE TABLE certificates (
  $id,
  name TEXT NOT NULL UNIQUE,
  ca BIGINT NOT NULL REFERENCES cas(id),
  certificate_content_base64 TEXT NOT NULL,
  key_type TEXT NOT NULL CHECK (key_type IN ('RSA', 'EC')),
  is_valid SMALLINT NOT NULL DEFAULT 1,
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX certificates_one_valid
  ON certificates(owner, ca, key_type) WHERE is_valid = 1;
CREATE INDEX certificates_owner ON certificates(owner);
CREATE TABLE encrypted_keys (
  $id,
  name TEXT NOT NULL UNIQUE,
  certificate BIGINT NOT NULL REFERENCES certificates(id),
  container BIGINT NOT NULL REFERENCES mlcubes(id) ON DELETE CASCADE,
  encrypted_key_base64 TEXT NOT NULL,
  is_valid SMALLINT NOT NULL DEFAULT 1,
  metadata TEXT,
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX encrypted_keys_one_valid
  ON encrypted_keys(certificate, container) WHERE is_valid = 1;
CREATE INDEX encrypted_keys_certificate ON encrypted_keys(certificate);
CREATE INDEX encrypted_keys_container ON encrypted_keys(container);
CREATE INDEX encrypted_keys_owner ON encrypted_keys(owner);
CREATE INDEX cas_owner ON cas(owner);
)sql";

// One pending experiment for each owner, one running event for each experiment.
constexpr std::string_view kTraining = R"sql(
CREATE TABLE aggregators (
  $id,
  name TEXT NOT NULL UNIQUE,
  config TEXT NOT NULL,
  aggregation_mlcube BIGINT NOT NULL REFERENCES mlcubes(id),
  is_valid SMALLINT NOT NULL DEFAULT 1,
  metadata TEXT,
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL
);
CREATE INDEX aggregators_owner ON aggregators(owner);
CREATE TABLE training (
  $id,
  name TEXT NOT NULL UNIQUE,
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
  modified_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX training_one_pending ON training(owner) WHERE approval_status = 'PENDING';
CREATE INDEX training_owner ON training(owner);
CREATE INDEX training_aggregator ON training(aggregator);
CREATE INDEX training_modified ON training(modified_at, id);
CREATE TABLE training_associations (
  $id,
  dataset BIGINT NOT NULL REFERENCES datasets(id),
  training_exp BIGINT NOT NULL REFERENCES training(id) ON DELETE CASCADE,
  metadata TEXT NOT NULL DEFAULT '{}',
  approval_status TEXT NOT NULL CHECK (approval_status IN ('PENDING', 'APPROVED', 'REJECTED')),
  approved_at BIGINT,
  initiated_by BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX training_associations_one_pending
  ON training_associations(dataset, training_exp) WHERE approval_status = 'PENDING';
CREATE INDEX training_associations_pair
  ON training_associations(training_exp, dataset, created_at);
CREATE INDEX training_associations_dataset ON training_associations(dataset);
CREATE VIEW current_training_associations AS
  SELECT a.* FROM training_associations a WHERE NOT EXISTS (
    SELECT 1 FROM training_associations n
    WHERE n.dataset = a.dataset AND n.training_exp = a.training_exp
      AND (n.created_at > a.created_at OR (n.created_at = a.created_at AND n.id > a.id)));
CREATE TABLE training_events (
  $id,
  name TEXT NOT NULL UNIQUE,
  training_exp BIGINT NOT NULL REFERENCES training(id),
  participants TEXT NOT NULL,
  is_valid SMALLINT NOT NULL DEFAULT 1,
  finished SMALLINT NOT NULL DEFAULT 0,
  finished_at BIGINT,
  report TEXT,
  owner BIGINT NOT NULL REFERENCES users(id),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX training_events_one_running
  ON training_events(training_exp) WHERE finished = 0;
CREATE INDEX training_events_experiment ON training_events(training_exp, created_at);
CREATE INDEX training_events_owner ON training_events(owner);
)sql";

}  // namespace

std::string registries_schema(sql::Dialect dialect) {
  return in_dialect(kCertificates, dialect) + in_dialect(kTraining, dialect);
}

}  // namespace medperf::hub
