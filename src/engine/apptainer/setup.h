#pragma once
// The apptainer (or singularity) of this machine: which one, for whom, and who enforces limits.

#include <map>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/limits/cgroup.h"
#include "engine/rules/run_rules.h"

namespace medperf::engine {

struct ApptainerSetup {
  EngineOptions options;
  std::string program;  ///< "apptainer" or "singularity"
  std::string version;  ///< "apptainer version 1.3.1"
  bool root = false;
  InsideUser user;
  CgroupVersion machine = CgroupVersion::kNone;
  CgroupPlace place;  ///< the run is started inside a group of ours, if one can be made
  fs::path seccomp;   ///< used as root only: the program takes a filter from nobody else
  std::map<std::string, std::string> environment;

  fs::path folder() const { return options.storage / "apptainer"; }
};

/// "apptainer version 1.3.1", "singularity-ce version 4.1.0": printable. Errors: unavailable.
Result<std::string> read_apptainer_version(std::string_view text);

/// Finds apptainer, else singularity. Errors: not_found, unavailable, invalid.
Result<ApptainerSetup> set_up_apptainer(const EngineOptions& options);

}  // namespace medperf::engine
