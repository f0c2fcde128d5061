#include "engine/docker/setup.h"

#include <unistd.h>

#include <algorithm>

#include "base/encoding.h"
#include "engine/rules/seccomp_profile.h"

namespace medperf::engine {
namespace {

constexpr std::string_view kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr Seconds kAsk{20};

Error unavailable(std::string what, std::string advice) {
  return make_error(ErrorKind::kUnavailable, "docker", std::move(what), std::move(advice));
}

// An own, empty configuration: no contexts (another machine), no proxies (docker would put them
// into every container), no credentials.
Status write_configuration(const DockerSetup& setup) {
  MEDPERF_CHECK(make_private_folder(setup.configuration()));
  MEDPERF_CHECK(make_private_folder(setup.temporary()));
  const fs::path file = setup.configuration() / "config.json";
  if (const auto old = read_file(file, mebibytes(1)); old.ok() && *old == "{}\n") return {};
  return write_file_atomically(file, "{}\n");
}

// Only root may make groups around the daemon's. With systemd they would have to be slices, and
// version 2 was not tried.
CgroupPlace place_around(const DockerFacts& facts, const fs::path& wanted) {
  const CgroupView view{"/sys/fs/cgroup", {}, true};
  if (::geteuid() != 0 || facts.groups != "cgroupfs" || facts.cgroup != "1") return {};
  return find_cgroup_place(view, wanted);
}

bool holds(const Json* list, std::string_view start) {
  if (list == nullptr || !list->is_array()) return false;
  return std::any_of(list->items().begin(), list->items().end(), [&](const Json& item) {
    return item.is_string() && item.as_string().starts_with(start);
  });
}

}  // namespace

Status check_docker_host(std::string_view host) {
  if (host.empty() || host.starts_with("unix:///")) return {};
  return make_error(ErrorKind::kInvalid, "DOCKER_HOST",
                    "'" + printable(host, 200) +
                        "' is no socket of this machine; a container on another machine would see "
                        "that machine's folders, not these data",
                    "Use unix:///path/to/docker.sock");
}

Result<DockerFacts> read_docker_info(const Json& info) {
  DockerFacts facts;
  facts.server = printable(info.get_string("ServerVersion"), 50);
  if (facts.server.empty()) {
    const Json* errors = info.find("ServerErrors");
    const bool told = errors != nullptr && errors->is_array() && !errors->items().empty() &&
                      errors->items()[0].is_string();
    return unavailable(
        told ? printable(errors->items()[0].as_string(), 300) : "its daemon does not answer",
        "Start docker, let this user use its socket, or name the socket in DOCKER_HOST");
  }
  const Json* security = info.find("SecurityOptions");
  if (holds(security, "name=rootless") || holds(security, "name=userns")) {
    return unavailable(
        "its daemon maps users (rootless or userns-remap), so outputs would belong to a user that "
        "this one cannot read",
        "Use podman, which maps this user to itself");
  }
  if (!holds(security, "name=seccomp")) {
    return unavailable("its daemon filters no system calls (seccomp)",
                       "Use a docker engine and kernel with seccomp");
  }
  if (const Json* driver = info.find("DriverStatus");
      driver != nullptr &&
      to_text(*driver).find("io.containerd.snapshotter") != std::string::npos) {
    return unavailable(
        "its daemon keeps images in containerd's store, which does not know them by the digest "
        "that was checked",
        "Set {\"features\": {\"containerd-snapshotter\": false}} in daemon.json, or use podman");
  }
  facts.runtime = printable(info.get_string("DefaultRuntime"), 50);
  facts.cgroup = printable(info.get_string("CgroupVersion", "1"), 10);
  facts.groups = printable(info.get_string("CgroupDriver"), 50);
  facts.storage = printable(info.get_string("Driver"), 50);
  facts.memory = info.get_bool("MemoryLimit");
  facts.pids = info.get_bool("PidsLimit");
  facts.cpus = info.get_bool("CpuCfsQuota");
  facts.processors = static_cast<int>(std::clamp<std::int64_t>(info.get_int("NCPU", 1), 1, 65536));
  return facts;
}

std::string limits_missing(const DockerFacts& facts) {
  if (facts.memory && facts.pids) return {};
  return std::string("docker's daemon says that it cannot limit ") + (facts.memory ? "processes"
                                                                      : facts.pids
                                                                          ? "memory"
                                                                          : "memory and processes");
}

Result<DockerSetup> set_up_docker(const EngineOptions& options) {
  if (!options.storage.is_absolute()) {
    return make_error(ErrorKind::kInvalid, options.storage.native(),
                      "the engine's storage folder is no absolute path");
  }
  DockerSetup setup;
  setup.options = options;
  // As root containers run as an unprivileged user; an ordinary user keeps its own number.
  if (::geteuid() != 0) setup.user = {::geteuid(), ::getegid(), false};
  const auto& given = options.environment;
  setup.environment["PATH"] =
      given.contains("PATH") ? given.at("PATH") + ":" + std::string(kPath) : std::string(kPath);
  setup.environment["HOME"] = setup.configuration().native();
  setup.environment["DOCKER_CONFIG"] = setup.configuration().native();
  setup.environment["LC_ALL"] = "C.UTF-8";
  if (const auto host = given.find("DOCKER_HOST"); host != given.end() && !host->second.empty()) {
    MEDPERF_CHECK(check_docker_host(host->second));
    setup.environment["DOCKER_HOST"] = host->second;
  }
  MEDPERF_CHECK(make_private_folder(options.storage));
  MEDPERF_CHECK(write_configuration(setup));
  auto asked = setup.docker({"info", "--format", "{{json .}}"}, kAsk);
  if (!asked.ok() && asked.error().kind == ErrorKind::kNotFound) {
    return make_error(ErrorKind::kNotFound, "docker", "docker is not installed",
                      "Install it: apt-get install docker.io");
  }
  if (!asked.ok()) return std::move(asked).error();
  const auto info = parse_json(trim(asked->output));
  if (!info.ok()) return docker_error("asking the daemon", *asked);
  MEDPERF_TRY(setup.facts, read_docker_info(*info));
  setup.place = place_around(setup.facts, options.cgroup_root);
  MEDPERF_TRY(setup.seccomp, write_seccomp_profile(setup.configuration()));
  return setup;
}

fs::path DockerSetup::socket() const {
  constexpr std::string_view kScheme = "unix://";
  const auto host = environment.find("DOCKER_HOST");
  if (host == environment.end()) return "/var/run/docker.sock";
  return host->second.substr(kScheme.size());
}

Result<ProcessOutcome> DockerSetup::docker(std::initializer_list<std::string_view> words,
                                           Seconds deadline) const {
  Command process;
  process.argv = {"docker"};
  process.argv.insert(process.argv.end(), words.begin(), words.end());
  process.environment = environment;
  process.working_folder = "/";
  process.deadline = deadline;
  process.ignore_stop = true;
  return run_process(process);
}

Error docker_error(const std::string& doing, const ProcessOutcome& outcome) {
  if (outcome.timed_out) {
    return make_error(ErrorKind::kTimedOut, "docker", doing + " took too long",
                      "Check the machine's load and docker's daemon");
  }
  std::string last;
  for (const auto line : split(outcome.errors, '\n')) {
    const auto text = trim(line);
    const bool hint = text.starts_with("See 'docker") || text.starts_with("Run 'docker");
    if (!text.empty() && !hint) last = text;
  }
  for (const std::string_view noise : {"docker: ", "Error response from daemon: "}) {
    if (last.starts_with(noise)) last.erase(0, noise.size());
  }
  const bool full = outcome.errors.find("no space left on device") != std::string::npos;
  return make_error(
      ErrorKind::kUnavailable, "docker",
      doing + " failed: " + (full ? "the disk is full" : printable(last, 500)),
      full ? "Free space in docker's data folder, then try again" : "Run `medperf doctor`",
      printable(outcome.errors, 4000));
}

}  // namespace medperf::engine
