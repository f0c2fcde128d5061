#pragma once
// Conditional requests (RFC 9110 section 13): a tag names what an object looked like.

#include <string>
#include <string_view>

#include "hub/api/endpoint.h"

namespace medperf::hub {

/// Whether the answers of this endpoint carry a tag: reads of one object.
bool has_tag(const Endpoint& endpoint);
/// Whether requests may name the tag of what they change.
bool takes_tag(const Endpoint& endpoint);
/// The read of the object that this endpoint changes; null when there is none.
const Endpoint* reader_of(const Endpoint& endpoint);
/// The strong tag of an answer: it changes with any byte of it.
std::string tag_of(std::string_view body);
/// Whether the tag is in the list of an If-None-Match, or the list is "*".
bool names_tag(std::string_view list, std::string_view tag);

}  // namespace medperf::hub
