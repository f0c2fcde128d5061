#pragma once
// The table models x sites of a benchmark, from the hub's aggregate.

#include <string>

#include "base/json.h"
#include "site/hub_client/entities.h"

namespace medperf::cli {

/// Tables, pooled rows, warnings and the hub's sentence. Says so when the benchmark's specification
/// declares its sites or data as simulated.
std::string aggregate_text(const Json& aggregate, const site::Benchmark& benchmark);

}  // namespace medperf::cli
