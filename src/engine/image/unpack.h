#pragma once
// Unpacks the layers of a verified image archive into one tree of files. No engine is needed, and
// nothing of the image is run.

#include "engine/image/archive.h"
#include "engine/image/tree_writer.h"

namespace medperf::engine {

/// Unpacks one layer from its (perhaps packed) stream. The bytes that are written are hashed on
/// their way: corrupt, when they are not the layer of this diff_id and size. After an error the
/// tree is worth nothing. Errors: those of TreeWriter::add and of the source.
Status unpack_layer(TreeWriter& tree, const ByteSource& source, const Layer& layer);

/// Unpacks all layers of `image`, as read_archive found them in `archive`, into the empty folder
/// `root`. The archive must be plain (see plain_archive).
Result<TreeCounts> unpack_image(const FileHandle& archive, const ImageArchive& image,
                                const fs::path& root, const TreeLimits& limits = {});

/// The archive itself, or when it is packed as a whole: an unnamed file in `folder` that holds it
/// unpacked, since positions in it are needed. Errors: too_large, corrupt, unavailable (disk).
Result<FileHandle> plain_archive(FileHandle archive, const fs::path& folder,
                                 const ArchiveLimits& limits = {});

/// A folder that appears whole or not at all: filled beside its place, synced, renamed. What a
/// killed process leaves is named "part-<pid>-..." and is removed by remove_dead_parts.
class StagedFolder {
 public:
  /// Makes "part-<pid>-<random>" (0700) below `beside`, with an empty folder "root" (0755) in it.
  static Result<StagedFolder> make(const fs::path& beside);
  StagedFolder(StagedFolder&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  StagedFolder& operator=(StagedFolder&&) = delete;
  ~StagedFolder();
  const fs::path& path() const { return path_; }
  /// Syncs everything to the disk, then renames. Errors: conflict, when `place` exists already.
  Status commit(const fs::path& place);

 private:
  explicit StagedFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

/// Removes the parts whose process is gone.
void remove_dead_parts(const fs::path& beside);

}  // namespace medperf::engine
