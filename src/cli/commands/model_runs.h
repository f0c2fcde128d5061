#pragma once
// How the runs of `benchmark run` and `result submit` are shown, and the exit code they give.

#include <vector>

#include "cli/invocation.h"
#include "site/flows/run.h"

namespace medperf::cli {

Result<int> report_runs(Invocation& call, const std::vector<site::ModelRun>& runs);

}  // namespace medperf::cli
