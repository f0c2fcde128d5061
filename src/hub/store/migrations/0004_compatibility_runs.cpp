// Results of the reference model on datasets that had not joined: known by a mark of their own.

#include "hub/store/migrations/migrations.h"

namespace medperf::hub {

std::string compatibility_runs(sql::Dialect) {
  return R"sql(
ALTER TABLE results ADD COLUMN compatibility_run SMALLINT NOT NULL DEFAULT 0;
UPDATE results SET compatibility_run = 1
  WHERE EXISTS (SELECT 1 FROM benchmarks b
                WHERE b.id = results.benchmark AND b.reference_model = results.model)
    AND NOT EXISTS (SELECT 1 FROM current_dataset_associations a
                    WHERE a.dataset = results.dataset AND a.benchmark = results.benchmark
                      AND a.approval_status = 'APPROVED');
)sql";
}

}  // namespace medperf::hub
