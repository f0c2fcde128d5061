#pragma once
// The key of an encrypted container: from the site's key folder, or as its owner has encrypted it
// for this site's certificate on the hub.

#include "crypto/secret.h"
#include "site/gate/gate.h"

namespace medperf::site {

/// Errors: refused (there is none, or others may read it), those of the hub.
Result<crypto::Secret> container_key(Site& site, const Container& container,
                                     const fs::path& key_file);

/// Keeps a copy of a key file in the site's key folder (0600). Errors: conflict (another is there),
/// invalid (empty, too long), not_found.
Status keep_container_key(const Site& site, ContainerId container, const fs::path& file);
/// Errors: not_found.
Status forget_container_key(const Site& site, ContainerId container);

}  // namespace medperf::site
