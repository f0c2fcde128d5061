#include "engine/podman/run_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/log.h"
#include "base/process.h"
#include "crypto/sha256.h"

namespace medperf::engine {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kKeyDigits = 8;
// Who has it alone makes or removes a few files.
constexpr std::chrono::milliseconds kLookAgain{2};
constexpr std::chrono::seconds kPatience{60};
// Two that start at once settle in less who of them begins it.
constexpr std::chrono::seconds kSettled{1};

fs::path lock_of(const fs::path& folder) {
  return folder / "in-use";
}
fs::path boot_of(const fs::path& folder) {
  return folder / "boot";
}

std::string this_boot() {
  const auto boot = read_file("/proc/sys/kernel/random/boot_id", Bytes{100});
  return boot.ok() ? *boot : "unknown";
}

bool is_private(const struct stat& status) {
  return S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() && (status.st_mode & 077) == 0;
}
bool is_private(const fs::path& folder) {
  struct stat status {};
  return ::lstat(folder.c_str(), &status) == 0 && is_private(status);
}

Status empty(const fs::path& folder) {
  std::error_code failure;
  // Without it nobody takes what is left of a removal that was killed for a whole folder.
  fs::remove(boot_of(folder), failure);
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    if (entry->path() != lock_of(folder)) MEDPERF_CHECK(remove_tree(entry->path()));
  }
  return {};
}

/// Whoever opens the lock's file meanwhile finds that it has no name any more, or makes a new one,
/// with which the folder stays.
Status remove_held(const fs::path& folder) {
  if (auto emptied = empty(folder); !emptied.ok()) {
    (void)write_file_atomically(boot_of(folder), this_boot()).ok();
    return emptied;
  }
  ::unlink(lock_of(folder).c_str());
  ::rmdir(folder.c_str());
  return {};
}

/// Of a container that was not removed there is a folder (podman's storage), and mounts while it
/// runs.
bool has_remains(const fs::path& folder) {
  std::error_code failure;
  const fs::path storage = folder / "s";
  if (fs::exists(storage, failure)) {
    for (fs::directory_iterator entry(storage, failure), end; !failure && entry != end;
         entry.increment(failure)) {
      std::error_code inner;
      if (entry->path().filename().native().ends_with("-containers") &&
          (!fs::is_empty(entry->path(), inner) || inner))
        return true;
    }
  }
  const auto mounts = read_file("/proc/self/mountinfo", mebibytes(16));
  return failure || !mounts.ok() || mounts->find(" " + folder.native() + "/") != std::string::npos;
}

Error not_private(const fs::path& folder) {
  return make_error(ErrorKind::kUnavailable, folder.native(),
                    "this must be a folder of this user alone (mode 0700)", "Remove it");
}

/// The lock, shared, on a folder that may be removed meanwhile. Nothing: try again.
Result<std::optional<FileLock>> try_hold(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return not_private(folder);
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0) return std::optional<FileLock>();
  if (!is_private(status)) return not_private(folder);
  auto lock = FileLock::try_share(lock_of(folder));
  if (lock.ok()) return std::optional<FileLock>(std::move(*lock));
  const bool gone = ::lstat(folder.c_str(), &status) != 0;
  if (gone || lock.error().kind == ErrorKind::kBusy) return std::optional<FileLock>();
  return std::move(lock).error();
}

/// Makes it one of this boot, if nobody else is in it. The lock is lost.
Status begin(const fs::path& folder, FileLock lock, const std::string& boot) {
  if (!lock.try_alone() || !lock.holds(lock_of(folder))) return {};
  const auto then = read_file(boot_of(folder), Bytes{100});
  if (then.ok() && *then == boot) return {};
  MEDPERF_CHECK(empty(folder));
  return write_file_atomically(boot_of(folder), boot);
}

}  // namespace

fs::path pause_file_of(const fs::path& running) {
  return running / "libpod" / "pause.pid";
}

void end_namespace_holder(const fs::path& running) {
  const auto text = read_file(pause_file_of(running), Bytes{100});
  const std::string digits(trim(text.ok() ? *text : std::string()));
  int pid = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), pid);
  if (pid <= 1) return;
  const auto command = read_file("/proc/" + digits + "/comm", Bytes{100});
  if (command.ok() && command->starts_with("catatonit")) ::kill(pid, SIGKILL);
}

RunFolder::RunFolder(fs::path path, FileLock lock, bool goes)
    : path_(std::move(path)), lock_(std::move(lock)), goes_(goes) {}

RunFolder::RunFolder(RunFolder&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, std::nullopt)),
      goes_(other.goes_) {}

RunFolder& RunFolder::operator=(RunFolder&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  std::swap(goes_, other.goes_);
  return *this;
}

RunFolder::~RunFolder() {
  if (!lock_) return;
  const fs::path file = lock_of(path_);
  if (lock_->holds(file) && lock_->try_alone() && lock_->holds(file)) {
    end_namespace_holder(path_);
    if (goes_ && !has_remains(path_)) {
      if (const auto removed = remove_held(path_); !removed.ok())
        log::warning("engine.run_folder_left", {{"folder", path_.native()}});
    }
  }
  lock_->release();
}

fs::path RunFolder::path_for(const fs::path& storage) {
  const std::string key = crypto::sha256_hex(storage.native()).substr(0, kKeyDigits);
  return fs::path("/tmp") / fmt::format("medperf-{}-{}", ::geteuid(), key);
}

Result<RunFolder> RunFolder::hold_part(const fs::path& path) {
  MEDPERF_TRY(FileLock lock, FileLock::try_share(lock_of(path)));
  return RunFolder(path, std::move(lock), false);
}

Result<RunFolder> RunFolder::hold(const fs::path& path) {
  const std::string boot = this_boot();
  const auto start = SteadyClock::now();
  for (;;) {
    MEDPERF_TRY(auto lock, try_hold(path));
    const auto now = SteadyClock::now();
    if (lock) {
      const auto then = read_file(boot_of(path), Bytes{100});
      if (then.ok() && *then == boot) return RunFolder(path, std::move(*lock), true);
      // Others work in it, so it is of this boot, and somebody has cleaned its file away.
      if (now - start >= kSettled) (void)write_file_atomically(boot_of(path), boot).ok();
      MEDPERF_CHECK(begin(path, std::move(*lock), boot));
    }
    if (stop_requested()) return make_error(ErrorKind::kInterrupted, path.native(), "stopped");
    if (now - start >= kPatience) {
      return make_error(ErrorKind::kUnavailable, path.native(),
                        "another process keeps this folder for itself",
                        "Look who has its file in-use open (fuser), and end it");
    }
    std::this_thread::sleep_for(kLookAgain);
  }
}

std::vector<fs::path> idle_run_folders(const fs::path& parent) {
  const std::string begin = fmt::format("medperf-{}-", ::geteuid());
  std::vector<fs::path> out;
  std::error_code failure;
  for (fs::directory_iterator entry(parent, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const std::string name = entry->path().filename().native();
    if (!name.starts_with(begin) || name.size() != begin.size() + kKeyDigits ||
        name.find_first_not_of("0123456789abcdef", begin.size()) != std::string::npos ||
        !is_private(entry->path()))
      continue;
    const auto lock = FileLock::try_acquire(lock_of(entry->path()));
    if (lock.ok() && !has_remains(entry->path())) out.push_back(entry->path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

Status remove_run_folder(const fs::path& path) {
  std::error_code ignored;
  auto lock = FileLock::try_acquire(lock_of(path));
  if (!fs::exists(path, ignored)) return {};
  if (!lock.ok()) return std::move(lock).error();
  end_namespace_holder(path);
  if (!has_remains(path)) return remove_held(path);
  return make_error(ErrorKind::kBusy, path.native(), "something of a run is left in it",
                    "Run a command that starts containers: it clears up first");
}

}  // namespace medperf::engine
