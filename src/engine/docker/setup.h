#pragma once
// The docker client's own world and what its daemon says of itself. The daemon and its store are
// shared with everyone on the machine, so images are known by their id alone and never tagged.

#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "base/process.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/limits/cgroup.h"
#include "engine/rules/run_rules.h"

namespace medperf::engine {

/// What `docker info` says, as far as a run depends on it.
struct DockerFacts {
  std::string server;   ///< "20.10.24"
  std::string runtime;  ///< "runc"
  std::string cgroup;   ///< "1" or "2"
  std::string groups;   ///< who makes its control groups: "cgroupfs" or "systemd"
  std::string storage;  ///< "overlay2"
  bool memory = false;  ///< the daemon can limit memory
  bool pids = false;    ///< the daemon can limit processes
  bool cpus = false;    ///< the daemon can limit processor time
  int processors = 1;   ///< more than these may not be asked for
};

struct DockerSetup {
  EngineOptions options;
  InsideUser user;
  DockerFacts facts;
  fs::path seccomp;  ///< the profile's file, see rules/seccomp_profile
  /// Where a run's container gets a control group of ours around it, which tells more than the
  /// daemon does: each time that memory ran out, and the highest use. Nowhere: the daemon's word.
  CgroupPlace place;
  std::map<std::string, std::string> environment;  ///< of every docker process

  fs::path configuration() const { return options.storage / "docker"; }
  fs::path temporary() const { return options.storage / "tmp"; }
  /// The daemon's, for `daemon`.
  fs::path socket() const;

  /// Runs docker with the given words; never stopped by a request to stop.
  Result<ProcessOutcome> docker(std::initializer_list<std::string_view> words,
                                Seconds deadline) const;
};

/// Reads `docker info`. Errors: unavailable, when the daemon does not answer or maps users or
/// images in a way under which a run would not be what it says. Pure.
Result<DockerFacts> read_docker_info(const Json& info);
/// Refuses a daemon on another machine: mounts would be that machine's folders. Pure.
Status check_docker_host(std::string_view host);

/// Why limits cannot hold with this daemon, for people; empty when nothing is known against them.
std::string limits_missing(const DockerFacts& facts);

/// Makes the folders and asks the daemon. Errors: not_found (no docker), unavailable, invalid.
Result<DockerSetup> set_up_docker(const EngineOptions& options);
/// An error of a docker command: its last line in plain words.
Error docker_error(const std::string& doing, const ProcessOutcome& outcome);

}  // namespace medperf::engine
