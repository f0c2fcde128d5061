#include "wire/container_config.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "wire/config_reading.h"
#include "wire/shell_words.h"

namespace medperf::wire {
namespace {

constexpr std::array<std::pair<std::string_view, ContainerType>, 5> kTypes = {{
    {"DockerImage", ContainerType::kDockerImage},
    {"DockerArchive", ContainerType::kDockerArchive},
    {"SingularityFile", ContainerType::kSingularityFile},
    {"EncryptedDockerArchive", ContainerType::kEncryptedDockerArchive},
    {"EncryptedSingularityFile", ContainerType::kEncryptedSingularityFile},
}};
constexpr std::array<std::string_view, 5> kRunArguments = {"command", "entrypoint", "environment",
                                                           "shm_size", "gpus"};

Result<ContainerType> read_type(const Json& value) {
  std::string accepted;
  for (const auto& [name, type] : kTypes) {
    if (value.is_string() && value.as_string() == name) return type;
    accepted += (accepted.empty() ? "" : ", ") + std::string(name);
  }
  return config_error("container_type", "Unknown container type",
                      "Accepted types are " + accepted + ".");
}

Status check_mount_path(const std::string& path, const std::string& where) {
  const bool climbs = path.find("/../") != std::string::npos || path.ends_with("/..");
  if (path[0] != '/' || climbs || path == "/") {
    return config_error(where, "The mount path is not an absolute path below the root");
  }
  // Container engines separate the parts of a mount by these.
  if (path.find_first_of(":,") != std::string::npos) {
    return config_error(where, "The mount path holds ':' or ','");
  }
  return {};
}

Status read_volumes(const Json& task_json, bool output, const std::string& where, Task& task) {
  const std::string_view key = output ? "output_volumes" : "input_volumes";
  const Json* volumes = task_json.find(key);
  if (volumes == nullptr || volumes->is_null()) return {};
  const std::string place = join_path(where, key);
  if (!volumes->is_object()) return config_error(place, "Expected a map of labels");
  for (const auto& [label, entry] : volumes->members()) {
    const std::string entry_place = join_path(place, label);
    if (!entry.is_object()) {
      return config_error(entry_place, "Expected a map with the keys 'mount_path' and 'type'");
    }
    Volume volume;
    volume.label = label;
    volume.output = output;
    MEDPERF_TRY(volume.mount_path, required_text(entry, "mount_path", entry_place));
    MEDPERF_CHECK(check_mount_path(volume.mount_path, join_path(entry_place, "mount_path")));
    const Json* type = entry.find("type");
    if (type == nullptr) {
      return config_error(join_path(entry_place, "type"), "The key is missing",
                          "Accepted types are 'file' and 'directory'.");
    }
    MEDPERF_TRY(volume.kind, read_kind(*type, join_path(entry_place, "type")));
    task.volumes.push_back(std::move(volume));
  }
  return {};
}

Status check_volumes(const Task& task, const std::string& where) {
  if (task.volumes.size() > kMostVolumes) {
    return config_error(where, "There are more than " + std::to_string(kMostVolumes) + " volumes");
  }
  std::set<std::string> used;
  for (const Volume& volume : task.volumes) {
    std::string path = volume.mount_path;
    while (path.ends_with('/')) path.pop_back();
    if (!used.insert(std::move(path)).second) {
      return config_error(join_path(where, volume.label),
                          "Two volumes have the mount path " + volume.mount_path);
    }
  }
  return {};
}

Result<std::vector<std::string>> read_command(const Json& value, const std::string& where) {
  std::vector<std::string> words;
  if (value.is_string()) {
    auto split = split_shell_words(value.as_string());
    if (!split.ok()) return std::move(split).error().at(where);
    words = std::move(split).value();
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      const Json& item = value.items()[i];
      if (!item.is_string()) {
        return config_error(where + "[" + std::to_string(i) + "]",
                            "Expected text, found " + std::string(item.type_name()),
                            "Put the word in quotes.");
      }
      words.push_back(item.as_string());
    }
  } else {
    return config_error(where, "Expected text or a list of texts");
  }
  for (const std::string& word : words) {
    if (word.find('\0') != std::string::npos) return config_error(where, "A word holds a NUL");
  }
  return words;
}

// Numbers and booleans as the existing client writes them on the command line.
Result<std::string> environment_value(const Json& value, const std::string& where) {
  if (value.is_string() && value.as_string().find('\0') == std::string::npos) {
    return value.as_string();
  }
  if (value.is_number()) return to_text(value);
  if (value.is_bool()) return std::string(value.as_bool() ? "True" : "False");
  return config_error(where, "Expected text, found " + std::string(value.type_name()));
}

Status read_environment(const Json& value, const std::string& where, Task& task) {
  if (value.is_null()) return {};
  if (!value.is_object()) return config_error(where, "Expected a map of names and values");
  for (const auto& [name, entry] : value.members()) {
    if (name.empty() || name.find('=') != std::string::npos ||
        name.find('\0') != std::string::npos) {
      return config_error(where, "An environment variable has an unusable name");
    }
    MEDPERF_TRY(task.environment[name], environment_value(entry, join_path(where, name)));
  }
  return {};
}

Result<std::string> read_gpus(const Json& value, const std::string& where) {
  if (value.is_null()) return std::string();
  return checked_gpus(value.is_string() ? value.as_string() : to_text(value), where);
}

Result<std::string> read_shm_size(const Json& value, const std::string& where) {
  if (value.is_null()) return std::string();
  return checked_size(value.is_string() ? value.as_string() : to_text(value), where);
}

Status read_run_arguments(const Json& task_json, const std::string& where, Task& task) {
  const Json* arguments = task_json.find("run_args");
  if (arguments == nullptr || arguments->is_null()) return {};
  const std::string place = join_path(where, "run_args");
  if (!arguments->is_object()) return config_error(place, "Expected a map");
  std::string unknown;
  for (const auto& [key, value] : arguments->members()) {
    if (std::find(kRunArguments.begin(), kRunArguments.end(), key) != kRunArguments.end()) continue;
    unknown += (unknown.empty() ? "" : ", ") + key;
  }
  if (!unknown.empty()) {
    return config_error(place, "Unknown keys: " + unknown,
                        "Accepted are command, entrypoint, environment, shm_size and gpus.");
  }
  if (const Json* value = arguments->find("command"); value != nullptr && !value->is_null()) {
    MEDPERF_TRY(task.command, read_command(*value, join_path(place, "command")));
  }
  if (const Json* value = arguments->find("entrypoint"); value != nullptr && !value->is_null()) {
    MEDPERF_TRY(task.entrypoint, checked_text(*value, join_path(place, "entrypoint")));
  }
  if (const Json* value = arguments->find("environment")) {
    MEDPERF_CHECK(read_environment(*value, join_path(place, "environment"), task));
  }
  if (const Json* value = arguments->find("shm_size")) {
    MEDPERF_TRY(task.shm_size, read_shm_size(*value, join_path(place, "shm_size")));
  }
  if (const Json* value = arguments->find("gpus")) {
    MEDPERF_TRY(task.gpus, read_gpus(*value, join_path(place, "gpus")));
  }
  return {};
}

Result<Task> read_task(const std::string& name, const Json& json) {
  Task task;
  task.name = name;
  const std::string where = join_path("tasks", name);
  MEDPERF_CHECK(read_volumes(json, false, where, task));
  MEDPERF_CHECK(read_volumes(json, true, where, task));
  MEDPERF_CHECK(check_volumes(task, where));
  MEDPERF_CHECK(read_run_arguments(json, where, task));
  return task;
}

bool looks_older(const Json& document) {
  return document.contains("docker") || document.contains("singularity") ||
         document.contains("platform");
}

}  // namespace

bool Task::declares(std::string_view label) const {
  return std::any_of(volumes.begin(), volumes.end(),
                     [label](const Volume& volume) { return volume.label == label; });
}

const Task* ContainerConfig::task(std::string_view name) const {
  const auto found = tasks.find(std::string(name));
  return found == tasks.end() ? nullptr : &found->second;
}

Result<ContainerConfig> read_container_config(const Json& document) {
  if (!document.is_object()) {
    return config_error(
        "", "The container config is not a map but " + std::string(document.type_name()));
  }
  const Json* type = document.find("container_type");
  if (type == nullptr && looks_older(document)) return read_older_config(document);
  ContainerConfig config;
  MEDPERF_TRY(config.type, read_type(type == nullptr ? Json() : *type));
  MEDPERF_TRY(config.image, checked_image(document, ""));
  const Json* tasks = document.find("tasks");
  MEDPERF_CHECK(check_tasks(tasks));
  for (const auto& [name, json] : tasks->members()) {
    MEDPERF_TRY(Task task, read_task(name, json));
    config.tasks.emplace(name, std::move(task));
  }
  return config;
}

}  // namespace medperf::wire
