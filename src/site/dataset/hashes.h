#pragma once
// The digests of a dataset: v0's FolderUid (contents only) and our DatasetDigest (names, sizes and
// contents), from one reading of the files; and which files changed since.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/ids.h"
#include "base/json.h"

namespace medperf::site {

/// One folder of a dataset under its own root name ("data", "labels").
struct DatasetRoot {
  std::string name;
  fs::path folder;
};

/// A file with what tells cheaply that nobody wrote to it since it was hashed.
struct FileEntry {
  std::string path;  ///< "data/images/1.png": root name, '/', relative path
  std::uint64_t size = 0;
  std::string sha256;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::uint64_t inode = 0;
};

struct Manifest {
  std::vector<FileEntry> files;  ///< sorted by path bytes
  FolderUid folder_uid() const;
  DatasetDigest dataset_digest() const;
};

/// Reads every file. Symbolic links are refused; more than 1,000,000 files are too large.
Result<Manifest> hash_dataset(const std::vector<DatasetRoot>& roots);
/// True when every file has the size, times and inode of the manifest and none came or went. A
/// guard between models of one command; before the first run the contents are hashed again.
Result<bool> looks_unchanged(const Manifest& manifest, const std::vector<DatasetRoot>& roots);

struct Difference {
  std::vector<std::string> changed, missing, added;
  bool empty() const { return changed.empty() && missing.empty() && added.empty(); }
  /// "changed: data/1.png, data/2.png; missing: ..." with at most `limit` names of each.
  std::string text(std::size_t limit = 5) const;
};
Difference compare(const Manifest& registered, const Manifest& now);

Json to_json(const Manifest& manifest);
Result<Manifest> manifest_from_json(const Json& document);

}  // namespace medperf::site
