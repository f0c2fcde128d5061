#pragma once
// Who decides for a benchmark, and who sees it.

#include "cli/invocation.h"

namespace medperf::cli {

/// Shows the committee, or sets it.
Result<int> benchmark_committee(Invocation& call);
/// Lets a user or an organisation into the benchmark's closed group.
Result<int> benchmark_invite(Invocation& call);
/// Makes a closed group.
Result<int> benchmark_close(Invocation& call);

}  // namespace medperf::cli
