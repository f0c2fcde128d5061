// Foreign container configs of both formats: whatever is accepted must plan without surprises.

#include <cstdint>
#include <cstdlib>

#include "base/yaml.h"
#include "wire/container_config.h"

using namespace medperf::wire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  medperf::JsonLimits limits;
  limits.bytes = 64u << 10;
  limits.depth = 16;
  limits.values = 10'000;
  const auto document = medperf::parse_yaml({reinterpret_cast<const char*>(data), size}, limits);
  if (!document.ok()) return 0;
  const auto config = read_container_config(*document);
  if (!config.ok()) return 0;
  for (const auto& [name, task] : config->tasks) {
    std::map<std::string, std::string> paths;
    const auto without = plan_task(*config, task, paths, "/workspace");
    if (without.ok()) {
      // Nothing was provided, so every mount must lie in the workspace.
      for (const PlannedMount& mount : without->mounts) {
        if (!mount.host.starts_with("/workspace")) std::abort();
        if (mount.host.find("..") != std::string::npos &&
            mount.host.find("/../") != std::string::npos) {
          std::abort();
        }
      }
    }
    for (const Volume& volume : task.volumes) paths[volume.label] = "/given/" + volume.label + "/";
    const auto plan = plan_task(*config, task, paths, "/workspace");
    if (!plan.ok()) continue;
    for (const PlannedMount& mount : plan->mounts) {
      if (mount.container.empty() || mount.container[0] != '/') std::abort();
    }
  }
  return 0;
}
