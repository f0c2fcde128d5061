#pragma once
// The `podman run` of a RunSpec, and what its end means. Pure functions, so that every wall is
// tested without an engine.

#include <string>
#include <vector>

#include "base/process.h"
#include "engine/podman/setup.h"
#include "engine/rules/run_rules.h"

namespace medperf::engine {

InsideUser inside_user(const PodmanSetup& setup);

/// The words after "podman run"; `group` is the parent group for LimitMode::kParent.
std::vector<std::string> run_arguments(const RunSpec& spec, const PodmanSetup& setup,
                                       const std::string& group);

/// As judge(), from podman's exit codes and words. Errors: unavailable, when the container never
/// started.
Result<RunOutcome> judge_podman(const ProcessOutcome& process, const RunEvents& events,
                                const RunSpec& spec);

}  // namespace medperf::engine
