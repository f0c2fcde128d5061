#pragma once
// Who may do what, as a page for people, made from the endpoint tables.

#include <span>
#include <string>

#include "hub/api/endpoint.h"

namespace medperf::hub {

/// Markdown: one table for each resource.
std::string permissions_page(std::span<const Endpoint> endpoints);

}  // namespace medperf::hub
