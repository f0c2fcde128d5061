#pragma once
// Benchmarks: registered by a group, approved by the platform.

#include "hub/services/context.h"

namespace medperf::hub {

/// Error: invalid, also when the caller has a pending benchmark (kept by a constraint).
Result<domain::Record> create_benchmark(const Context& context, const Json& body);
/// With the key approval_status this is the platform's decision.
Result<domain::Record> update_benchmark(const Context& context, std::int64_t id, const Json& body);

}  // namespace medperf::hub
