#pragma once
// Results: opened when a run starts, finished once, by the key `results` in an update.

#include "hub/services/context.h"

namespace medperf::hub {

/// Opens a result. Errors: invalid (no approved associations, benchmark closed, one open already).
Result<domain::Record> create_result(const Context& context, const Json& body);
/// Prefetches what create_result will ask.
void expect_result(sql::Session& session, const Caller& caller, const Json& body);
/// Progress reports, or the end: with `results` the result is final. What a benchmark with a result
/// schema accepts is decided by hub/services/acceptance.h.
Result<domain::Record> update_result(const Context& context, std::int64_t id, const Json& body);

/// The benchmark group's decision on a final result: `approval_status` and nothing else.
Result<domain::Record> decide_on_result(const Context& context, std::int64_t id, const Json& body);

}  // namespace medperf::hub
