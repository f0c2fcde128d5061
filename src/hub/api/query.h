#pragma once
// Query parameters of lists: pages, filters, ordering (v0 section 1.3).

#include "base/json.h"
#include "hub/api/endpoint.h"
#include "hub/store/repository.h"

namespace medperf::hub {

inline constexpr std::int64_t kDefaultLimit = 32;

/// Adds the request's filters (exact, AND-ed), order, limit and offset to a selection, as far as
/// the endpoint's row allows. Error: invalid, one field error for each bad value.
Status apply_query(const Call& call, domain::Entity entity, Selection& selection);

/// Absolute URLs, or null.
struct PageLinks {
  Json next;
  Json previous;
};
PageLinks page_links(const Call& call, std::int64_t count, std::int64_t limit, std::int64_t offset);

}  // namespace medperf::hub
