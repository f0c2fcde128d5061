#pragma once
// Splits a command string into words by the POSIX shell's rules for quotes and backslashes, without
// any expansion.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace medperf::wire {

/// Error: invalid, for an open quote or a backslash at the end.
Result<std::vector<std::string>> split_shell_words(std::string_view text);

}  // namespace medperf::wire
