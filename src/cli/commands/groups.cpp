#include "cli/commands/groups.h"

#include <array>

namespace medperf::cli {

std::span<const Group> all_groups() {
  static const std::array<Group, 16> kGroups = {{
      {"auth", "Sign in and out.", auth_commands()},
      {"profile", "Settings of this site.", profile_commands()},
      {"policy", "What may run at this site.", policy_commands()},
      {"doctor", "Check engine, walls, disk, clock, proxy, certificates and hub.",
       doctor_commands()},
      {"container", "Make, check, try, sign, register and list containers.", container_commands()},
      {"model", "Register models and ask to join a benchmark.", model_commands()},
      {"asset", "List, sign and verify the files of models that are given as files.",
       asset_commands()},
      {"benchmark", "Register, approve and run benchmarks; show their results.",
       benchmark_commands()},
      {"dataset", "Register, prepare and associate datasets.", dataset_commands()},
      {"association", "Requests to join benchmarks.", association_commands()},
      {"organisation", "Act with others for one hospital or group.", organisation_commands()},
      {"result", "Results of this account.", result_commands()},
      {"run", "What ran at this site and how far it got.", run_commands()},
      {"storage", "The workspace's disk.", storage_commands()},
      {"site", "This site's work without a person at the keyboard.", site_commands()},
      {"audit", "The site's log.", audit_commands()},
  }};
  return kGroups;
}

}  // namespace medperf::cli
