#pragma once
// `container verify`.

#include "cli/command.h"

namespace medperf::cli {

Result<int> verify_container(Invocation& call);
std::span<const Argument> verify_arguments();

}  // namespace medperf::cli
