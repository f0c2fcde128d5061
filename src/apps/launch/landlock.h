#pragma once
// A Landlock ruleset as a second wall behind the mounts.

#include <vector>

namespace medperf::launch {

/// From here on this process and its children may read and run what they see, write below
/// `writable` and, without making anything, below /dev and /proc, and connect to no abstract
/// socket and signal no process outside. `version`: of the kernel's interface, at least 1.
/// Returns what failed, or null; errno says why.
const char* restrict_files(int version, const std::vector<const char*>& writable);

}  // namespace medperf::launch
