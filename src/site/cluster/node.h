#pragma once
// A node of the site's cluster: one task of a batch, behind walls that were proved on this node.

#include <string>

#include "engine/scheduler/node_task.h"
#include "site/site.h"

namespace medperf::site {

struct NodeTask {
  std::string batch;
  int number = 0;
  std::string node;       ///< the cluster's name of this machine
  std::string attempt;    ///< tells tries of one task apart
  std::string gpus = {};  ///< numbers of those that the cluster gave the task: "0,2"
};
/// From what Slurm says to a task of an array. Errors: invalid, when it is none.
Result<NodeTask> node_task_from(const std::string& batch,
                                const std::map<std::string, std::string>& environment);

/// The devices that a run may use: those that the cluster gave its task and no others. `asked` is
/// as in RunSpec. Errors: unavailable, when they are fewer than asked for.
Result<std::string> gpus_given(const engine::RunSpec& asked, const std::string& given);

/// Nothing is written to the site's log: the client records what the outcome says.
Result<engine::TaskEnd> run_on_node(Site& site, const NodeTask& task);

}  // namespace medperf::site
