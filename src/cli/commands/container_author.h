#pragma once
// What a container's author does before registering it.

#include "cli/command.h"

namespace medperf::cli {

/// create, check, run: rows of the group `container`.
std::span<const Command> author_commands();

}  // namespace medperf::cli
