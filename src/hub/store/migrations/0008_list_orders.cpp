// The order of every list as an index: those of benchmarks and assets, which SQLite lost when step
// 5 made their tables anew, those that there were none of, and the valid rows of what clients list
// most.

#include "hub/store/migrations/migrations.h"

namespace medperf::hub {

std::string list_orders_schema(sql::Dialect) {
  return R"sql(
CREATE INDEX IF NOT EXISTS benchmarks_modified ON benchmarks(modified_at, id);
CREATE INDEX IF NOT EXISTS assets_modified ON assets(modified_at, id);
CREATE INDEX mlcubes_valid ON mlcubes(is_valid, modified_at, id);
CREATE INDEX assets_valid ON assets(is_valid, modified_at, id);
CREATE INDEX models_valid ON models(is_valid, modified_at, id);
CREATE INDEX benchmarks_valid ON benchmarks(is_valid, modified_at, id);
CREATE INDEX closed_group_members_modified ON closed_group_members(modified_at, id);
CREATE INDEX closed_groups_modified ON closed_groups(modified_at, id);
CREATE INDEX dataset_associations_modified ON dataset_associations(modified_at, id);
CREATE INDEX organisation_members_modified ON organisation_members(modified_at, id);
CREATE INDEX organisations_modified ON organisations(modified_at, id);
CREATE INDEX access_tokens_created ON access_tokens(created_at, id);
CREATE INDEX aggregators_created ON aggregators(created_at, id);
CREATE INDEX cas_created ON cas(created_at, id);
CREATE INDEX certificates_created ON certificates(created_at, id);
CREATE INDEX encrypted_keys_created ON encrypted_keys(created_at, id);
CREATE INDEX invitations_created ON invitations(created_at, id);
CREATE INDEX site_keys_created ON site_keys(created_at, id);
CREATE INDEX training_associations_created ON training_associations(created_at, id);
CREATE INDEX training_events_created ON training_events(created_at, id);
CREATE INDEX model_associations_priority ON model_associations(priority DESC, id);
)sql";
}

}  // namespace medperf::hub
