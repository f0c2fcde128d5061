#pragma once
// Image archives, written anew for docker: a docker-archive that carries no tag. The daemon's store
// is shared, and a foreign archive's tags would replace the machine's own; and docker 20.10 refuses
// oci-archives.

#include "base/files.h"
#include "base/result.h"

namespace medperf::engine {

/// Writes what `archive` (docker-archive or oci-archive, plain or packed with gzip) needs for its
/// image as an untagged docker-archive to `out`. Verifies nothing: read_archive has, and the
/// image's id is asked for after the load. Errors: corrupt, invalid, too_large, unavailable (disk).
Status write_untagged(const FileHandle& archive, const fs::path& out);

}  // namespace medperf::engine
