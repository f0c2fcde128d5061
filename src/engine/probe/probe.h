#pragma once
// Proving the walls: a container that tries to pass each of them.

#include <functional>
#include <string>

#include "base/json.h"
#include "engine/engine.h"

namespace medperf::engine {

/// What proving needs to know of an engine.
struct ProbeSubject {
  Engine* engine = nullptr;
  /// Engine::run without the demand that somebody enforces limits: the probe finds that out.
  std::function<Result<RunOutcome>(const RunSpec&)> run;
  fs::path program;  ///< the static probe
  fs::path folder;   ///< for files of the probe
  /// Why limits cannot hold here; empty: no reason is known. And what to do.
  std::string limits_missing, limits_advice;
  int engine_threads = 0;  ///< the engine's own, counted with the container's
};

/// What the probe's own report says of the walls that it can see from inside. Pure.
std::vector<Wall> judge_report(const Json& report);
/// The walls that only show from outside. Pure.
Wall judge_memory(const Result<RunOutcome>& run, const ProbeSubject& subject);
Wall judge_pids(const Result<RunOutcome>& run, int limit, const ProbeSubject& subject);
Wall judge_wall_time(const Result<RunOutcome>& run, Seconds limit);

/// Loads the probe image if needed and runs it four times at once; a limit that did not show then,
/// though nothing is known to be missing, is tried twice more, alone. Takes about 2 s where all
/// stand.
Result<WallReport> prove_walls(const ProbeSubject& subject);

}  // namespace medperf::engine
