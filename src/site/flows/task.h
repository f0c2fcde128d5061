#pragma once
// One task of one container, behind the walls: labels bound to host paths, parameters written,
// limits of the policy, a line in the log for the run and how it ended.

#include <functional>
#include <map>
#include <string>

#include "engine/scheduler/job.h"
#include "engine/scheduler/job_usage.h"
#include "site/gate/gate.h"
#include "wire/spec.h"

namespace medperf::site {

struct TaskRequest {
  const Admitted* container = nullptr;
  std::string task;                          ///< "infer"
  std::map<std::string, std::string> paths;  ///< mount label -> host path
  fs::path log_file;
  std::string subject;  ///< "b1-m2-d3", for the log
  std::string flow;     ///< whose it is on a cluster, e.g. "b1-d3"; empty: the subject
  /// What the run depends on beside its own specification; finds it again on a cluster.
  Json inputs;
  /// A folder that holds all outputs and is begun anew by each try; empty: the run goes on with
  /// what is there.
  fs::path output;
  /// Called in a thread of its own again and again while it runs; uses nothing that the command's
  /// thread uses in a run. Empty: nothing.
  std::function<void()> meanwhile;
  /// Told of a run that succeeded, by run_task alone, in the command's thread. Empty: nobody.
  std::function<void(const engine::RunOutcome& outcome)> succeeded = {};
  wire::TaskLimits asked;  ///< by the benchmark: the stricter of it and the policy holds
};

/// What a benchmark's specification allows a task; nothing when it does not say.
wire::TaskLimits limits_asked(const Benchmark& benchmark, const std::string& task);

/// Checks what must hold before a run (walls, inputs) and makes it ready. Errors: refused (wall),
/// not_found (an input), unavailable.
Result<engine::Job> plan_job(Site& site, const TaskRequest& request);
/// Records how it ended and says what that means. Errors: as run_task.
/// Keeps in the log what a cluster counted of a run.
Status record_usage(Site& site, const TaskRequest& request, const engine::JobUsage& usage);
Status end_job(Site& site, const TaskRequest& request, const engine::Finished& finished);

/// Runs to success, in its turn; gives the folder that stands for request.output. Errors: refused
/// (wall, policy), invalid (the container failed: exit code and the end of its log), timed_out,
/// too_large (memory), interrupted, unavailable (engine).
Result<fs::path> run_task(Site& site, const TaskRequest& request);

/// Reads a file that a container wrote: regular, below `folder`, no links, within the policy's
/// size; a non-empty YAML value, with v0's texts for not-a-number and infinities.
Result<Json> read_container_yaml(Site& site, const fs::path& folder, const fs::path& name,
                                 std::string_view what);

}  // namespace medperf::site
