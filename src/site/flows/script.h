#pragma once
// Models given as files: the benchmark's evaluation container is a script, which infers and
// evaluates in one run (container contract, `run_script`).

#include "site/flows/evaluate.h"
#include "site/flows/stage.h"

namespace medperf::site {

inline constexpr std::string_view kScriptTask = "run_script";
/// In the folder that a script writes.
inline constexpr std::string_view kScriptResults = "results.yaml";

/// The step of one such model; notes its results, when it ran and what it took.
StageStep script_step(Site& site, const ModelWork& work, const Policy& policy);

}  // namespace medperf::site
