#pragma once
// The folders that a run may write, given to the container's user where an engine does not do it.

#include "engine/rules/run_rules.h"
#include "engine/run_spec.h"

namespace medperf::engine {

/// As root: makes every writable mount, with all below it, belong to `user`; links are changed
/// themselves, never followed. Nothing when the user is not foreign. Errors: unavailable.
Status give_outputs(const RunSpec& spec, const InsideUser& user);

}  // namespace medperf::engine
