#pragma once
// Keys of encrypted containers: the author's side and the site's.

#include "cli/command.h"

namespace medperf::cli {

/// encrypt, key, certificate, grant, revoke: rows of the group `container`.
std::span<const Command> key_commands();

}  // namespace medperf::cli
