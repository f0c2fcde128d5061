#include "base/linked_files.h"

#include <algorithm>
#include <system_error>

#include "base/encoding.h"

namespace medperf {
namespace {

std::string name_of(const fs::path& path) {
  return printable(path.native(), 500);
}

/// What a link leads to; any other path as it is.
Result<fs::path> followed(const fs::path& path) {
  std::error_code failure;
  if (!fs::is_symlink(fs::symlink_status(path, failure))) return path;
  const fs::path target = fs::canonical(path, failure);
  if (!failure) return target;
  return make_error(ErrorKind::kNotFound, name_of(path),
                    "This is a symbolic link to what is not there",
                    "Fetch the file that it stands for, or correct the link.", failure.message());
}

}  // namespace

Result<std::string> read_file(const fs::path& path, Bytes limit, Links links) {
  if (links == Links::kRefuse) return read_file(path, limit);
  MEDPERF_TRY(const fs::path target, followed(path));
  return read_file(target, limit);
}

Result<std::vector<fs::path>> list_files(const fs::path& folder, Links links, std::size_t limit) {
  if (links == Links::kRefuse) return list_files(folder, limit);
  std::error_code error;
  std::vector<fs::path> files;
  std::size_t entries = 0;
  const fs::recursive_directory_iterator end;
  for (fs::recursive_directory_iterator at(folder, error); !error && at != end;
       at.increment(error)) {
    if (++entries > limit) {
      return make_error(ErrorKind::kTooLarge, name_of(folder),
                        "The folder holds more than " + std::to_string(limit) + " entries",
                        "Check that it is the right folder.");
    }
    std::error_code nowhere;  // a link to what is not there is listed: reading it says so
    const bool folder_here = at->is_directory(nowhere);
    if (folder_here && at->is_symlink(nowhere)) {
      return make_error(ErrorKind::kRefused, name_of(at->path()),
                        "This is a symbolic link to a folder, which is not followed",
                        "Put the folder in its place or remove it.");
    }
    if (!folder_here) files.push_back(at->path().lexically_relative(folder));
  }
  if (error) {
    return make_error(ErrorKind::kUnavailable, name_of(folder),
                      "Cannot list the folder: " + error.message(),
                      "Check its owner, its mode and the file system.");
  }
  std::sort(files.begin(), files.end(),
            [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
  return files;
}

}  // namespace medperf
