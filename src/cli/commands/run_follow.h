#pragma once
// `run show --follow`: how far a running flow got, until it ends.

#include <string>

#include "cli/invocation.h"

namespace medperf::cli {

/// Errors: not_found, when nothing of this name runs or ran; interrupted. Exit code 0 when it
/// ended, 1 when it died.
Result<int> follow_run(Invocation& call, const std::string& name);

}  // namespace medperf::cli
