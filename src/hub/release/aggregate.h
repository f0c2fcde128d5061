#pragma once
// A benchmark's results over all sites, shaped by its release policy for the person who looks.

#include <cstdint>

#include "base/json.h"
#include "hub/release/policy.h"
#include "sql/database.h"

namespace medperf::hub {

/// {"benchmark", "figures": [{"key", "name", "direction", "unit", "merge", "ranking"}], "models":
/// [{"id", "name", "reference", "sites": [{..., "figures": {KEY: ...}}], "pooled": {"figures":
/// {KEY: ...}, ...}}], "statement"}. What the figures are, the benchmark's result schema says.
/// Counted is the newest final, valid, signed result of each model and dataset whose associations
/// are approved, and those of the reference model. Error: not_found.
Result<Json> aggregate_benchmark(sql::Session& session, std::int64_t benchmark,
                                 const Viewer& viewer);

}  // namespace medperf::hub
