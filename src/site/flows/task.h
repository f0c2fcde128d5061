#pragma once
// One task of one container, behind the walls: labels bound to host paths, parameters written,
// limits of the policy, a line in the log for the run and how it ended.

#include <map>
#include <string>

#include "engine/run_spec.h"
#include "site/gate/gate.h"
#include "wire/spec.h"

namespace medperf::site {

struct TaskRequest {
  const Admitted* container = nullptr;
  std::string task;                          ///< "infer"
  std::map<std::string, std::string> paths;  ///< mount label -> host path
  fs::path log_file;
  std::string subject;     ///< "b1-m2-d3", for the log
  wire::TaskLimits asked;  ///< by the benchmark: the stricter of it and the policy holds
};

/// What a benchmark's specification allows a task; nothing when it does not say.
wire::TaskLimits limits_asked(const Benchmark& benchmark, const std::string& task);

/// Runs to success. Errors: refused (wall, policy), invalid (the container failed: exit code and
/// the end of its log), timed_out, too_large (memory), interrupted, unavailable (engine).
Status run_task(Site& site, const TaskRequest& request);

/// Reads a file that a container wrote: regular, below `folder`, no links, within the policy's
/// size; a non-empty YAML value, with v0's texts for not-a-number and infinities.
Result<Json> read_container_yaml(Site& site, const fs::path& folder, const fs::path& name,
                                 std::string_view what);

}  // namespace medperf::site
