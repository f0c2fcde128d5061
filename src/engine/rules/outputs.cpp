#include "engine/rules/outputs.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/encoding.h"

namespace medperf::engine {
namespace {

Status give(const fs::path& path, const InsideUser& user) {
  if (::lchown(path.c_str(), user.uid, user.gid) == 0) return {};
  const std::string cause = std::system_category().message(errno);
  return make_error(ErrorKind::kUnavailable, printable(path.native(), 500),
                    "this cannot be given to the container's user: " + cause,
                    "Put the outputs on a file system that knows owners", cause);
}

}  // namespace

Status give_outputs(const RunSpec& spec, const InsideUser& user) {
  if (!user.foreign) return {};
  for (const auto& mount : spec.mounts) {
    if (!mount.writable) continue;
    MEDPERF_CHECK(give(mount.host, user));
    std::error_code error;
    fs::recursive_directory_iterator entry(mount.host, error);
    if (error) continue;  // a single file
    for (const fs::recursive_directory_iterator end; !error && entry != end;
         entry.increment(error)) {
      MEDPERF_CHECK(give(entry->path(), user));
    }
    if (error) {
      return make_error(ErrorKind::kUnavailable, printable(mount.host.native(), 500),
                        "this folder cannot be read: " + error.message());
    }
  }
  return {};
}

}  // namespace medperf::engine
