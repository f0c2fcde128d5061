// The orders of lists as indices: those of benchmarks and assets, which SQLite lost when step 5
// made their tables anew, and of every list that clients ask for valid rows of.

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
)sql";
}

}  // namespace medperf::hub
