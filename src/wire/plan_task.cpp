#include <algorithm>
#include <filesystem>

#include "wire/config_reading.h"
#include "wire/container_config.h"

namespace medperf::wire {
namespace {

namespace fs = std::filesystem;

std::string place_of(const Task& task, const Volume& volume) {
  return join_path(join_path("tasks", task.name), volume.label);
}

// The path without "." and a slash at the end.
fs::path tidy(const fs::path& path) {
  const fs::path normal = path.lexically_normal();
  return normal.has_filename() || normal == normal.root_path() ? normal : normal.parent_path();
}

Result<TaskPlan> plan_current(const Task& task, const std::map<std::string, std::string>& paths) {
  TaskPlan plan;
  for (const Volume& volume : task.volumes) {
    const auto path = paths.find(volume.label);
    if (path == paths.end()) {
      std::string known;
      for (const auto& [label, host] : paths) known += (known.empty() ? "" : ", ") + label;
      return config_error(place_of(task, volume), "Nothing is provided for this label in this task",
                          "Provided are: " + known + ".");
    }
    plan.mounts.push_back(
        {volume.label, tidy(path->second).string(), volume.mount_path, volume.output, volume.kind});
  }
  plan.command = task.command;
  plan.entrypoint = task.entrypoint;
  plan.environment = task.environment;
  return plan;
}

// A default path, below the workspace. The config is foreign: it may not name other places.
Result<fs::path> default_below(const Task& task, const Volume& volume,
                               const std::string& workspace) {
  const std::string& text = volume.default_path;
  const fs::path normal = fs::path(text).lexically_normal();
  const bool climbs = !normal.empty() && *normal.begin() == "..";
  // A file is mounted by its parent folder, so a "file" that is the workspace itself leaves it too.
  const bool is_root = normal.empty() || normal == "." || normal == "./";
  const bool parent_leaves = is_root && volume.kind_known && volume.kind == MountKind::kFile;
  if (normal.is_absolute() || climbs || parent_leaves || text[0] == '~' ||
      text.find('$') != std::string::npos) {
    return make_error(ErrorKind::kRefused, place_of(task, volume),
                      "The default path leaves the container's workspace: " + text,
                      "Ask the container's owner for a path below additional_files/.");
  }
  return tidy(fs::path(workspace) / normal);
}

struct HostPath {
  fs::path path;
  MountKind kind = MountKind::kDirectory;
};

Result<HostPath> host_path_of(const Task& task, const Volume& volume,
                              const std::map<std::string, std::string>& paths,
                              const std::string& workspace) {
  HostPath host;
  host.kind = volume.kind;
  const auto given = paths.find(volume.label);
  if (given == paths.end()) {
    MEDPERF_TRY(host.path, default_below(task, volume, workspace));
  } else {
    host.path = tidy(given->second);
    if (!volume.kind_known && given->second.ends_with('/')) return host;  // a directory
  }
  if (volume.kind_known) return host;
  if (volume.output) {
    return config_error(place_of(task, volume), "The type of this output is unknown",
                        "The config must say 'type: file' or end the path in '/'.");
  }
  std::error_code error;
  const fs::file_status status = fs::status(host.path, error);
  if (!fs::exists(status)) {
    return config_error(place_of(task, volume), "There is no such input: " + host.path.string());
  }
  host.kind = fs::is_directory(status) ? MountKind::kDirectory : MountKind::kFile;
  return host;
}

Result<TaskPlan> plan_older(const Task& task, const std::map<std::string, std::string>& paths,
                            const std::string& workspace) {
  TaskPlan plan;
  std::vector<std::string> arguments;
  for (const Volume& volume : task.volumes) {
    MEDPERF_TRY(const HostPath host, host_path_of(task, volume, paths, workspace));
    const bool is_file = host.kind == MountKind::kFile;
    const std::string folder = (is_file ? host.path.parent_path() : host.path).string();
    auto mount = std::find_if(plan.mounts.begin(), plan.mounts.end(),
                              [&folder](const PlannedMount& m) { return m.host == folder; });
    if (mount == plan.mounts.end()) {
      plan.mounts.push_back({volume.label, folder,
                             "/mlcube_io" + std::to_string(plan.mounts.size()), volume.output,
                             MountKind::kDirectory});
      mount = plan.mounts.end() - 1;
    }
    mount->writable = mount->writable || volume.output;
    std::string value = mount->container;
    if (is_file) value += "/" + host.path.filename().string();
    arguments.push_back("--" + volume.label + "=" + value);
  }
  plan.entrypoint = task.entrypoint;
  plan.command = task.command;
  if (!task.entrypoint.has_value()) plan.command = {task.name};
  plan.command.insert(plan.command.end(), arguments.begin(), arguments.end());
  return plan;
}

}  // namespace

Result<TaskPlan> plan_task(const ContainerConfig& config, const Task& task,
                           const std::map<std::string, std::string>& paths,
                           const std::string& workspace) {
  return config.older_format ? plan_older(task, paths, workspace) : plan_current(task, paths);
}

}  // namespace medperf::wire
