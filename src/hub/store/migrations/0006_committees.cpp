#include <string>

#include "hub/store/migrations/migrations.h"

// Committees of benchmarks. A vote is about one request, and a person has one on it.

namespace medperf::hub {

namespace {

constexpr std::string_view kCommittees = R"sql(
CREATE TABLE committees (
  benchmark BIGINT PRIMARY KEY REFERENCES benchmarks(id) ON DELETE CASCADE,
  threshold BIGINT NOT NULL CHECK (threshold >= 1)
);
CREATE TABLE committee_members (
  benchmark BIGINT NOT NULL REFERENCES committees(benchmark) ON DELETE CASCADE,
  member BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  PRIMARY KEY (benchmark, member)
);
CREATE INDEX committee_members_member ON committee_members(member);
CREATE TABLE votes (
  $id,
  benchmark BIGINT NOT NULL REFERENCES benchmarks(id) ON DELETE CASCADE,
  dataset_association BIGINT REFERENCES dataset_associations(id) ON DELETE CASCADE,
  model_association BIGINT REFERENCES model_associations(id) ON DELETE CASCADE,
  result BIGINT REFERENCES results(id) ON DELETE CASCADE,
  member BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  voice TEXT NOT NULL CHECK (voice IN ('COMMITTEE', 'OTHER_SIDE')),
  vote TEXT NOT NULL CHECK (vote IN ('APPROVED', 'REJECTED')),
  voted_at BIGINT NOT NULL,
  CHECK ((CASE WHEN dataset_association IS NULL THEN 0 ELSE 1 END) +
         (CASE WHEN model_association IS NULL THEN 0 ELSE 1 END) +
         (CASE WHEN result IS NULL THEN 0 ELSE 1 END) = 1),
  UNIQUE (dataset_association, member),
  UNIQUE (model_association, member),
  UNIQUE (result, member)
);
CREATE INDEX votes_benchmark ON votes(benchmark, voted_at);
CREATE INDEX votes_member ON votes(member);
)sql";

}  // namespace

std::string committees_schema(sql::Dialect dialect) {
  return in_dialect(kCommittees, dialect);
}

}  // namespace medperf::hub
