#pragma once
// Reading the small files of control groups.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/files.h"

namespace medperf::engine {

/// The trimmed text; empty when it cannot be read.
std::string read_small(const fs::path& file);
/// The number that `text` begins with, blanks aside; 0 when there is none.
std::uint64_t to_number(std::string_view text);
/// The value of "key value" lines, as in memory.events and memory.stat; 0 without one.
std::uint64_t keyed_number(const std::string& text, std::string_view key);
/// This process's group in a hierarchy, from the content of /proc/self/cgroup: lines are
/// "4:memory:/a/b" (version 1) and "0::/a/b" (version 2, `controller` empty).
std::string own_group(std::string_view self, std::string_view controller);
/// A group's name as a path below its hierarchy's root.
fs::path relative_of(std::string_view absolute);

}  // namespace medperf::engine
