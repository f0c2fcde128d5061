#pragma once
// What a request is about: the ids of its path, or of its body.

#include "hub/api/endpoint.h"
#include "hub/api/routes.h"

namespace medperf::hub {

/// Whether the body has the shape that `ids_in` needs. Error: invalid.
Status check_body_shape(const Endpoint& endpoint, const Json& body);
/// How the caller stands to the subject. Of an array: to the subject of every item; an item without
/// an id gives no relation, one that names nothing stored takes none away (its field is wrong).
Result<Standing> standing_of(sql::Session& session, const Caller& caller, const Endpoint& endpoint,
                             const PathValues& values, const Json& body);

}  // namespace medperf::hub
