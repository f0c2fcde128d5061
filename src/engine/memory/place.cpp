#include "engine/memory/place.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/log.h"
#include "engine/limits/guard.h"
#include "engine/podman/run_folder.h"

namespace medperf::engine {
namespace {

constexpr std::string_view kName = "medperf-memory-";
constexpr const char* kRunning = "r";
constexpr const char* kFound = "found";
// Of the file system that root mounts, for the folders and what a file's end wastes.
constexpr Bytes kSpare = mebibytes(256);
/// Younger ones may just be being made.
constexpr std::time_t kYoung = 2;

Error place_error(const fs::path& path, const std::string& what, int code) {
  const std::string cause = std::system_category().message(code);
  return make_error(ErrorKind::kUnavailable, path.native(), what + ": " + cause,
                    "Check that this machine has a memory file system at /dev/shm", cause);
}

std::vector<fs::path> memory_folders(const fs::path& runtime_folder) {
  std::vector<fs::path> out;
  for (const fs::path& folder : {fs::path("/dev/shm"), runtime_folder}) {
    if (!folder.empty() && is_memory(folder) && ::access(folder.c_str(), W_OK | X_OK) == 0)
      out.push_back(folder);
  }
  return out;
}

/// Makes the folder where the most is free.
Result<fs::path> make_folder(const fs::path& runtime_folder) {
  fs::path best;
  Bytes most{0};
  for (const auto& folder : memory_folders(runtime_folder)) {
    const auto free = free_space(folder);
    if (free.ok() && (best.empty() || *free > most)) {
      best = folder;
      most = *free;
    }
  }
  if (best.empty()) {
    return make_error(ErrorKind::kUnavailable, "/dev/shm",
                      "this machine has no memory file system that may be written",
                      "Mount one: mount -t tmpfs tmpfs /dev/shm");
  }
  std::string name = (best / (std::string(kName) + "XXXXXX")).native();
  if (::mkdtemp(name.data()) == nullptr)
    return place_error(best, "no folder can be made here", errno);
  return fs::path(name);
}

/// One for all commands of this user, whatever their runtime folder, where there is /dev/shm.
fs::path turn_file(const fs::path& runtime_folder) {
  return memory_folders(runtime_folder).front() / fmt::format("medperf-turn-{}", ::geteuid());
}

FileHandle open_folder(const fs::path& path) {
  return FileHandle(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool is_private(const FileHandle& folder) {
  struct stat status {};
  return ::fstat(folder.get(), &status) == 0 && S_ISDIR(status.st_mode) &&
         status.st_uid == ::geteuid() && (status.st_mode & 077) == 0;
}

/// Where other runs of this user are: what has a claim, and is held. A place that is just being
/// made has none, so looking at its lock disturbs nobody.
std::vector<fs::path> other_places(const fs::path& runtime_folder, const fs::path& own) {
  std::vector<fs::path> out;
  for (const auto& folder : memory_folders(runtime_folder)) {
    std::error_code failure;
    for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
      if (!entry->path().filename().native().starts_with(kName) || entry->path() == own ||
          !has_claim(entry->path()))
        continue;
      const FileHandle there = open_folder(entry->path());
      if (there.is_open() && is_private(there) && ::flock(there.get(), LOCK_SH | LOCK_NB) != 0)
        out.push_back(entry->path());
    }
  }
  return out;
}

// "noswap" of root's own file system.
bool kernel_keeps_out_of_swap() {
  struct utsname name {};
  int major = 0, minor = 0;
  return ::uname(&name) == 0 && std::sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
         (major > 6 || (major == 6 && minor >= 4));
}

struct Users {
  std::vector<pid_t> guards;
  std::vector<pid_t> others;
};

/// Processes that only the run in this place had: its container, which sees the place among its
/// mounts, and what watches the container, which is told of the place. Whether one is a guard says
/// its own command line, which a hostile container may make up; so a guard's word is not taken
/// without end.
Users users_of(const fs::path& place) {
  const std::string within = place.native() + "/";
  constexpr std::string_view kGuard("\0guard\0", 7);
  Users out;
  std::error_code failure;
  for (fs::directory_iterator entry("/proc", failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const std::string name = entry->path().filename().native();
    pid_t pid = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (read.ec != std::errc() || read.ptr != name.data() + name.size() || pid == ::getpid())
      continue;
    for (const char* file : {"cmdline", "mountinfo"}) {
      const auto text = read_file(entry->path() / file, mebibytes(1));
      if (!text.ok() || text->find(within) == std::string::npos) continue;
      (text->find(kGuard) != std::string::npos ? out.guards : out.others).push_back(pid);
      break;
    }
  }
  return out;
}

bool end_all(const std::vector<pid_t>& processes) {
  bool any = false;
  for (const pid_t pid : processes) any = ::kill(pid, SIGKILL) == 0 || any;
  return any;
}

/// Ends them; those of other users, which the kernel does not let us end, are left. Waits a little,
/// since they hold the place until they are gone.
void end_users_of(const fs::path& place) {
  constexpr int kLooks = 40;
  for (int i = 0; i < kLooks; ++i) {
    const Users users = users_of(place);
    const bool guards = end_all(users.guards), others = end_all(users.others);
    if (!guards && !others) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

/// Whether a guard still has the time that it gets from the first command on that finds it at work.
bool guard_has_time(const fs::path& place, Seconds patience) {
  if (users_of(place).guards.empty()) return false;
  struct stat status {};
  if (::lstat((place / kFound).c_str(), &status) != 0)
    return !write_file_atomically(place / kFound, "").ok() || patience.count() > 0;
  return std::difftime(std::time(nullptr), status.st_mtim.tv_sec) < patience.count();
}

}  // namespace

bool places_may_swap() {
  return may_be_swapped() && !(::geteuid() == 0 && kernel_keeps_out_of_swap());
}

struct MemoryPlace::Guarded {
  Guard guard;
};

bool is_memory(const fs::path& path) {
  struct statfs status {};
  if (::statfs(path.c_str(), &status) != 0) return false;
  const auto type = static_cast<std::uint32_t>(status.f_type);
  return type == TMPFS_MAGIC || type == RAMFS_MAGIC;
}

MemoryPlace::MemoryPlace(fs::path outer, FileHandle lock, Bytes size)
    : outer_(std::move(outer)), lock_(std::move(lock)), size_(size) {}

MemoryPlace::~MemoryPlace() {
  if (const auto done = wipe(); !done.ok())
    log::warning("engine.memory_left", {{"place", outer_.native()}});
}

MemoryStore MemoryPlace::store() const {
  return {folder() / "store", outer_ / kRunning, outer_ / "held", size_};
}

Result<std::unique_ptr<MemoryPlace>> MemoryPlace::make(const PlaceWish& wish) {
  MEDPERF_TRY(const fs::path outer, make_folder(wish.runtime_folder));
  FileHandle lock = open_folder(outer);
  if (!lock.is_open() || !is_private(lock) || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    const int code = errno;
    ::rmdir(outer.c_str());
    return place_error(outer, "the new folder cannot be held", code);
  }
  std::unique_ptr<MemoryPlace> place(new MemoryPlace(outer, std::move(lock), wish.size));
  MEDPERF_CHECK(place->claim(wish));
  MEDPERF_CHECK(place->fill(wish));
  return place;
}

/// Other runs see the claim as long as this one holds its lock.
Status MemoryPlace::claim(const PlaceWish& wish) const {
  MemoryNeed need = wish.need;
  need.process = std::max(need.process, wish.size);
  const auto others = [&] { return other_places(wish.runtime_folder, outer_); };
  return claim_memory(outer_, turn_file(wish.runtime_folder), need, others,
                      [&]() -> Result<MemoryRoom> {
                        MEDPERF_TRY(MemoryRoom room, memory_room());
                        if (::geteuid() == 0) return room;  // gets a file system of its own
                        MEDPERF_TRY(room.folder, free_space(outer_));
                        return room;
                      });
}

Status MemoryPlace::fill(const PlaceWish& wish) {
  const MemoryStore store = this->store();
  MEDPERF_CHECK(write_file_atomically(store.held, ""));
  MEDPERF_CHECK(make_private_folder(folder()));
  GuardPlan plan;
  plan.program = wish.probe_program;
  plan.in_use = store.running / "in-use";
  plan.pause_file = pause_file_of(store.running);
  plan.held = store.held;
  plan.wipe = outer_;
  // Before the mount: the guard sees the machine's mounts, in which the folder stays empty.
  MEDPERF_TRY(auto guard, Guard::start(plan));
  guard_ = std::make_unique<Guarded>(Guarded{std::move(guard)});
  if (::geteuid() == 0) MEDPERF_CHECK(mount_own());
  if (!is_memory(folder()) || !is_private(open_folder(folder()))) {
    return make_error(ErrorKind::kRefused, folder().native(),
                      "this is no private folder in memory, so nothing is decrypted into it",
                      "Check /dev/shm");
  }
  may_swap_ = may_swap_ && may_be_swapped();
  MEDPERF_TRY(const Bytes free, free_space(folder()));
  if (free >= size_) return {};
  const std::string where = outer_.parent_path().native();
  return make_error(ErrorKind::kUnavailable, where,
                    fmt::format("this memory file system has {} free, the decrypted image needs {}",
                                to_string(free), to_string(size_)),
                    "Let root enlarge it: mount -o remount,size=... " + where);
}

/// Root without the right to mount (in some containers) keeps the folder as it is.
Status MemoryPlace::mount_own() {
  if (::unshare(CLONE_NEWNS) != 0) return {};
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
    return place_error(outer_, "mounts of its own cannot be made", errno);
  const std::string options = fmt::format("mode=0700,size={}", size_.value + kSpare.value);
  const auto mount_it = [&](const std::string& with) {
    return ::mount("medperf", folder().c_str(), "tmpfs", MS_NOSUID | MS_NODEV, with.c_str()) == 0;
  };
  // "noswap" is there since Linux 6.4.
  const bool kept = mount_it(options + ",noswap");
  if (!kept && !mount_it(options)) return place_error(outer_, "no memory can be mounted", errno);
  own_mount_ = true;
  may_swap_ = !kept;
  return {};
}

Status MemoryPlace::wipe() {
  if (!there_) return {};
  there_ = false;
  Status removed;
  if (own_mount_) {
    // Detaching is enough; but if a file is open somewhere, its fellows at least are gone.
    std::error_code failure;
    for (fs::directory_iterator entry(folder(), failure), end; !failure && entry != end;
         entry.increment(failure))
      (void)remove_tree(entry->path()).ok();
    if (::umount2(folder().c_str(), MNT_DETACH) != 0)
      removed = place_error(folder(), "it cannot be unmounted", errno);
  }
  if (removed.ok()) removed = remove_tree(outer_);
  // What could not be removed is left to the guard, which tries again.
  if (guard_) guard_->guard.finish(!removed.ok());
  guard_.reset();
  lock_.close();
  return removed;
}

bool sweep_memory_place(const fs::path& place, Seconds guard_patience) {
  const FileHandle left = open_folder(place);
  struct stat status {};
  if (!left.is_open() || !is_private(left) || ::fstat(left.get(), &status) != 0 ||
      std::time(nullptr) - status.st_ctim.tv_sec < kYoung ||
      ::flock(left.get(), LOCK_EX | LOCK_NB) != 0)
    return false;
  // What it is about to do itself it does more thoroughly: it knows the run's groups.
  if (guard_has_time(place, guard_patience)) return false;
  end_namespace_holder(place / kRunning);
  end_users_of(place);
  return remove_tree(place).ok();
}

int sweep_memory_places(const fs::path& runtime_folder) {
  int removed = 0;
  for (const auto& folder : memory_folders(runtime_folder)) {
    std::error_code failure;
    for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
      if (!entry->path().filename().native().starts_with(kName)) continue;
      if (sweep_memory_place(entry->path(), kGuardPatience)) ++removed;
    }
  }
  return removed;
}

}  // namespace medperf::engine
