#pragma once
// `container verify`, and how verdicts are shown.

#include "cli/command.h"
#include "site/flows/verify_container.h"

namespace medperf::cli {

Result<int> verify_container(Invocation& call);
std::span<const Argument> verify_arguments();
/// The exit code is that of the first verdict that is not good.
Result<int> show_verification(const Invocation& call, const site::Verification& done);

}  // namespace medperf::cli
