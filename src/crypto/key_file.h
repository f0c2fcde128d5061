#pragma once
// Files that hold a secret key: mode 0600, never overwritten.

#include <string>
#include <string_view>

#include "base/files.h"

namespace medperf::crypto {

/// Reads a key file; errors: refused, when group or others may use it; those of open_file.
Result<std::string> read_key_file(const fs::path& path);
/// Writes a new file with mode 0600, whole or not at all; errors: conflict, when it exists.
Status write_new_key_file(const fs::path& path, std::string_view content);
/// Overwrites a secret before its memory is given back.
void wipe(std::string& secret);

}  // namespace medperf::crypto
