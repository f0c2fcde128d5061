#pragma once
// What the platform gives each task of a container and expects of it (container contract, section
// 1).

#include <string>
#include <string_view>
#include <vector>

#include "wire/container_config.h"

namespace medperf::wire {

/// A way in which a configuration departs from the contract.
struct ContractProblem {
  std::string where;  ///< "tasks.infer.output_path"
  std::string what;
  bool fatal = true;  ///< the task cannot run; otherwise it is only never used
};

/// Checks every task of a configuration: labels nobody provides, labels without which the task
/// would be of no use, files where folders belong.
std::vector<ContractProblem> check_contract(const ContainerConfig& config);

/// Whether an evaluation container takes models given as files in two steps, `infer` and
/// `evaluate`, so that inference sees no labels and its cases can be shared out.
bool infers_with_files(const ContainerConfig& config);

}  // namespace medperf::wire
