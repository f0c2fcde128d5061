#pragma once
// The `docker run` of a RunSpec, and what its end means. Pure functions, so that every wall is
// tested without an engine.

#include <string>
#include <vector>

#include "base/json.h"
#include "base/process.h"
#include "engine/docker/setup.h"
#include "engine/rules/run_rules.h"

namespace medperf::engine {

/// The words after "docker". `volumes`: the paths that the image declares as volumes; docker would
/// give each a folder on its disk without limit, so they become empty, limited memory.
/// `group`: ours around the container ("/medperf/run-x") with the run's limits; empty: none.
std::vector<std::string> docker_arguments(const RunSpec& spec, const DockerSetup& setup,
                                          const std::vector<std::string>& volumes,
                                          const std::string& group);

/// What `docker inspect` says of a container that has ended.
struct DockerState {
  bool known = false;    ///< the container is there
  bool started = false;  ///< its program was started
  bool out_of_memory = false;
  bool memory_watched = false;  ///< by a group of ours too, which misses nothing
  int exit_code = -1;
  std::string error;  ///< the daemon's words when it could not start
};
DockerState read_docker_state(const Json& state);

/// As judge(), from the container's state, since docker's own exit codes 125 to 127 can also be the
/// program's. Errors: unavailable, when the container never started for a reason of the engine.
Result<RunOutcome> judge_docker(const ProcessOutcome& process, RunEvents events,
                                const DockerState& state, const RunSpec& spec);

}  // namespace medperf::engine
