#pragma once
// Reading a dataset's files to hash them: with progress, and no file twice that nobody touched.

#include "site/dataset/hashes.h"
#include "site/site.h"

namespace medperf::site {

enum class Reading {
  kChanged,  ///< files whose stamp (inode, size, times) is that of the last reading are not read
  kFull,     ///< every byte
};

/// Hashes a dataset; `stamps` is where this site keeps the stamps of the last reading. The option
/// dataset.reading = full makes every reading a full one. Errors: as hash_dataset.
Result<Manifest> read_dataset(Site& site, const std::vector<DatasetRoot>& roots,
                              const fs::path& stamps, Reading reading);

/// Hashes raw data, of which nothing is kept here. Errors: as hash_dataset.
Result<Manifest> read_raw(Site& site, const fs::path& data, const fs::path& labels);

/// Refuses raw data that is not what was registered.
Status check_raw(Site& site, const fs::path& data, const fs::path& labels, const FolderUid& uid);

}  // namespace medperf::site
