#pragma once
// GnuPG's symmetric mode, as `gpg --batch --decrypt --passphrase-file` does it, from one open file
// into another. The passphrase goes through a pipe: it stands in no argument, variable or file.

#include <map>
#include <string>

#include "base/files.h"
#include "crypto/secret.h"

namespace medperf::engine {

struct GpgPlace {
  fs::path home;  ///< an empty folder of this user alone (0700), in memory; gpg keeps nothing there
  std::map<std::string, std::string> environment;  ///< PATH; nothing else is taken from it
};

/// Decrypts all of `sealed` (from its begin, whatever its offset) to `plain`, which must be empty.
/// Errors: refused (the key is not the right one, or there is none), corrupt (the file was damaged
/// or is not encrypted like this), too_large (`limit`, or the memory is full), not_found (no gpg),
/// interrupted, timed_out.
Status decrypt(const FileHandle& sealed, const crypto::Secret& passphrase, const FileHandle& plain,
               Bytes limit, const GpgPlace& place);

/// The other way round, with AES-256; no compression, since images are large. Errors: unavailable
/// (the disk is full), not_found, interrupted, timed_out.
Status encrypt(const FileHandle& plain, const crypto::Secret& passphrase, const FileHandle& sealed,
               const GpgPlace& place);

}  // namespace medperf::engine
