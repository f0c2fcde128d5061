#pragma once
// The OpenAPI 3.1 document, made from the endpoint and field tables.

#include <span>

#include "base/json.h"
#include "hub/api/endpoint.h"

namespace medperf::hub {

Json openapi_document(std::span<const Endpoint> endpoints);

}  // namespace medperf::hub
