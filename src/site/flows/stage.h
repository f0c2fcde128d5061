#pragma once
// A stage: the same step of many flows, each one container run, given to the scheduler together.

#include <functional>
#include <span>
#include <string>

#include "site/flows/journal.h"
#include "site/flows/task.h"
#include "site/flows/work_time.h"

namespace medperf::site {

/// Noted beside a step that a cluster ran: what its job used (medperf/job-usage/v1).
inline constexpr std::string_view kUsageStep = "cluster-use";

struct StageStep {
  Journal* journal = nullptr;
  std::string name;  ///< "infer"
  Json inputs;
  /// Makes the run ready. Called only when the step is not noted.
  std::function<Result<TaskRequest>()> request;
  /// Takes the output of a run that succeeded and says what is noted.
  std::function<Result<Json>(const engine::Finished& finished)> finish;

  std::size_t cases = 0;  ///< that the run has to do; 0: nobody says
  /// How many of them are done in this folder of outputs, while the run goes on. From any thread.
  std::function<std::size_t(const fs::path& output)> count;
  std::string run;  ///< its name in the progress

  Result<Json> output = Json();  ///< afterwards: what is noted, or why there is nothing
  bool ran = false;              ///< afterwards: a container ran in this call
  WorkTime time;                 ///< afterwards
};

/// When a run that has just ended began.
Timestamp start_of(const Site& site, const engine::Finished& finished);

/// Runs what is not noted; each end is noted at once, so that a kill costs what was running. A
/// step's failure is its output. Errors: interrupted, unavailable (the cluster), a fault of ours.
Status run_stage(Site& site, std::span<StageStep> steps);

}  // namespace medperf::site
