#pragma once
// A small process that outlives a killed client: it ends the run's container and removes its
// groups.

#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace medperf::engine {

struct GuardPlan {
  fs::path program;                ///< medperf-probe
  std::vector<fs::path> groups;    ///< whose processes are killed; removed at the end
  std::vector<std::string> clean;  ///< the command that removes the container
  /// The container may still be starting outside of the groups when the client is gone: `clean`
  /// must go well several times, with pauses, two seconds in all.
  bool may_be_starting = false;
  std::map<std::string, std::string> environment;
  fs::path in_use;  ///< locked (shared) by every client on the store
  int keeps = -1;   ///< that lock: the guard holds it too, until it has cleaned up or is told that
                    ///< all is well
  fs::path
      pause_file;  ///< holds the pid of rootless podman's helper, ended when nobody uses the store
  fs::path held;   ///< locked by the guards of a run in memory until they are done; empty: none
  fs::path wipe;   ///< a folder that is removed after they were; empty: none
};

/// Alive while the run is watched. The guard sits in a session of its own and reads a pipe that
/// only this process writes: "done" makes it remove the empty groups and end; end of file (this
/// process was killed) makes it kill everything in the groups, run `clean`, and remove the groups.
/// Start it before the groups are made: a client that is killed in between would leave them.
class Guard {
 public:
  static Result<Guard> start(const GuardPlan& plan);
  Guard(Guard&&) noexcept = default;
  Guard& operator=(Guard&&) noexcept = default;
  /// The run has ended in order. `clean_up`: the container may still be there, so do it all the
  /// same.
  void finish(bool clean_up);

 private:
  explicit Guard(FileHandle pipe) : pipe_(std::move(pipe)) {}
  FileHandle pipe_;
};

}  // namespace medperf::engine
