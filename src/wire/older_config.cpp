// The older container config, mlcube.yaml (container contract section 3).

#include "wire/config_reading.h"
#include "wire/shell_words.h"

namespace medperf::wire {
namespace {

bool names_directory(std::string_view path) {
  return path.ends_with('/') || path.ends_with('\\');
}

// One entry of `inputs` or `outputs`: the default path, or a map {type, default, opts}.
Result<Volume> read_parameter(const std::string& name, const Json& entry, bool output,
                              const std::string& where) {
  Volume volume;
  volume.label = name;
  volume.output = output;
  volume.kind_known = false;
  const Json* type = nullptr;
  if (entry.is_object()) {
    type = entry.find("type");
    MEDPERF_TRY(volume.default_path, required_text(entry, "default", where));
  } else {
    MEDPERF_TRY(volume.default_path, checked_text(entry, where));
  }
  if (type != nullptr && !type->is_null() && *type != Json("unknown")) {
    MEDPERF_TRY(volume.kind, read_kind(*type, join_path(where, "type")));
    volume.kind_known = true;
  } else if (names_directory(volume.default_path)) {
    volume.kind = MountKind::kDirectory;
    volume.kind_known = true;
  }
  return volume;
}

Status read_parameters(const Json& task_json, bool output, const std::string& where, Task& task) {
  const Json* parameters =
      task_json.find_path({"parameters", output ? std::string_view("outputs") : "inputs"});
  if (parameters == nullptr || parameters->is_null()) return {};
  const std::string place = join_path(where, output ? "parameters.outputs" : "parameters.inputs");
  if (!parameters->is_object()) return config_error(place, "Expected a map of names");
  for (const auto& [name, entry] : parameters->members()) {
    if (name.empty() || name.find_first_of("= \n") != std::string::npos) {
      return config_error(place, "A parameter has an unusable name");
    }
    MEDPERF_TRY(Volume volume, read_parameter(name, entry, output, join_path(place, name)));
    task.volumes.push_back(std::move(volume));
  }
  if (task.volumes.size() > kMostVolumes) {
    return config_error(place, "There are more than " + std::to_string(kMostVolumes) + " entries");
  }
  return {};
}

Status read_entrypoint(const Json& task_json, const std::string& where, Task& task) {
  const Json* value = task_json.find("entrypoint");
  if (value == nullptr || value->is_null()) return {};
  const std::string place = join_path(where, "entrypoint");
  MEDPERF_TRY(const std::string text, checked_text(*value, place));
  auto words = split_shell_words(text);
  if (!words.ok()) return std::move(words).error().at(place);
  if (words->empty()) return config_error(place, "The entrypoint is empty");
  task.entrypoint = words->front();
  task.command.assign(words->begin() + 1, words->end());
  return {};
}

// "--shm-size VALUE" or "--shm-size=VALUE" in docker.gpu_args; every other argument is dropped,
// since it would let the container's author choose how the engine runs it.
Result<std::string> shm_size_of(const Json& docker) {
  const Json* arguments = docker.find("gpu_args");
  if (arguments == nullptr || !arguments->is_string()) return std::string();
  auto words = split_shell_words(arguments->as_string());
  if (!words.ok()) return std::move(words).error().at("docker.gpu_args");
  constexpr std::string_view kName = "--shm-size";
  for (std::size_t i = 0; i < words->size(); ++i) {
    const std::string& word = (*words)[i];
    if (word == kName && i + 1 < words->size()) {
      return checked_size((*words)[i + 1], "docker.gpu_args");
    }
    if (word.starts_with(kName) && word.size() > kName.size() && word[kName.size()] == '=') {
      return checked_size(word.substr(kName.size() + 1), "docker.gpu_args");
    }
  }
  return std::string();
}

}  // namespace

Result<ContainerConfig> read_older_config(const Json& document) {
  ContainerConfig config;
  config.older_format = true;
  const Json* docker = document.find("docker");
  if (docker == nullptr || !docker->is_object() || !docker->contains("image")) {
    return config_error("docker.image", "The config names no container image",
                        "Configs for Singularity alone cannot be run.");
  }
  MEDPERF_TRY(config.image, checked_image(*docker, "docker"));
  // The format knows registries only; this platform registers archives under the same key.
  const bool address = config.image.starts_with("https://") ||
                       config.image.starts_with("http://") || config.image.starts_with("direct:");
  config.type = address ? ContainerType::kDockerArchive : ContainerType::kDockerImage;
  MEDPERF_TRY(const std::string shm_size, shm_size_of(*docker));
  const Json* tasks = document.find("tasks");
  MEDPERF_CHECK(check_tasks(tasks));
  for (const auto& [name, json] : tasks->members()) {
    const std::string where = join_path("tasks", name);
    Task task;
    task.name = name;
    task.shm_size = shm_size;
    MEDPERF_CHECK(read_parameters(json, false, where, task));
    MEDPERF_CHECK(read_parameters(json, true, where, task));
    MEDPERF_CHECK(read_entrypoint(json, where, task));
    config.tasks.emplace(name, std::move(task));
  }
  return config;
}

}  // namespace medperf::wire
