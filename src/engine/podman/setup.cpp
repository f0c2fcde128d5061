#include "engine/podman/setup.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/encoding.h"
#include "engine/rules/seccomp_profile.h"

namespace medperf::engine {
namespace {

constexpr std::string_view kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::string_view kPolicy = R"({"default":[{"type":"insecureAcceptAnything"}]})";

// TOML basic strings: only quotes, backslashes and control characters need care.
std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

HardLimits hard_limits() {
  HardLimits hard;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    hard.files = std::min<std::uint64_t>(hard.files, limit.rlim_max);
  if (::getrlimit(RLIMIT_NPROC, &limit) == 0)
    hard.processes = std::min<std::uint64_t>(hard.processes, limit.rlim_max);
  return hard;
}

bool found_in_path(const std::map<std::string, std::string>& environment,
                   std::string_view program) {
  for (const auto folder : split(environment.at("PATH"), ':')) {
    if (!folder.empty() &&
        ::access((std::string(folder) + "/" + std::string(program)).c_str(), X_OK) == 0)
      return true;
  }
  return false;
}

Error missing(std::string what, const std::string& package) {
  return make_error(ErrorKind::kNotFound, "podman", std::move(what),
                    "Install it: apt-get install " + package);
}

Status check_programs(const PodmanSetup& setup) {
  if (!found_in_path(setup.environment, "podman"))
    return missing("podman is not installed", "podman");
  if (!found_in_path(setup.environment, setup.runtime)) {
    return missing("the container runtime " + setup.runtime + " is not installed", setup.runtime);
  }
  if (setup.rootless && !found_in_path(setup.environment, "newuidmap")) {
    return missing("newuidmap is not installed, which rootless containers need", "uidmap");
  }
  return {};
}

std::string read_own_cgroup() {
  auto text = read_file("/proc/self/cgroup", Bytes{64u << 10});
  return text.ok() ? *text : std::string();
}

void find_limits(PodmanSetup& setup) {
  const CgroupView view{"/sys/fs/cgroup", read_own_cgroup(), !setup.rootless};
  setup.machine = fs::exists(view.root / "cgroup.controllers") ? CgroupVersion::kV2
                  : fs::exists(view.root / "memory")           ? CgroupVersion::kV1
                                                               : CgroupVersion::kNone;
  setup.place = find_cgroup_place(view, setup.options.cgroup_root);
  const auto runtime_folder = setup.options.environment.find("XDG_RUNTIME_DIR");
  const bool systemd = runtime_folder != setup.options.environment.end() &&
                       fs::exists(fs::path(runtime_folder->second) / "systemd" / "private");
  setup.mode = choose_mode(setup.rootless, setup.machine, setup.place, systemd);
  // Debian 12's crun refuses machines that mount both versions; runc cannot run without groups of
  // its own, which version 2 asks for when joining.
  setup.runtime = setup.machine == CgroupVersion::kV2 ? "crun" : "runc";
}

void set_environment(PodmanSetup& setup) {
  const auto& given = setup.options.environment;
  auto& environment = setup.environment;
  environment["PATH"] =
      given.contains("PATH") ? given.at("PATH") + ":" + std::string(kPath) : std::string(kPath);
  environment["HOME"] = setup.configuration().native();
  environment["TMPDIR"] = setup.temporary().native();
  environment["LC_ALL"] = "C.UTF-8";
  environment["CONTAINERS_CONF"] = (setup.configuration() / "containers.conf").native();
  environment["CONTAINERS_STORAGE_CONF"] = (setup.configuration() / "storage.conf").native();
  environment["CONTAINERS_REGISTRIES_CONF"] = (setup.configuration() / "registries.conf").native();
  // systemd's user instance is reached by the true runtime folder; else our own serves.
  const bool systemd = setup.mode == LimitMode::kEngine;
  environment["XDG_RUNTIME_DIR"] = systemd ? given.at("XDG_RUNTIME_DIR") : setup.running.native();
}

}  // namespace

LimitMode choose_mode(bool rootless, CgroupVersion machine, const CgroupPlace& place,
                      bool systemd) {
  if (place.found())
    return !rootless && machine == CgroupVersion::kV1 ? LimitMode::kParent : LimitMode::kJoin;
  return machine == CgroupVersion::kV2 && rootless && systemd ? LimitMode::kEngine
                                                              : LimitMode::kNone;
}

std::string containers_conf(const PodmanSetup& setup) {
  const std::string_view manager = setup.mode == LimitMode::kEngine ? "systemd" : "cgroupfs";
  return fmt::format(
      R"(# Written by medperf; changes are lost.
[containers]
default_ulimits = ["nofile={0}:{0}", "nproc={1}:{1}"]
seccomp_profile = {2}
http_proxy = false
log_driver = "none"
[engine]
runtime = {3}
cgroup_manager = {4}
events_logger = "none"
lock_type = "file"
static_dir = {5}
volume_path = {6}
tmp_dir = {7}
)",
      setup.hard.files, setup.hard.processes, toml_text(setup.seccomp.native()),
      toml_text(setup.runtime), toml_text(manager), toml_text((setup.images() / "libpod").native()),
      toml_text((setup.images() / "volumes").native()),
      toml_text((setup.running / "libpod").native()));
}

std::string storage_conf(const PodmanSetup& setup) {
  return fmt::format(
      "# Written by medperf; changes are lost.\n[storage]\ndriver = {}\ngraphroot = {}\nrunroot = "
      "{}\n",
      toml_text(setup.driver), toml_text(setup.images().native()),
      toml_text(setup.run_root().native()));
}

Status write_configuration(const PodmanSetup& setup) {
  const fs::path folder = setup.configuration();
  MEDPERF_CHECK(make_private_folder(folder / ".config" / "containers"));
  const std::vector<std::pair<fs::path, std::string>> files = {
      {folder / "containers.conf", containers_conf(setup)},
      {folder / "storage.conf", storage_conf(setup)},
      {folder / "registries.conf", "unqualified-search-registries = []\n"},
      {folder / ".config" / "containers" / "policy.json", std::string(kPolicy)},
  };
  for (const auto& [path, text] : files) {
    // Written only when changed: opening costs no disk sync.
    const auto old = read_file(path, mebibytes(1));
    if (old.ok() && *old == text) continue;
    MEDPERF_CHECK(write_file_atomically(path, text));
  }
  return {};
}

std::string limits_missing(const PodmanSetup& setup) {
  if (setup.mode == LimitMode::kNone && setup.rootless && setup.machine == CgroupVersion::kV1) {
    return "cgroup v1 and rootless: podman ignores limits, and " + setup.place.missing;
  }
  return setup.place.missing;
}

std::string limits_advice(const PodmanSetup& setup) {
  if (setup.machine == CgroupVersion::kNone) return "Mount control groups on this machine";
  return "Let root run scripts/cgroup-delegate.sh add USER, and set engine.cgroup to the group "
         "that it names";
}

Result<PodmanSetup> set_up_podman(const EngineOptions& options) {
  PodmanSetup setup;
  setup.options = options;
  if (!options.storage.is_absolute()) {
    return make_error(ErrorKind::kInvalid, options.storage.native(),
                      "the engine's storage folder is no absolute path");
  }
  setup.uid = ::geteuid();
  setup.gid = ::getegid();
  setup.rootless = setup.uid != 0;
  setup.hard = hard_limits();
  for (const auto& folder :
       {options.storage, setup.configuration(), setup.images(), setup.temporary()}) {
    MEDPERF_CHECK(make_private_folder(folder));
  }
  if (options.memory) {
    MEDPERF_CHECK(make_private_folder(options.memory->running));
    MEDPERF_TRY(setup.held, RunFolder::hold_part(options.memory->running));
  } else {
    MEDPERF_TRY(setup.held, RunFolder::hold(RunFolder::path_for(options.storage)));
  }
  setup.running = setup.held->path();
  find_limits(setup);
  set_environment(setup);
  MEDPERF_CHECK(check_programs(setup));
  MEDPERF_TRY(setup.seccomp, write_seccomp_profile(setup.configuration()));
  // Once chosen, a driver stays: the other one would not see the images.
  const auto old = read_file(setup.configuration() / "storage.conf", mebibytes(1));
  setup.driver = old.ok() && old->find("\"vfs\"") != std::string::npos ? "vfs" : "overlay";
  MEDPERF_CHECK(write_configuration(setup));
  return setup;
}

std::vector<std::string> PodmanSetup::command(std::initializer_list<std::string_view> words) const {
  // Given as arguments too: rootless podman takes another root from storage.conf than the one
  // written there.
  std::vector<std::string> out = {
      "podman",           "--root", images().native(), "--runroot", run_root().native(),
      "--storage-driver", driver,   "--log-level",     "error"};
  out.insert(out.end(), words.begin(), words.end());
  return out;
}

Result<ProcessOutcome> PodmanSetup::podman(std::initializer_list<std::string_view> words,
                                           Seconds deadline) const {
  Command process;
  process.argv = command(words);
  process.environment = environment;
  process.working_folder = "/";
  process.deadline = deadline;
  process.ignore_stop = true;
  return run_process(process);
}

Error podman_error(const std::string& doing, const ProcessOutcome& outcome) {
  if (outcome.timed_out) {
    return make_error(ErrorKind::kTimedOut, "podman", doing + " took too long",
                      "Check the machine's load and disk");
  }
  std::string last;
  for (const auto line : split(outcome.errors, '\n')) {
    if (!trim(line).empty()) last = std::string(trim(line));
  }
  if (last.starts_with("Error: ")) last.erase(0, 7);
  const bool full = outcome.errors.find("no space left on device") != std::string::npos ||
                    outcome.errors.find("disk quota exceeded") != std::string::npos;
  return make_error(
      ErrorKind::kUnavailable, "podman",
      doing + " failed: " + (full ? "the disk is full" : printable(last, 500)),
      full ? "Free space in the engine's storage folder, then try again" : "Run `medperf doctor`",
      printable(outcome.errors, 4000));
}

}  // namespace medperf::engine
