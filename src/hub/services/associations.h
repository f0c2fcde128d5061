#pragma once
// Requests to join a benchmark or a training experiment, and the decisions on them.

#include <optional>

#include "hub/services/context.h"
#include "hub/store/associations.h"

namespace medperf::hub {

/// A new row of a pair: a request, or the revocation of an approval.
Result<domain::Record> request_association(const Context& context, const AssociationKind& kind,
                                           const Json& body);
struct Decided {
  domain::Record row;
  std::optional<Json> committee;  ///< how its votes stand, when a committee decides
};
/// Acts on the newest row of a pair. Error: not_found, when there is none.
Result<Decided> decide_association(const Context& context, const AssociationKind& kind,
                                   std::int64_t member, std::int64_t host, const Json& body);

/// What each model took on a benchmark's demo data, as whoever asked for it to join says
/// (`metadata.medperf.demo_run` of its newest row): a claim, taken when it is a small object.
Result<Json> claimed_demo_runs(const Context& context, std::int64_t benchmark);

}  // namespace medperf::hub
