#pragma once
// The port to container engines, and what opens one.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/image/archive.h"
#include "engine/run_spec.h"

namespace medperf::engine {

/// One wall of isolation, proved by a probe container or not.
struct Wall {
  std::string name;  ///< network, read-only-root, capabilities, no-new-privileges, user, seccomp,
                     ///< memory, pids, wall-time, inputs-read-only
  bool stands = false;
  std::string proof;   ///< what the probe saw
  std::string reason;  ///< when it does not stand: precisely why
  std::string advice;  ///< what to do
};

struct WallReport {
  std::string engine;  ///< "podman 4.3.1, runc 1.1.5, rootless, cgroup v1"
  std::vector<Wall> walls;
  bool all_stand() const;
  const Wall* find(std::string_view name) const;
};

/// Storage in memory that one run's engine is given; see memory/place.
struct MemoryStore {
  fs::path folder;   ///< holds the whole store; a memory file system, this user's alone
  fs::path running;  ///< for what names what runs; a short path
  fs::path held;     ///< locked by the run's guards until they are done
  Bytes size;        ///< of the folder
};

/// A container engine of one user. Thread-safe for different runs.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::string description() const = 0;
  /// Whether archives of this form (ImageArchive::format) can be loaded.
  virtual bool takes(std::string_view format) const = 0;
  virtual Result<bool> has_image(const ImageId& image) = 0;
  /// Loads a verified docker- or oci-archive; afterwards has_image(image) must hold, else corrupt.
  virtual Status load(const fs::path& archive, const ImageId& image) = 0;
  virtual Status remove_image(const ImageId& image) = 0;
  /// Runs to the end under every wall. Errors only when it could not be run at all.
  virtual Result<RunOutcome> run(const RunSpec& spec) = 0;
  /// Removes containers labelled with a lease for which `alive` is false. Returns how many.
  virtual Result<int> sweep(const std::function<bool(std::string_view lease)>& alive) = 0;
  /// Proves each wall with a probe container. Takes about 2 s; callers cache it.
  virtual Result<WallReport> probe() = 0;

  /// Whether images can be run that may not touch a disk: how often such an image then lies in
  /// memory at most, its archive included. 0: this engine's store cannot be moved there.
  virtual int copies_in_memory() const { return 0; }
  /// The same engine with the same walls and an empty store in memory. Errors: refused, when it
  /// cannot; those of opening it.
  virtual Result<std::unique_ptr<Engine>> in_memory(const MemoryStore& store) const;
};

/// What every engine is opened with.
struct EngineOptions {
  fs::path storage;        ///< image store and configuration of this user (0700)
  fs::path probe_program;  ///< static binary the probe image is made of
  fs::path cgroup_root;    ///< delegated cgroup, empty: found from /proc/self/cgroup
  std::map<std::string, std::string> environment;  ///< HOME, PATH, XDG_RUNTIME_DIR, DOCKER_HOST
  /// Refuse every run while nobody enforces memory and process limits. Turned off by the probe
  /// alone.
  bool require_limits = true;
  /// The store lies there instead of in `storage`.
  std::optional<MemoryStore> memory = std::nullopt;
};

enum class EngineKind { kPodman, kDocker, kApptainer, kBuiltin };
std::string_view to_string(EngineKind kind);

/// Each opener fails with unavailable or not_found (which program or right is missing, what to do)
/// when its engine cannot run containers here.
Result<std::unique_ptr<Engine>> open_podman(const EngineOptions& options);
Result<std::unique_ptr<Engine>> open_docker(const EngineOptions& options);
Result<std::unique_ptr<Engine>> open_apptainer(const EngineOptions& options);
Result<std::unique_ptr<Engine>> open_builtin(const EngineOptions& options);

}  // namespace medperf::engine
