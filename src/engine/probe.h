#pragma once
// Proving the walls: a container that tries to pass each of them.

#include <string>

#include "base/json.h"
#include "engine/engine.h"
#include "engine/podman.h"

namespace medperf::engine {

/// What the probe's own report says of the walls that it can see from inside. Pure.
std::vector<Wall> judge_report(const Json& report);
/// The walls that only show from outside. Pure.
Wall judge_memory(const Result<RunOutcome>& run, const PodmanSetup& setup);
Wall judge_pids(const Result<RunOutcome>& run, int limit, const PodmanSetup& setup);
Wall judge_wall_time(const Result<RunOutcome>& run, Seconds limit);

/// Loads the probe image if needed and runs it four times at once. Takes about 2 s.
Result<WallReport> prove_walls(PodmanEngine& engine);

}  // namespace medperf::engine
