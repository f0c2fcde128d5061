#pragma once
// The short folder where podman keeps what runs. A client that stores nothing leaves nothing: the
// first one on a store makes it, the last one removes it.

#include <optional>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace medperf::engine {

/// Holds the pid of the process that keeps rootless podman's user namespace.
fs::path pause_file_of(const fs::path& running);
/// Ends that process, if it is there.
void end_namespace_holder(const fs::path& running);

/// Held by every client on a store, by a shared lock on the file "in-use" in it; whoever makes or
/// removes anything but podman's own files has the lock alone.
class RunFolder {
 public:
  /// "/tmp/medperf-UID-KEY" of a store: podman takes no path above 50 characters, so it cannot lie
  /// below the store; and it remembers the path, so it must always be the same for a store.
  static fs::path path_for(const fs::path& storage);
  /// Makes it, or empties it where it is from before the machine's start: what is in there then
  /// says that containers run which do not. Errors: unavailable (it is no folder of this user
  /// alone, somebody keeps it), interrupted.
  static Result<RunFolder> hold(const fs::path& path);
  /// A folder that goes with something else, e.g. the memory of one run.
  static Result<RunFolder> hold_part(const fs::path& path);

  RunFolder(RunFolder&& other) noexcept;
  RunFolder& operator=(RunFolder&& other) noexcept;
  /// The last one ends rootless podman's namespace, and removes the folder unless something of a
  /// run is left in it.
  ~RunFolder();

  const fs::path& path() const { return path_; }
  /// Of the lock: a guard that holds it too keeps the folder when the client is killed.
  int descriptor() const { return lock_ ? lock_->descriptor() : -1; }

 private:
  RunFolder(fs::path path, FileLock lock, bool goes);
  fs::path path_;
  std::optional<FileLock> lock_;
  bool goes_;
};

/// Run folders of this user, of any store, that no client holds and in which nothing is left of a
/// run: of clients that were killed.
std::vector<fs::path> idle_run_folders(const fs::path& parent = "/tmp");
/// Of those; one that is gone is none. Errors: busy (a client has begun to use it), unavailable.
Status remove_run_folder(const fs::path& path);

}  // namespace medperf::engine
