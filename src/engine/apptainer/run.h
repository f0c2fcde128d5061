#pragma once
// The `apptainer exec` or `run` of a RunSpec, and what its end means. Pure functions.

#include <map>
#include <string>
#include <vector>

#include "base/process.h"
#include "engine/apptainer/setup.h"
#include "engine/rules/run_rules.h"

namespace medperf::engine {

/// What is started: a .sif, or the probe's folder.
struct ApptainerImage {
  fs::path path;
  /// Program and arguments; empty: the .sif's own run script.
  std::vector<std::string> program;
};

/// The words after the program's name. Errors: invalid (a number of GPUs, which it cannot choose).
Result<std::vector<std::string>> apptainer_arguments(const RunSpec& spec,
                                                     const ApptainerSetup& setup,
                                                     const ApptainerImage& image);

/// The environment of the apptainer process: the container's variables under its prefix, so that
/// commas and equal signs in them mean nothing.
std::map<std::string, std::string> apptainer_environment(
    const std::map<std::string, std::string>& variables, const RunSpec& spec,
    const ApptainerSetup& setup);

/// As judge(), from apptainer's exit codes and words. Errors: unavailable, when the container never
/// started.
Result<RunOutcome> judge_apptainer(const ProcessOutcome& process, const RunEvents& events,
                                   const RunSpec& spec);

}  // namespace medperf::engine
