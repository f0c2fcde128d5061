#include "engine/limits/cgroup.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <functional>
#include <system_error>

#include "base/encoding.h"
#include "engine/limits/control_files.h"

namespace medperf::engine {
namespace {

// The engine's own processes (podman, conmon, the runtime) live in the group of a joined run: their
// memory (about 20 MiB seen, more with large images) and threads are added to the run's limits.

constexpr const char* kAdvice =
    "Let root run scripts/cgroup-delegate.sh add USER, and name the group in engine.cgroup";

bool writable(const fs::path& folder) {
  return ::access(folder.c_str(), W_OK | X_OK) == 0 &&
         ::access((folder / "cgroup.procs").c_str(), W_OK) == 0;
}

// Control files know no truncation or creation; O_CREAT only serves made-up trees.
Status write_control(const fs::path& file, std::string_view text) {
  const FileHandle handle(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (handle.is_open() &&
      ::write(handle.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size())) {
    return {};
  }
  const std::string cause = std::system_category().message(errno);
  return make_error(ErrorKind::kUnavailable, file.native(), "this limit cannot be set: " + cause,
                    kAdvice, cause);
}

// How many pid namespaces a process is in, counted from ours; 0 when it is gone.
std::size_t pid_depth(std::string_view pid) {
  const std::string status = read_small("/proc/" + std::string(pid) + "/status");
  for (const auto line : split(status, '\n')) {
    if (line.starts_with("NSpid:")) return split(trim(line.substr(6)), '\t').size();
  }
  return 0;
}

bool holds(const std::string& list, std::string_view word) {
  const auto words = split(list, ' ');
  return std::find(words.begin(), words.end(), word) != words.end();
}

CgroupPlace no_place(CgroupPlace place, std::string why) {
  place.version = CgroupVersion::kNone;
  place.missing = std::move(why);
  return place;
}

CgroupPlace find_v1(CgroupPlace place, const CgroupView& view, const fs::path& wanted) {
  place.version = CgroupVersion::kV1;
  for (const char* hierarchy : {"memory", "pids"}) {
    if (!fs::exists(view.root / hierarchy / "cgroup.procs")) {
      return no_place(place, "this machine has no cgroup hierarchy '" + std::string(hierarchy) +
                                 "' (cgroup v1)");
    }
  }
  if (!wanted.empty()) {
    place.relative = wanted;
  } else if (view.is_root) {
    place.relative = "medperf";
    std::error_code ignored;
    for (const auto& folder : place.folders()) fs::create_directory(folder, ignored);
  } else {
    place.relative = relative_of(own_group(view.self, "memory"));
    if (place.relative != relative_of(own_group(view.self, "pids")) || place.relative.empty()) {
      return no_place(place, "this user has no memory and pids group of its own (cgroup v1)");
    }
  }
  for (const auto& folder : place.folders()) {
    if (!writable(folder))
      return no_place(place,
                      "this user may not make groups in " + folder.native() + " (cgroup v1)");
  }
  return place;
}

// Children get the controllers only when every group above enables them; root does it here.
void enable_controllers(const fs::path& root, const fs::path& relative) {
  fs::path folder = root;
  std::error_code ignored;
  const auto enable = [&] {
    for (const char* controller : {"+memory", "+pids", "+cpu"}) {
      (void)write_control(folder / "cgroup.subtree_control", controller).ok();
    }
  };
  enable();
  for (const auto& part : relative) {
    folder /= part;
    fs::create_directory(folder, ignored);
    enable();
  }
}

CgroupPlace find_v2(CgroupPlace place, const CgroupView& view, const fs::path& wanted) {
  place.version = CgroupVersion::kV2;
  if (!wanted.empty()) {
    place.relative = wanted;
  } else if (view.is_root) {
    place.relative = "medperf";
    enable_controllers(view.root, place.relative);
  } else {
    // A group with processes cannot hand controllers on: runs are made beside this process's group.
    place.relative = relative_of(own_group(view.self, "")).parent_path();
    if (place.relative.empty())
      return no_place(place, "this process is in no group of its own (cgroup v2)");
  }
  const fs::path folder = place.folders().front();
  if (!writable(folder))
    return no_place(place, "this user may not make groups in " + folder.native() + " (cgroup v2)");
  const std::string handed_on = read_small(folder / "cgroup.subtree_control");
  for (const char* controller : {"memory", "pids"}) {
    if (!holds(handed_on, controller)) {
      return no_place(place, folder.native() + " does not hand on the controller '" + controller +
                                 "' (cgroup v2)");
    }
  }
  return place;
}

}  // namespace

std::vector<fs::path> CgroupPlace::folders(std::string_view name) const {
  const fs::path below = name.empty() ? relative : relative / name;
  if (version == CgroupVersion::kV2) return {root / below};
  return {root / "memory" / below, root / "pids" / below};
}

std::vector<fs::path> CgroupPlace::folders_everywhere(std::string_view name) const {
  std::vector<fs::path> out = folders(name);
  if (version != CgroupVersion::kV1) return out;
  const fs::path below = name.empty() ? relative : relative / name;
  std::error_code error;
  for (fs::directory_iterator entry(root, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    const fs::path folder = entry->path() / below;
    if (entry->is_directory(gone) && std::find(out.begin(), out.end(), folder) == out.end())
      out.push_back(folder);
  }
  return out;
}

fs::path CgroupPlace::processor_folder(std::string_view name) const {
  return root / "cpu" / (name.empty() ? relative : relative / name);
}

CgroupPlace find_cgroup_place(const CgroupView& view, const fs::path& wanted) {
  CgroupPlace place;
  place.root = view.root;
  const fs::path clean = wanted.is_absolute() ? wanted.relative_path() : wanted;
  for (const auto& part : clean) {
    if (part == "..") return no_place(place, "engine.cgroup may not hold '..'");
  }
  if (fs::exists(view.root / "cgroup.controllers")) return find_v2(place, view, clean);
  if (fs::exists(view.root / "memory")) return find_v1(place, view, clean);
  return no_place(place, "there are no control groups in " + view.root.native());
}

Result<RunGroup> RunGroup::create(const CgroupPlace& place, const std::string& name,
                                  const Limits& limits, bool engine_inside) {
  RunGroup group;
  group.version_ = place.version;
  group.folders_ = place.folders(name);
  group.absolute_ = "/" + (place.relative / name).native();
  for (const auto& folder : group.folders_) {
    if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
      const std::string cause = std::system_category().message(errno);
      return make_error(ErrorKind::kUnavailable, folder.native(),
                        "the run's control group cannot be made: " + cause, kAdvice, cause);
    }
  }
  const auto memory =
      std::to_string(limits.memory.value + (engine_inside ? kEngineMemory.value : 0));
  const auto pids = std::to_string(limits.pids + (engine_inside ? kEngineThreads : 0));
  const fs::path& first = group.folders_.front();
  if (place.version == CgroupVersion::kV1) {
    MEDPERF_CHECK(write_control(first / "memory.limit_in_bytes", memory));
    // Absent when the kernel does not account swap; then swap could stretch the limit, but not hide
    // it.
    if (fs::exists(place.folders().front() / "memory.memsw.limit_in_bytes")) {
      MEDPERF_CHECK(write_control(first / "memory.memsw.limit_in_bytes", memory));
    }
    MEDPERF_CHECK(write_control(group.folders_.back() / "pids.max", pids));
    group.limit_processors(place, name, limits.cpus);
  } else {
    MEDPERF_CHECK(write_control(first / "memory.max", memory));
    if (fs::exists(place.folders().front() / "memory.swap.max")) {
      MEDPERF_CHECK(write_control(first / "memory.swap.max", "0"));
    }
    MEDPERF_CHECK(write_control(first / "pids.max", pids));
    if (fs::exists(first / "cpu.max")) {
      const auto quota = std::to_string(static_cast<long long>(limits.cpus * 100'000));
      MEDPERF_CHECK(write_control(first / "cpu.max", quota + " 100000"));
    }
  }
  group.watch_memory_events();
  return group;
}

// Root's own hierarchy on version 1; others have it when it was handed on to them. Without it the
// run is as fast as the machine lets it be, which harms nobody's data.
void RunGroup::limit_processors(const CgroupPlace& place, const std::string& name, double cpus) {
  if (!fs::exists(place.root / "cpu")) return;
  std::error_code ignored;
  if (::geteuid() == 0) fs::create_directories(place.processor_folder(), ignored);
  const fs::path folder = place.processor_folder(name);
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return;
  const auto quota = std::to_string(static_cast<long long>(cpus * 100'000));
  if (write_control(folder / "cpu.cfs_period_us", "100000").ok() &&
      write_control(folder / "cpu.cfs_quota_us", quota).ok()) {
    folders_.push_back(folder);
  } else {
    ::rmdir(folder.c_str());
  }
}

// Version 1 counts kills in the group of the killed process, which is gone when we look; but it
// rings an eventfd of the group whose limit was reached (kernel documentation cgroup-v1/memory,
// section 10).
void RunGroup::watch_memory_events() {
  if (version_ != CgroupVersion::kV1) return;
  const fs::path& folder = folders_.front();
  event_ = FileHandle(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  oom_control_ = FileHandle(::open((folder / "memory.oom_control").c_str(), O_RDONLY | O_CLOEXEC));
  if (!event_.is_open() || !oom_control_.is_open()) return;
  const auto request = std::to_string(event_.get()) + " " + std::to_string(oom_control_.get());
  if (!write_control(folder / "cgroup.event_control", request).ok()) event_.close();
}

std::vector<fs::path> RunGroup::join_files() const {
  std::vector<fs::path> files;
  for (const auto& folder : folders_) files.push_back(folder / "cgroup.procs");
  return files;
}

int RunGroup::end_container() const {
  std::vector<fs::path> groups = {folders_.front()};
  std::error_code error;
  for (fs::recursive_directory_iterator entry(groups[0], error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    if (entry->is_directory(gone)) groups.push_back(entry->path());
  }
  const std::size_t ours = pid_depth("self");
  int killed = 0;
  for (const auto& group : groups) {
    const std::string list = read_small(group / "cgroup.procs");
    for (const auto pid : split(list, '\n')) {
      if (pid.empty() || pid_depth(pid) <= ours) continue;
      if (::kill(static_cast<pid_t>(to_number(pid)), SIGKILL) == 0) ++killed;
    }
  }
  return killed;
}

std::uint64_t RunGroup::out_of_memory_events() const {
  if (version_ == CgroupVersion::kV2) {
    return keyed_number(read_small(folders_.front() / "memory.events"), "oom_kill");
  }
  std::uint64_t count = 0;
  if (event_.is_open() && ::read(event_.get(), &count, sizeof(count)) == sizeof(count))
    return count;
  return keyed_number(read_small(folders_.front() / "memory.oom_control"), "oom_kill");
}

Bytes RunGroup::peak_memory() const {
  const char* file = version_ == CgroupVersion::kV2 ? "memory.peak" : "memory.max_usage_in_bytes";
  return Bytes{to_number(read_small(folders_.front() / file))};
}

std::string group_name(std::string_view lease, std::string_view run) {
  std::string name = "run-" + std::string(lease) + "--" + std::string(run);
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '_' && c != '-')
      c = '_';
  }
  return name.substr(0, 200);
}

int remove_stale_groups(const CgroupPlace& place,
                        const std::function<bool(std::string_view lease)>& keep) {
  int removed = 0;
  if (!place.found()) return removed;
  for (const auto& base : place.folders_everywhere()) {
    std::error_code error;
    for (fs::directory_iterator entry(base, error), end; !error && entry != end;
         entry.increment(error)) {
      const std::string name = entry->path().filename().native();
      const auto dashes = name.find("--");
      if (!name.starts_with("run-") || dashes == std::string::npos) continue;
      if (keep(std::string_view(name).substr(4, dashes - 4))) continue;
      // Depth two: the runtime makes one group below ours. Groups in use refuse (EBUSY).
      std::error_code ignored;
      for (fs::directory_iterator child(entry->path(), ignored); !ignored && child != end;
           child.increment(ignored)) {
        if (child->is_directory(ignored)) ::rmdir(child->path().c_str());
      }
      if (::rmdir(entry->path().c_str()) == 0) ++removed;
    }
  }
  return removed;
}

}  // namespace medperf::engine
