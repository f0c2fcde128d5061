#pragma once
// Files that a person names on the command line: documents and image archives of their own.

#include "base/json.h"
#include "site/site.h"

namespace medperf::site {

/// Reads a YAML document of at most 4 MiB. Errors: those of the file; invalid, naming the file.
Result<Json> read_own_document(const fs::path& file);

struct OwnArchive {
  FileDigest digest;
  engine::ImageArchive image;
  Bytes plain{0};  ///< of an encrypted one, decrypted
};
/// Hashes and reads an image archive through one descriptor. Errors: not_found, as read_archive.
Result<OwnArchive> read_own_archive(const fs::path& file);
/// The same of an encrypted one, which is decrypted into memory. Errors: those of open_sealed too.
Result<OwnArchive> read_own_sealed(const Site& site, const fs::path& file,
                                   const crypto::Secret& key, Bytes limit);

/// Puts a file of the person's own into the workspace, unless it is there: whole or not at all.
/// What is copied is what has the digest. Errors: not_found; corrupt (another digest); unavailable.
Status keep_copy(const fs::path& file, const FileDigest& digest, const fs::path& place);

}  // namespace medperf::site
