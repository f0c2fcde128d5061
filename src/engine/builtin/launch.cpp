#include "engine/builtin/launch.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

#include "base/encoding.h"

namespace medperf::engine {
namespace {

// In bubblewrap's own /dev, so that the image needs no place for it.
constexpr const char* kInit = "/dev/medperf-probe";
constexpr std::uint64_t kOpenFiles = 4096, kProcesses = 4096;  // as the other engines
constexpr std::size_t kMostHeld = 256u << 10;

void add(std::vector<std::string>& out, std::initializer_list<std::string> words) {
  out.insert(out.end(), words);
}

// As root, `enter` has bound each source to a place that the container's user may reach.
class Sources {
 public:
  explicit Sources(bool as_root) : as_root_(as_root) {}
  std::string add(const fs::path& host) {
    hosts_.push_back(host.native());
    return as_root_ ? "/tmp/b" + std::to_string(hosts_.size() - 1) : host.native();
  }
  const std::vector<std::string>& hosts() const { return hosts_; }

 private:
  bool as_root_;
  std::vector<std::string> hosts_;
};

void add_system_folders(const Launch& launch, const std::string& probe,
                        std::vector<std::string>& out) {
  add(out, {"--proc", "/proc"});
  for (const auto& file : launch.masked_files) add(out, {"--ro-bind", "/dev/null", file});
  for (const auto& folder : launch.masked_folders)
    add(out, {"--size", "4096", "--perms", "0555", "--tmpfs", folder, "--remount-ro", folder});
  add(out, {"--dev", "/dev", "--ro-bind", probe, kInit});
  add(out, {"--size", std::to_string(launch.shared_memory.value), "--perms", "1777", "--tmpfs",
            "/dev/shm", "--remount-ro", "/dev"});
  add(out, {"--size", std::to_string(launch.limits.temporary.value), "--perms", "1777", "--tmpfs",
            "/tmp"});
}

void add_init(const Launch& launch, const std::vector<Mount>& mounts,
              std::vector<std::string>& out) {
  add(out, {"--", kInit, "init", "--start", launch.start, "--fsize",
            std::to_string(launch.limits.output.value), "--nofile", std::to_string(kOpenFiles),
            "--nproc", std::to_string(kProcesses)});
  if (launch.landlock > 0) {
    add(out,
        {"--landlock", std::to_string(launch.landlock), "--write", "/tmp", "--write", "/dev/shm"});
    for (const auto& mount : mounts) {
      if (mount.writable) add(out, {"--write", mount.container});
    }
  }
  out.emplace_back("--");
  out.insert(out.end(), launch.program.begin(), launch.program.end());
}

}  // namespace

std::vector<std::string> launch_arguments(const Launch& launch) {
  Sources sources(launch.as_root);
  const std::string root = sources.add(launch.root);
  const std::string probe = sources.add(launch.probe);
  // Outer mounts first: a later one may lie inside.
  std::vector<Mount> mounts = launch.mounts;
  std::stable_sort(mounts.begin(), mounts.end(), [](const Mount& a, const Mount& b) {
    return a.container.size() < b.container.size();
  });
  std::vector<std::string> bubblewrap = {launch.bubblewrap.native(),
                                         "--unshare-all",
                                         "--unshare-user",
                                         "--disable-userns",
                                         "--uid",
                                         std::to_string(kInsideId),
                                         "--gid",
                                         std::to_string(kInsideId),
                                         "--hostname",
                                         "medperf",
                                         "--cap-drop",
                                         "ALL",
                                         "--die-with-parent",
                                         "--new-session",
                                         "--as-pid-1",
                                         "--clearenv"};
  for (const auto& [key, value] : launch.environment) add(bubblewrap, {"--setenv", key, value});
  add(bubblewrap, {"--ro-bind", root, "/"});
  add_system_folders(launch, probe, bubblewrap);
  for (const auto& mount : mounts) {
    add(bubblewrap,
        {mount.writable ? "--bind" : "--ro-bind", sources.add(mount.host), mount.container});
  }
  add(bubblewrap, {"--chdir", launch.working_folder, "--seccomp", "9"});
  add_init(launch, mounts, bubblewrap);

  std::vector<std::string> out = {launch.probe.native(), "enter"};
  // Ordinary users stay who they are.
  const std::string id = std::to_string(kInsideId);
  add(out, {launch.as_root ? id : "self", launch.as_root ? id : "self"});
  if (launch.as_root) out.insert(out.end(), sources.hosts().begin(), sources.hosts().end());
  out.emplace_back("--");
  out.insert(out.end(), bubblewrap.begin(), bubblewrap.end());
  return out;
}

// The list of moby's DefaultLinuxMaskedPaths that lies below /proc (there is no /sys here).
void find_masked(Launch& launch) {
  static constexpr std::array<const char*, 10> kMasked = {
      "/proc/acpi",       "/proc/asound",        "/proc/interrupts",  "/proc/kcore",
      "/proc/keys",       "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
      "/proc/timer_list", "/proc/timer_stats"};
  std::error_code ignored;
  for (const char* path : kMasked) {
    const auto status = fs::status(path, ignored);
    if (fs::is_directory(status))
      launch.masked_folders.emplace_back(path);
    else if (fs::exists(status))
      launch.masked_files.emplace_back(path);
  }
}

Result<Bytes> parse_shared_memory(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit(end, text.data() + text.size());
  for (char& c : unit) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (unit.size() == 2 && unit[1] == 'b') unit.pop_back();
  const int shift = unit.empty() || unit == "b" ? 0
                    : unit == "k"               ? 10
                    : unit == "m"               ? 20
                    : unit == "g"               ? 30
                                                : -1;
  if (error != std::errc() || shift < 0 || number == 0 || number > (std::uint64_t{1} << 30)) {
    return make_error(ErrorKind::kInvalid, "shm_size",
                      "'" + printable(text, 50) + "' is no size of shared memory",
                      "Write it like 64m or 2g");
  }
  return Bytes{number << shift};
}

void StartLine::pass(std::string_view piece) {
  if (seen_) {
    sink_(piece);
    return;
  }
  held_ += piece;
  const auto at = held_.find(line_);
  if (at == std::string::npos) {
    if (held_.size() > kMostHeld) finish();
    return;
  }
  seen_ = true;
  held_.erase(at, line_.size());
  finish();
}

void StartLine::finish() {
  if (!held_.empty()) sink_(held_);
  held_.clear();
}

}  // namespace medperf::engine
