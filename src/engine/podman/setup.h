#pragma once
// podman's own world: folders, configuration files and environment of one user's store. Nothing is
// shared with the machine's or the user's other containers.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/process.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/limits/cgroup.h"
#include "engine/podman/run_folder.h"

namespace medperf::engine {

/// How memory and process limits come to hold.
enum class LimitMode {
  kJoin,    ///< podman is started inside a group of ours: every process of the run is below it
  kParent,  ///< root: the engine makes its group below ours
  kEngine,  ///< left to the engine (rootless, cgroup v2 with systemd); the probe tells whether it
            ///< holds
  kNone,    ///< nobody enforces them
};

/// Hard limits of this process, which ulimits of containers may not pass.
struct HardLimits {
  std::uint64_t files = 4096;
  std::uint64_t processes = 4096;
};

struct PodmanSetup {
  EngineOptions options;
  bool rootless = true;
  unsigned uid = 0, gid = 0;
  CgroupVersion machine =
      CgroupVersion::kNone;  ///< what the machine has, whether we may use it or not
  CgroupPlace place;
  LimitMode mode = LimitMode::kNone;
  std::string runtime;  ///< "runc" or "crun"
  std::string driver;   ///< "overlay" or "vfs"
  HardLimits hard;
  fs::path seccomp;  ///< the profile's file, see rules/seccomp_profile
  std::map<std::string, std::string> environment;  ///< of every podman process

  fs::path configuration() const { return options.storage / "config"; }
  fs::path images() const { return options.storage / "store"; }
  fs::path temporary() const { return options.storage / "tmp"; }
  fs::path in_use() const { return running / "in-use"; }
  fs::path run_root() const { return running / "s"; }
  fs::path pause_file() const { return pause_file_of(running); }
  fs::path running;               ///< what must not outlive a boot
  std::optional<RunFolder> held;  ///< the same, as long as this lives

  /// "podman --root ... " and the given words.
  std::vector<std::string> command(std::initializer_list<std::string_view> words) const;
  /// Runs podman with the given words; never stopped by a request to stop.
  Result<ProcessOutcome> podman(std::initializer_list<std::string_view> words,
                                Seconds deadline) const;
};

/// The text of containers.conf and storage.conf. Pure.
std::string containers_conf(const PodmanSetup& setup);
std::string storage_conf(const PodmanSetup& setup);
/// Decides the mode from what was found. Pure.
LimitMode choose_mode(bool rootless, CgroupVersion machine, const CgroupPlace& place, bool systemd);

/// Why limits do not hold in this mode, for people; empty when nothing is known against them.
std::string limits_missing(const PodmanSetup& setup);
std::string limits_advice(const PodmanSetup& setup);

/// Makes the folders and files. Errors: not_found (podman, its seccomp profile), unavailable.
Result<PodmanSetup> set_up_podman(const EngineOptions& options);
/// Writes the configuration again, e.g. after `driver` has changed.
Status write_configuration(const PodmanSetup& setup);
/// An error of a podman command: its last line in plain words.
Error podman_error(const std::string& doing, const ProcessOutcome& outcome);

}  // namespace medperf::engine
