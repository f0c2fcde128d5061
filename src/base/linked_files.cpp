#include "base/linked_files.h"

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

}  // namespace medperf
