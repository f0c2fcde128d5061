#pragma once
// Requests to join a benchmark or a training experiment, and the decisions on them.

#include "hub/services/context.h"
#include "hub/store/associations.h"

namespace medperf::hub {

/// A new row of a pair: a request, or the revocation of an approval.
Result<domain::Record> request_association(const Context& context, const AssociationKind& kind,
                                           const Json& body);
/// Acts on the newest row of a pair. Error: not_found, when there is none.
Result<domain::Record> decide_association(const Context& context, const AssociationKind& kind,
                                          std::int64_t member, std::int64_t host, const Json& body);

}  // namespace medperf::hub
