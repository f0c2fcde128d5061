#pragma once
// Control groups of one run: limits that hold for every process of it, proof of an out-of-memory,
// and the list of processes to kill. Versions 1 (memory and pids hierarchies) and 2 (unified).

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/ids.h"
#include "base/result.h"
#include "engine/run_spec.h"

namespace medperf::engine {

/// What is added to a run's limits when the engine's own processes live in its group.
inline constexpr Bytes kEngineMemory = mebibytes(48);
inline constexpr int kEngineThreads = 64;

enum class CgroupVersion { kNone, kV1, kV2 };

/// Where groups for runs may be made.
struct CgroupPlace {
  CgroupVersion version = CgroupVersion::kNone;
  fs::path root;        ///< the mount, usually /sys/fs/cgroup
  fs::path relative;    ///< below the hierarchy's root, e.g. "medperf-demo/alice"
  std::string missing;  ///< why there is no place (version kNone): for people
  bool found() const { return version != CgroupVersion::kNone; }
  /// The folders of `name` (empty: of the place itself): memory and pids on version 1, one on
  /// version 2.
  std::vector<fs::path> folders(std::string_view name = {}) const;
  /// folders() and, on version 1, those of all other hierarchies: an engine that puts its
  /// containers below a group of ours makes that group there too.
  std::vector<fs::path> folders_everywhere(std::string_view name = {}) const;
  /// Version 1: the one that shares out processors. It need not be there.
  fs::path processor_folder(std::string_view name = {}) const;
};

/// What the machine has, as far as finding the place needs it; tests give a made-up tree.
struct CgroupView {
  fs::path root = "/sys/fs/cgroup";
  std::string self;      ///< content of /proc/self/cgroup
  bool is_root = false;  ///< effective user 0
};

/// Finds where this user may make groups: `wanted` (relative) if given, else the group this process
/// is in (version 1) or its parent (version 2); root uses "medperf". Never an error: see `missing`.
CgroupPlace find_cgroup_place(const CgroupView& view, const fs::path& wanted);

/// The group of one run. Removing it is the guard's work, since processes may outlive the run a
/// little.
class RunGroup {
 public:
  /// Makes the group and writes the limits. `allowance` is added for the engine's own processes
  /// that live in the group too. Errors: unavailable (which file, why, what to do).
  static Result<RunGroup> create(const CgroupPlace& place, const std::string& name,
                                 const Limits& limits, bool engine_inside);
  RunGroup(RunGroup&&) noexcept = default;
  RunGroup& operator=(RunGroup&&) noexcept = default;

  /// For Command::join_cgroups.
  std::vector<fs::path> join_files() const;
  const std::vector<fs::path>& folders() const { return folders_; }
  /// "/medperf/run-x": for --cgroup-parent.
  std::string absolute_name() const { return absolute_; }
  /// Kills the container's processes, told from the engine's own, which may be in the group too, by
  /// their pid namespace. Returns how many there were. Needs no engine, so it is as fast on a
  /// machine under load.
  int end_container() const;
  /// How often a process was killed, or about to be, because the memory limit was reached.
  std::uint64_t out_of_memory_events() const;
  /// Greatest memory use; 0 when unknown.
  Bytes peak_memory() const;

 private:
  RunGroup() = default;
  void watch_memory_events();
  void limit_processors(const CgroupPlace& place, const std::string& name, double cpus);

  CgroupVersion version_ = CgroupVersion::kNone;
  std::vector<fs::path> folders_;
  std::string absolute_;
  FileHandle event_;        // version 1: eventfd rung at each out-of-memory
  FileHandle oom_control_;  // must stay open as long as the eventfd
};

/// Removes empty run groups whose name says a lease for which `keep` is false.
int remove_stale_groups(const CgroupPlace& place,
                        const std::function<bool(std::string_view lease)>& keep);
/// "run-<lease>--<name>", with other characters than letters, digits, '.', '_' and '-' replaced.
std::string group_name(std::string_view lease, std::string_view run);

}  // namespace medperf::engine
