#pragma once
// One program behind every wall, from its control group to its end.

#include <functional>
#include <string>
#include <string_view>

#include "base/process.h"
#include "engine/builtin/launch.h"
#include "engine/limits/cgroup.h"
#include "engine/rules/run_rules.h"

namespace medperf::engine {

/// How a program ended.
struct Ended {
  ProcessOutcome process;  ///< `output` and `errors` without init's line
  RunEvents events;
  bool started = false;  ///< every wall stood, and init began
  std::string tail;
  Bytes peak_memory{0};
};

struct Sandbox {
  CgroupPlace place;   ///< not found: memory and processes are not limited
  std::string filter;  ///< of system calls, see seccomp_filter
  fs::path working;    ///< a folder that may be entered
  fs::path held;       ///< see GuardPlan

  /// Runs the program under the limits of `spec`, whose name, lease and log it takes too; the
  /// program, mounts and environment are those of `launch`. Errors: unavailable.
  Result<Ended> run(const RunSpec& spec, Launch launch) const;
};

/// Ends what runs in groups of leases for which `alive` is false, and removes them. Returns how
/// many runs were ended.
int end_stale_runs(const CgroupPlace& place,
                   const std::function<bool(std::string_view lease)>& alive);

}  // namespace medperf::engine
