#pragma once
// What `container create` writes: a small working container of each role.

#include <string_view>

#include "base/files.h"
#include "base/result.h"

namespace medperf::cli {

/// Writes a configuration, a Containerfile, a program and a README of the role ("model",
/// "preparator", "evaluator", "script") into a new folder. Errors: invalid (role), conflict (the
/// folder is there), unavailable.
Status scaffold_container(std::string_view role, const fs::path& folder);

}  // namespace medperf::cli
