#pragma once
// The `podman run` of a RunSpec, and what its end means. Pure functions, so that every wall is
// tested without an engine.

#include <string>
#include <vector>

#include "base/process.h"
#include "engine/podman_setup.h"
#include "engine/run_spec.h"

namespace medperf::engine {

/// The user inside the container: never 0.
struct InsideUser {
  unsigned uid = 65534, gid = 65534;
};
InsideUser inside_user(const PodmanSetup& setup);

/// Checks paths, names and limits before anything is started. Errors: invalid, not_found, refused.
Status check_spec(const RunSpec& spec, const PodmanSetup& setup);
/// Refuses a read-only mount below which another file system is mounted, since that one would stay
/// writable. `mountinfo` is the text of /proc/self/mountinfo.
Status check_submounts(const RunSpec& spec, std::string_view mountinfo);

/// The words after "podman run"; `group` is the parent group for LimitMode::kParent.
std::vector<std::string> run_arguments(const RunSpec& spec, const PodmanSetup& setup,
                                       const std::string& group);

/// What happened around a run, besides its exit code.
struct RunEvents {
  bool timed_out = false;        ///< our own deadline passed
  bool output_exceeded = false;  ///< more was written than Limits::output
  bool interrupted = false;
  std::uint64_t out_of_memory = 0;
};

/// Tells the ends apart. Errors: unavailable, when the container never started.
Result<RunOutcome> judge(const ProcessOutcome& process, const RunEvents& events,
                         const RunSpec& spec);

}  // namespace medperf::engine
