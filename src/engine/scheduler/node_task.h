#pragma once
// The node's side of a cluster's scheduler: one task of a batch, from its specification to its
// outcome.

#include <functional>
#include <string>
#include <string_view>

#include "engine/scheduler/job_folder.h"

namespace medperf::engine {

/// Runs a job here: engine, walls, image.
using RunHere = std::function<Result<RunOutcome>(const Job& job)>;

enum class TaskEnd {
  kDone,        ///< its outcome is written
  kNotNeeded,   ///< done before, or another batch has it now: nothing was run
  kInterrupted  ///< stopped; no outcome, so that it is run again
};

/// Runs task `task` of a batch unless its outcome is there. `attempt` tells tries of one task apart
/// ([A-Za-z0-9._-]); what a try writes lies in a folder of its own beside Job::output. Errors: the
/// specification is unreadable or the outcome cannot be written; a run's failure is its outcome.
Result<TaskEnd> run_node_task(const JobFolder& folder, const Owner& self, std::string_view attempt,
                              const std::string& node, const RunHere& run);

}  // namespace medperf::engine
