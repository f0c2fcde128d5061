#include "hub/api/preconditions.h"

#include "base/encoding.h"
#include "crypto/sha256.h"
#include "hub/api/hub.h"

namespace medperf::hub {

bool has_tag(const Endpoint& endpoint) {
  return endpoint.method == "GET" && endpoint.handler != nullptr &&
         endpoint.subject != SubjectKind::kNone && endpoint.ids_in == IdsIn::kPath &&
         endpoint.shape != Shape::kPage && endpoint.shape != Shape::kNone;
}

const Endpoint* reader_of(const Endpoint& endpoint) {
  for (const auto& one : all_endpoints()) {
    if (one.path == endpoint.path && has_tag(one)) return &one;
  }
  return nullptr;
}

bool takes_tag(const Endpoint& endpoint) {
  return endpoint.writes() && endpoint.ids_in == IdsIn::kPath && reader_of(endpoint) != nullptr;
}

std::string tag_of(std::string_view body) {
  return '"' + crypto::sha256_hex(body).substr(0, 32) + '"';
}

bool names_tag(std::string_view list, std::string_view tag) {
  for (std::string_view one : split(list, ',')) {
    one = trim(one);
    if (one == "*" || one == tag) return true;
    // Weak tags name the same meaning, not the same bytes; ours are never weak, so they name none.
  }
  return false;
}

}  // namespace medperf::hub
