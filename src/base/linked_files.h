#pragma once
// Files that a person names, which may be symbolic links: to a store of large files, to another
// disk. Everything else is read by base/files.h, which follows none at the end of a path.

#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/ids.h"
#include "base/result.h"

namespace medperf {

/// What a symbolic link is taken for. Only what a person names to be read may be followed: one that
/// a container or another user left could lead anywhere.
enum class Links { kRefuse, kFollow };

/// read_file (base/files.h), also through links when they are to be followed. Errors: those;
/// not_found for a link to what is not there.
Result<std::string> read_file(const fs::path& path, Bytes limit, Links links);

/// list_files (base/files.h). With kFollow links to files are listed as files; those to folders
/// stay an error (refused): they could lead in circles.
Result<std::vector<fs::path>> list_files(const fs::path& folder, Links links,
                                         std::size_t limit = 1'000'000);

}  // namespace medperf
