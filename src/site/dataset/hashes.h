#pragma once
// The digests of a dataset: v0's FolderUid (contents only) and our DatasetDigest (names, sizes and
// contents), from one reading of the files; and which files changed since.

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/json.h"
#include "site/dataset/file_stamp.h"

namespace medperf::site {

/// One folder of a dataset under its own root name ("data", "labels").
struct DatasetRoot {
  std::string name;
  fs::path folder;
};

/// A file with what tells cheaply that nobody wrote to it since it was hashed.
struct FileEntry {
  std::string path;  ///< "data/images/1.png": root name, '/', relative path
  std::string sha256;
  FileStamp stamp;
};

struct Manifest {
  std::vector<FileEntry> files;  ///< sorted by path bytes
  FolderUid folder_uid() const;
  DatasetDigest dataset_digest() const;
};

struct HashOptions {
  unsigned threads = 0;  ///< 0: one a core
  /// A file whose stamp is the one in here is not read again. See stamped_before.
  const Manifest* known = nullptr;
  /// Told from one thread at a time, at most once a second, and at the end.
  std::function<void(Bytes done, Bytes all)> progress;
};

/// Hashes every file, on all cores, in one reading; 128 KiB of memory a thread and about 250 bytes
/// a file. Errors: refused (symbolic links), too_large (more than 1,000,000 files), unavailable,
/// interrupted; of several the first by path.
Result<Manifest> hash_dataset(const std::vector<DatasetRoot>& roots,
                              const HashOptions& options = {});
/// Those files of a manifest that a later hash_dataset may take as known: last touched well before
/// `hashing_began`. One that was touched in the same moment as it was read could have been written
/// again without moving its stamp.
Manifest stamped_before(const Manifest& manifest, Timestamp hashing_began);
/// True when every file has the stamp of the manifest and none came or went. A
/// guard between models of one command; before the first run the contents are hashed again.
Result<bool> looks_unchanged(const Manifest& manifest, const std::vector<DatasetRoot>& roots);

struct Difference {
  std::vector<std::string> changed, missing, added;
  bool empty() const { return changed.empty() && missing.empty() && added.empty(); }
  /// "changed: data/1.png, data/2.png; missing: ..." with at most `limit` names of each.
  std::string text(std::size_t limit = 5) const;
};
Difference compare(const Manifest& registered, const Manifest& now);

/// The list of files, without stamps: what is kept of a registered dataset.
Json to_json(const Manifest& manifest);
Result<Manifest> manifest_from_json(const Json& document);
/// With stamps, one line a file: what the next reading need not read. A file that is damaged or of
/// another form gives an empty manifest: everything is read again.
std::string stamps_text(const Manifest& manifest);
Manifest manifest_from_stamps(std::string_view text);

}  // namespace medperf::site
