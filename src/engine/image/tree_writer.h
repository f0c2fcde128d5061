#pragma once
// Writes the entries of image layers into a folder, so that nothing outside of it can be reached:
// every step is taken from a descriptor of the folder before, and no link is ever followed.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "engine/image/tar_stream.h"

namespace medperf::engine {

struct TreeLimits {
  std::uint64_t entries = 2'000'000;  ///< over all layers
  Bytes unpacked{64ull << 30};        ///< of all files
  std::size_t depth = 100;            ///< folders above a file
  std::size_t path = 4000;            ///< characters of a path, and of a link's target
  Bytes names{256ull << 20};          ///< of all paths of one layer
};

/// What was written. Special files are devices, pipes and sockets: counted, never made.
struct TreeCounts {
  std::uint64_t entries = 0, files = 0, folders = 0, links = 0, removed = 0, special = 0, bytes = 0;
};

/// One tree of files from layers in their order. Files get 0644, or 0755 when somebody may run
/// them, folders 0755: setuid, setgid and the differences between users mean nothing where one user
/// runs everything. Owners and extended attributes are not restored, times of files are (Python
/// compares them with those in its compiled files). One thread.
class TreeWriter {
 public:
  /// `folder` must exist and be empty, and nobody else may write in it.
  static Result<TreeWriter> open(const fs::path& folder, const TreeLimits& limits = {});
  /// The next layer begins: whiteouts remove what is below it only.
  void begin_layer();
  /// Adds one entry; `content` gives a file's bytes. Errors: invalid (a name that leaves the root,
  /// a file below a link of the same layer, a sparse file), corrupt (a hard link to nothing),
  /// too_large, unavailable (disk).
  Status add(const TarEntry& entry, const ByteSource& content);
  const TreeCounts& counts() const { return counts_; }

 private:
  using Parts = std::vector<std::string>;
  TreeWriter(FileHandle root, const TreeLimits& limits) : root_(std::move(root)), limits_(limits) {}

  Result<Parts> parts_of(const TarEntry& entry) const;
  Result<int> folder_of(const Parts& parts, const std::string& where);
  Result<FileHandle> step_into(int folder, const std::string& name, const std::string& path,
                               const std::string& where);
  Status white_out(const Parts& parts, int folder, const std::string& parent);
  Status make_way(int folder, const std::string& name, const std::string& path, bool for_folder);
  Status add_folder(int folder, const std::string& name, const std::string& path);
  Status add_file(int folder, const TarEntry& entry, const std::string& name,
                  const ByteSource& content);
  Status add_symbolic_link(int folder, const TarEntry& entry, const std::string& name);
  Status add_hard_link(int folder, const TarEntry& entry, const std::string& name);
  Status remove_lower(int folder, const std::string& name, const std::string& path,
                      std::size_t depth);
  Status remove_children(int folder, const std::string& path, std::size_t depth);

  FileHandle root_;
  TreeLimits limits_;
  TreeCounts counts_;
  std::unordered_set<std::string> made_;  // paths of this layer
  std::uint64_t made_bytes_ = 0;
  std::string last_path_;  // of the folder that was written to last
  FileHandle last_folder_;
};

}  // namespace medperf::engine
