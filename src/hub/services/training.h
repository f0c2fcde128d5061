#pragma once
// Federated training as records and rules: experiments approved by the platform, events in which
// they run. The hub trains nothing.

#include "hub/services/context.h"

namespace medperf::hub {

/// Error: invalid, also when the caller has a pending experiment (kept by a constraint).
Result<domain::Record> create_training(const Context& context, const Json& body);
/// With the key approval_status this is the platform's decision. Refused while an event runs.
Result<domain::Record> update_training(const Context& context, std::int64_t id, const Json& body);

/// Starts an event; at most one runs (kept by a constraint).
Result<domain::Record> create_training_event(const Context& context, const Json& body);
/// With `report` the event is finished, and nothing changes after that.
Result<domain::Record> update_training_event(const Context& context, std::int64_t id,
                                             const Json& body);

}  // namespace medperf::hub
