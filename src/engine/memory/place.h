#pragma once
// Storage in memory for one run: what lies in it never touches a disk and is gone with the run,
// however that ends.

#include <memory>
#include <string>

#include "base/files.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/memory/room.h"

namespace medperf::engine {

struct PlaceWish {
  Bytes size;               ///< what it must be able to hold
  fs::path probe_program;   ///< medperf-probe, whose guard wipes it when this process is killed
  fs::path runtime_folder;  ///< XDG_RUNTIME_DIR; empty: none
  /// All that the run takes; less than `size` by its process counts as that.
  MemoryNeed need{};
};

/// A folder of this user alone (0700) in a memory file system.
///
/// As root it is a file system of its own that only this run's processes see (a mount namespace),
/// so that it ends with them, kept out of swap where the kernel can do that. As an ordinary user it
/// is a folder of a memory file system that is there (/dev/shm, the runtime folder). In both cases
/// a guard outlives a killed client and wipes it, and sweep_memory_places() finds what even that
/// missed.
class MemoryPlace {
 public:
  /// Call it in a thread made for the run: as root this thread, and what it starts, get mounts of
  /// their own. Waits while other runs of this user will take what it needs. Errors: unavailable
  /// (too little memory, no such file system, the guard), interrupted, refused (what is there turns
  /// out to be no memory).
  static Result<std::unique_ptr<MemoryPlace>> make(const PlaceWish& wish);
  MemoryPlace(const MemoryPlace&) = delete;
  MemoryPlace& operator=(const MemoryPlace&) = delete;
  ~MemoryPlace();

  /// What an engine needs to know of it.
  MemoryStore store() const;
  /// In memory and this user's alone, for what is no store.
  fs::path folder() const { return outer_ / "m"; }
  /// Whether the kernel may write it to swap: it is not kept out, and the machine has some.
  bool may_swap() const { return may_swap_; }
  /// From now on the run takes no more than that beside what it has taken: others need not wait.
  Status claim_no_more_than(const MemoryNeed& need) const { return write_claim(outer_, need); }
  /// Removes everything. Errors: unavailable, when something could not be removed.
  Status wipe();

 private:
  struct Guarded;
  MemoryPlace(fs::path outer, FileHandle lock, Bytes size);
  Status claim(const PlaceWish& wish) const;
  Status fill(const PlaceWish& wish);
  Status mount_own();

  fs::path outer_;   // holds "m", where everything lies, "r" and "held"
  FileHandle lock_;  // while it is held nobody takes the place for left over
  std::unique_ptr<Guarded> guard_;
  Bytes size_;
  bool own_mount_ = false;
  bool may_swap_ = true;
  bool there_ = true;
};

/// Whether `path` lies in a file system that is memory (tmpfs, ramfs).
bool is_memory(const fs::path& path);
/// Whether a run's place may be written to swap on this machine, by this user: what may_swap()
/// will say, before there is one.
bool places_may_swap();

/// How long a guard that a command finds at work in a place may go on. By itself it is done within
/// seconds; one that hangs must not keep what runs in there alive.
inline constexpr Seconds kGuardPatience{60};
/// Removes a place of a process that was killed, and ends what still runs in it, unless its guard
/// is at work and has not been found so for longer than its time. Whether it is gone.
bool sweep_memory_place(const fs::path& place, Seconds guard_patience);
/// All such places of this user. Returns how many were removed.
int sweep_memory_places(const fs::path& runtime_folder);

}  // namespace medperf::engine
