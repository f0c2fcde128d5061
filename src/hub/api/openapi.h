#pragma once
// The OpenAPI 3.1 document, made from the endpoint and field tables.

#include <span>
#include <vector>

#include "base/json.h"
#include "hub/api/endpoint.h"

namespace medperf::hub {

/// Every status that a request can end in: those of the row, and those of any request of its kind.
std::vector<int> possible_statuses(const Endpoint& endpoint);
Json openapi_document(std::span<const Endpoint> endpoints);

}  // namespace medperf::hub
