#pragma once
// Files that a person names on the command line: documents and image archives of their own.

#include "base/json.h"
#include "engine/image/archive.h"

namespace medperf::site {

/// Reads a YAML document of at most 4 MiB. Errors: those of the file; invalid, naming the file.
Result<Json> read_own_document(const fs::path& file);

struct OwnArchive {
  FileDigest digest;
  engine::ImageArchive image;
};
/// Hashes and reads an image archive through one descriptor. Errors: not_found, as read_archive.
Result<OwnArchive> read_own_archive(const fs::path& file);

}  // namespace medperf::site
