#include <array>

#include "cli/commands/groups.h"
#include "cli/invocation.h"
#include "site/cluster/node.h"

namespace medperf::cli {
namespace {

/// What a node of the cluster runs. Exit code 0: nothing is left to do for this task.
Result<int> task(Invocation& call) {
  MEDPERF_TRY(const site::NodeTask task,
              site::node_task_from(call.text("batch"), call.environment()));
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(const engine::TaskEnd end, site::run_on_node(*site, task));
  if (end == engine::TaskEnd::kInterrupted) {
    return make_error(ErrorKind::kInterrupted, "site task", "stopped; it has no outcome",
                      "the cluster runs it again");
  }
  return 0;
}

constexpr std::array kTask = {
    Argument{"--batch", "NAME", "Batch of the site's cluster.", ArgumentKind::kText, true}};

}  // namespace

std::span<const Command> site_commands() {
  static constexpr std::array kCommands = {
      Command{"task", "Run one task of a batch: what a node of the site's cluster does.",
              "medperf site task --batch medperf-0123456789abcdef", kTask, task}};
  return kCommands;
}

}  // namespace medperf::cli
