#pragma once
// Unpacks an archive from outside (demo data, additional files) into a folder: only plain files and
// folders below it.

#include "base/files.h"
#include "base/ids.h"

namespace medperf::site {

struct UnpackLimits {
  Bytes total = mebibytes(8192);
  std::size_t entries = 200'000;
};

/// `folder` must not exist; it is made whole or not at all, and others may read what is in it.
/// Errors: corrupt (no archive, torn), refused (absolute name, "..", link, device, two entries of
/// one name), too_large.
Status unpack(const fs::path& archive, const fs::path& folder, const UnpackLimits& limits = {});

}  // namespace medperf::site
