#include "engine/podman/run.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <system_error>

#include <fmt/format.h>

#include "base/encoding.h"

namespace medperf::engine {
namespace {

// --mount takes one CSV record: a field with a comma or a quote is quoted.
std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string mount_argument(const Mount& mount, const PodmanSetup& setup) {
  std::string out = "type=bind," + csv_field("source=" + mount.host.native()) + "," +
                    csv_field("destination=" + mount.container);
  out += mount.writable ? ",ro=false" : ",ro=true";
  // As root the container's user is an unprivileged one: it is given the folders that it may write.
  if (mount.writable && !setup.rootless) out += ",chown=true";
  return out;
}

void add_gpus(const std::string& gpus, std::vector<std::string>& out) {
  const auto device = [&](std::string_view name) {
    out.push_back("--device=nvidia.com/gpu=" + std::string(name));
  };
  if (gpus.empty() || gpus == "0") return;
  if (gpus == "all") {
    device("all");
  } else if (gpus.starts_with("device=")) {
    for (const auto name : split(std::string_view(gpus).substr(7), ',')) device(name);
  } else {
    int count = 0;
    std::from_chars(gpus.data(), gpus.data() + gpus.size(), count);
    for (int i = 0; i < count; ++i) device(std::to_string(i));
  }
}

void add_limits(const RunSpec& spec, const PodmanSetup& setup, const std::string& group,
                std::vector<std::string>& out) {
  const Limits& limits = spec.limits;
  if (setup.mode == LimitMode::kParent || setup.mode == LimitMode::kEngine) {
    out.push_back(fmt::format("--memory={}b", limits.memory.value));
    out.push_back(fmt::format("--memory-swap={}b", limits.memory.value));
    out.push_back(fmt::format("--pids-limit={}", limits.pids));
    out.push_back(fmt::format("--cpus={:.2f}", limits.cpus));
  }
  if (setup.mode == LimitMode::kParent) out.push_back("--cgroup-parent=" + group);
  if (setup.mode == LimitMode::kJoin && setup.machine == CgroupVersion::kV2)
    out.emplace_back("--cgroups=disabled");
  out.push_back(fmt::format("--ulimit=fsize={0}:{0}", limits.output.value));
  out.emplace_back("--ulimit=core=0:0");
  // Said again here: a limit on the command line makes podman forget the ones in containers.conf.
  out.push_back(fmt::format("--ulimit=nofile={0}:{0}", setup.hard.files));
  out.push_back(fmt::format("--ulimit=nproc={0}:{0}", setup.hard.processes));
}

// The words podman says when it could not start a container; they come last on its standard error.
std::string engine_error(std::string_view errors) {
  std::string last;
  for (const auto line : split(errors, '\n')) {
    if (!trim(line).empty()) last = std::string(trim(line));
  }
  if (last.starts_with("Error: ")) return last.substr(7);
  return last.find("failed to exec pid1") != std::string::npos ? last
                                                               : std::string();  // the init's words
}

}  // namespace

InsideUser inside_user(const PodmanSetup& setup) {
  if (!setup.rootless) return {};
  return {setup.uid, setup.gid, false};
}

Result<RunOutcome> judge_podman(const ProcessOutcome& process, const RunEvents& events,
                                const RunSpec& spec) {
  const int code = process.signal != 0 ? 128 + process.signal : process.exit_code;
  std::string problem = engine_error(process.errors);
  const bool stopped =
      events.interrupted || events.timed_out || process.timed_out || events.output_exceeded;
  if (!stopped && code == 125 && !problem.empty())
    return podman_error("starting the container", process);
  const bool no_program =
      code == 126 || code == 127 ||
      (code != 125 && code < 126 && problem.find("failed to exec pid1") != std::string::npos);
  if (!no_program) problem.clear();
  return judge(process, events, spec, problem);
}

std::vector<std::string> run_arguments(const RunSpec& spec, const PodmanSetup& setup,
                                       const std::string& group) {
  const InsideUser user = inside_user(setup);
  std::vector<std::string> out = {
      "run",
      "--rm",
      "--pull=never",
      "--name=" + spec.name,
      "--label=org.medperf.lease=" + spec.lease,
      "--init",
      "--log-driver=none",
      "--network=none",
      "--no-hosts",
      "--hostname=medperf",
      "--read-only",
      "--read-only-tmpfs=false",
      "--image-volume=tmpfs",  // else folders on the disk, writable and without limit
      "--cap-drop=ALL",
      "--security-opt=no-new-privileges",
      "--security-opt=seccomp=" + setup.seccomp.native(),
      "--ipc=private",
      "--uts=private",
      "--pid=private",
      "--http-proxy=false",
      fmt::format("--user={}:{}", user.uid, user.gid),
      fmt::format("--tmpfs=/tmp:rw,nosuid,nodev,mode=1777,size={}", spec.limits.temporary.value)};
  if (setup.rootless) out.emplace_back("--userns=keep-id");
  add_limits(spec, setup, group, out);
  if (!spec.shm_size.empty()) out.push_back("--shm-size=" + spec.shm_size);
  add_gpus(spec.gpus, out);
  if (!spec.environment.contains("HOME")) out.emplace_back("--env=HOME=/tmp");
  for (const auto& [key, value] : spec.environment)
    out.push_back(fmt::format("--env={}={}", key, value));
  for (const auto& mount : spec.mounts) out.push_back("--mount=" + mount_argument(mount, setup));
  if (spec.entrypoint) out.push_back("--entrypoint=" + *spec.entrypoint);
  out.push_back("sha256:" + spec.image.hex());
  out.insert(out.end(), spec.command.begin(), spec.command.end());
  return out;
}

}  // namespace medperf::engine
