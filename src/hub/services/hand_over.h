#pragma once
// What one person registered becomes an organisation's.

#include "hub/services/context.h"

namespace medperf::hub {

/// Gives an object of the caller's, {"benchmark" | "dataset" | "model" | "container": id}, to an
/// organisation. What is part of it or came of it goes along: what a model wraps, a dataset's
/// results, the requests that the caller made for it. It never comes back. Answers what was given,
/// to whom. Error: invalid when it is not the caller's own, belongs to an organisation already, is
/// part of a model, or is in a closed group outside of which the organisation stands.
Result<Json> hand_over(const Context& context, std::int64_t organisation, const Json& body);

}  // namespace medperf::hub
