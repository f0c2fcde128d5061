#pragma once
// Keys of encrypted containers as the hub passes them on: each encrypted for the holder of one
// certificate (RSA-OAEP), so that the hub can read none.

#include <string>
#include <vector>

#include "crypto/rsa_box.h"
#include "site/site.h"

namespace medperf::site {

/// A new key pair of this site: the private key stays in the key folder, a certificate that it
/// signs itself is registered. Errors: conflict (there is a valid one), those of the hub.
Result<std::int64_t> register_certificate(Site& site, std::int64_t authority,
                                          const std::string& name);

struct Granted {
  std::int64_t certificate = 0;
  std::string owner;        ///< e-mail or name of the account
  std::string fingerprint;  ///< of the certificate, SHA-256 hex
  std::string signed_by;    ///< in words: itself, an authority with its fingerprint, not known
  bool already = false;
  std::string problem;  ///< why it got none; empty: it did
};
/// Encrypts the container's key for every owner of a data set that takes part in the benchmark,
/// after asking the person. With `fingerprints` (SHA-256 of certificates, colons allowed) nobody
/// else gets it, whatever the hub says. Errors: invalid (no such fingerprint can be), not_found (no
/// certificate has it; nothing is sent), those of the key and the hub.
Result<std::vector<Granted>> grant_container_key(Site& site, ContainerId container,
                                                 BenchmarkId benchmark, const fs::path& key,
                                                 const std::vector<std::string>& fingerprints = {});
/// Withdraws every key of the container that this account has granted. Returns how many.
Result<int> revoke_container_keys(Site& site, ContainerId container);

/// The key that was granted to this site, opened with the private key of its certificate; nothing
/// when there is none. Errors: refused (it cannot be opened), those of the hub.
Result<crypto::Secret> granted_key(Site& site, ContainerId container);

}  // namespace medperf::site
