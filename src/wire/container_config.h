#pragma once
// Both container config formats (reference: container contract sections 2 and 3) read into
// one neutral form.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace medperf::wire {

enum class ContainerType {
  kDockerImage,
  kDockerArchive,
  kSingularityFile,
  kEncryptedDockerArchive,
  kEncryptedSingularityFile
};
/// Whether the image's file is encrypted (GnuPG, symmetric).
constexpr bool is_encrypted(ContainerType type) {
  return type == ContainerType::kEncryptedDockerArchive ||
         type == ContainerType::kEncryptedSingularityFile;
}
enum class MountKind { kFile, kDirectory };

struct Volume {
  std::string label;
  std::string mount_path;  ///< absolute inside; empty in the older format until planned
  MountKind kind = MountKind::kDirectory;
  bool output = false;
  std::string default_path;  ///< older format: path below the container's workspace
  /// Older format: false if only the host path can tell whether it is a file or a directory.
  bool kind_known = true;
};

struct Task {
  std::string name;
  std::vector<Volume> volumes;  ///< inputs, then outputs, in file order
  std::vector<std::string> command;
  std::optional<std::string> entrypoint;
  std::map<std::string, std::string> environment;
  std::string shm_size;
  std::string gpus;
  bool declares(std::string_view label) const;
};

struct ContainerConfig {
  ContainerType type = ContainerType::kDockerImage;
  std::string image;  ///< registry reference or download reference
  bool older_format = false;
  std::map<std::string, Task> tasks;
  const Task* task(std::string_view name) const;
};

/// Reads either format (the older has no `container_type`). Errors: invalid with the path and the
/// accepted values.
Result<ContainerConfig> read_container_config(const Json& document);

struct PlannedMount {
  std::string label;
  std::string host;  ///< path on the host (a file or a folder)
  std::string container;
  bool writable = false;
  MountKind kind = MountKind::kDirectory;
};
struct TaskPlan {
  std::vector<PlannedMount> mounts;
  std::vector<std::string> command;
  std::optional<std::string> entrypoint;
  std::map<std::string, std::string> environment;
};
/// Binds labels to host paths (a folder may end in "/"). Error: invalid for a label that the task
/// lists and `paths` lacks. Handles /mlcube_ioN numbering and --name=path arguments of the older
/// format; `workspace` is where its default paths are, and a default that leaves it is refused.
/// The older format mounts a file's parent folder: keep nothing else in the folder of such a file.
Result<TaskPlan> plan_task(const ContainerConfig& config, const Task& task,
                           const std::map<std::string, std::string>& paths,
                           const std::string& workspace);

}  // namespace medperf::wire
