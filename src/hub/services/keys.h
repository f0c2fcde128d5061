#pragma once
// Public keys that sites sign statements with.

#include "hub/services/context.h"

namespace medperf::hub {

struct RegisteredKey {
  domain::Record key{domain::Entity::kSiteKey};
  bool created = false;  ///< false: this very key was registered before
};

/// Registers the caller's public key. Error: conflict, when the caller has another valid key or the
/// key belongs to somebody else.
Result<RegisteredKey> register_key(const Context& context, const Json& body);
/// Error: not_found.
Result<domain::Record> get_key(const Context& context, std::string_view key_id);

}  // namespace medperf::hub
