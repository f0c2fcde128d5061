#pragma once
// A container before it is registered: checked and tried by its author as a hospital will, behind
// the same walls, limits and refusals. No hub is needed.

#include <map>
#include <string>
#include <vector>

#include "site/flows/task.h"
#include "wire/task_contract.h"

namespace medperf::site {

struct OwnContainer {
  fs::path config;      ///< container_config.yaml or mlcube.yaml
  fs::path archive;     ///< image archive
  fs::path parameters;  ///< empty: none
  fs::path additional;  ///< tar.gz of additional files; empty: none
  fs::path key;         ///< of an encrypted archive; empty: none
};

struct OwnCheck {
  Admitted container;  ///< with the policy's refusal, if it refuses
  std::vector<wire::ContractProblem> problems;
  bool good() const;
};

/// Reads and inspects everything. Errors: invalid, corrupt, not_found (files that cannot be read).
Result<OwnCheck> check_own(Site& site, const OwnContainer& own);

struct OwnTask {
  std::string task;
  std::map<std::string, std::string> paths;  ///< mount label -> host path
  fs::path log_file;
  fs::path result_schema;  ///< that the results must fit; empty: none. Of evaluate and run_script
};

/// What a task's results are and what of them would leave.
struct OwnResults {
  Json results;      ///< null: the task gives none
  std::string sent;  ///< canonical bytes; without a schema, all of them
};

/// Runs one task, and treats its results as a hospital will. Errors: as check_own and run_task;
/// invalid, when the check found a problem; refused, when the results would not leave.
Result<OwnResults> try_task(Site& site, const OwnContainer& own, const OwnTask& task);

}  // namespace medperf::site
