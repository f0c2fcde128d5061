#pragma once
// The model owner's side: an image archive encrypted for registration.

#include "site/site.h"

namespace medperf::site {

struct EncryptedArchive {
  FileDigest digest;  ///< of the encrypted file: what is registered
  ImageId image;
  bool new_key = false;
};

/// Encrypts an image archive with the key in `key`, which is made (random, 0600) when it is not
/// there. Errors: those of reading the archive and the key; conflict, when `out` exists.
Result<EncryptedArchive> encrypt_archive(Site& site, const fs::path& archive, const fs::path& out,
                                         const fs::path& key);

}  // namespace medperf::site
