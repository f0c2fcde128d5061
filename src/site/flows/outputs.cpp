#include "site/flows/outputs.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "site/dataset/hashes.h"

namespace medperf::site {

Status sync_output(const fs::path& folder) {
  MEDPERF_TRY(const std::vector<fs::path> files, list_files(folder));
  for (const fs::path& file : files) {
    MEDPERF_TRY(FileHandle handle, open_beneath(folder, file));
    if (::fsync(handle.get()) != 0) {
      return make_error(ErrorKind::kUnavailable, file.string(),
                        std::string("the file cannot be synced: ") + std::strerror(errno));
    }
  }
  const FileHandle handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.is_open()) ::fsync(handle.get());
  return {};
}

Status replace_folder(const fs::path& from, const fs::path& to) {
  MEDPERF_CHECK(remove_tree(to));
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return make_error(ErrorKind::kUnavailable, to.string(),
                    std::string("the folder cannot be put in place: ") + std::strerror(errno));
}

Result<DatasetDigest> predictions_digest(const fs::path& folder) {
  MEDPERF_TRY(Manifest manifest, hash_dataset({{"predictions", folder}}));
  return manifest.dataset_digest();
}

}  // namespace medperf::site
