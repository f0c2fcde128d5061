#pragma once
// The built-in runner's images: one folder of plain files an image, by its id.

#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/ids.h"
#include "base/result.h"
#include "engine/image/archive.h"
#include "engine/image/tree_writer.h"
#include "engine/run_spec.h"

namespace medperf::engine {

/// What an image says about how it is started.
struct ImageStart {
  std::vector<std::string> entrypoint, command, environment;
  std::string working_folder;
};

/// Unpacks the file system of a sif (see image/sif.h) from `file` into the empty folder `root`.
using SquashUnpacker = std::function<Status(const fs::path& file, const fs::path& root)>;

/// `<folder>/images/<id>/{root/,image.json}`; what is being unpacked lies beside as part-*. A
/// folder below images is whole, since it was renamed to there after a sync. Thread-safe, and safe
/// for several processes.
class RootStore {
 public:
  explicit RootStore(fs::path folder) : folder_(std::move(folder)) {}
  /// Makes the folders (0700) and removes what killed loads have left.
  Status open() const;

  Result<bool> has(const ImageId& image) const;
  /// Verifies and unpacks in one go, from one descriptor. Errors: corrupt, when the archive holds
  /// another image; those of read_archive and unpack_image.
  Status load(const fs::path& archive, const ImageId& image, const SquashUnpacker& squash) const;
  Status remove(const ImageId& image) const;
  Result<ImageStart> start_of(const ImageId& image) const;
  fs::path root_of(const ImageId& image) const { return image_folder(image) / "root"; }
  fs::path temporary() const { return folder_ / "tmp"; }

  /// Makes the place where something is mounted, when the image lacks it: an empty folder, or an
  /// empty file. Nothing that is there is changed. Links are followed inside the root only.
  /// Returns the place's own path inside. Errors: invalid (something of another kind is there).
  Result<std::string> mount_point(const ImageId& image, std::string_view path, bool folder) const;

 private:
  fs::path image_folder(const ImageId& image) const { return folder_ / "images" / image.hex(); }
  fs::path folder_;
};

/// The program and its arguments, by the rules of the engines: a given entry point replaces the
/// image's and its arguments; given arguments replace the image's. Errors: invalid, when there is
/// nothing to start.
Result<std::vector<std::string>> program_of(const ImageStart& image, const RunSpec& spec);
/// The whole environment: the image's, HOME and PATH when nobody sets them, the run's.
std::map<std::string, std::string> environment_of(const ImageStart& image, const RunSpec& spec);

}  // namespace medperf::engine
