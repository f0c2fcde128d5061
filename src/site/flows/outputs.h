#pragma once
// What containers wrote, on its way to its place: durable, whole, with its digest.

#include "base/files.h"
#include "base/ids.h"
#include "base/result.h"

namespace medperf::site {

/// Makes what a container wrote durable, so that a noted step's output survives a power cut.
/// Errors: refused (symbolic links), unavailable.
Status sync_output(const fs::path& folder);
/// Puts a finished folder in the place of an earlier one.
Status replace_folder(const fs::path& from, const fs::path& to);
/// Covers names and contents of a predictions folder.
Result<DatasetDigest> predictions_digest(const fs::path& folder);

}  // namespace medperf::site
