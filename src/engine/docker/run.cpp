#include "engine/docker/run.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/encoding.h"

namespace medperf::engine {
namespace {

// --mount and --gpus take one CSV record: a field with a comma or a quote is quoted.
std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string mount_argument(const Mount& mount) {
  std::string out = "--mount=type=bind," + csv_field("source=" + mount.host.native()) + "," +
                    csv_field("destination=" + mount.container);
  // What is mounted later on the host shall not appear inside.
  out += ",bind-propagation=rprivate";
  return mount.writable ? out : out + ",readonly";
}

// Below a group of ours the container's own limit stands higher, so that ours is the one that is
// reached, and hears of it.
constexpr Bytes kAboveOurs = mebibytes(16);

void add_limits(const RunSpec& spec, const DockerFacts& facts, bool grouped,
                std::vector<std::string>& out) {
  const Limits& limits = spec.limits;
  if (facts.memory) {
    const auto memory = limits.memory.value + (grouped ? kAboveOurs.value : 0);
    out.push_back(fmt::format("--memory={}b", memory));
    out.push_back(fmt::format("--memory-swap={}b", memory));
  }
  if (facts.pids) out.push_back(fmt::format("--pids-limit={}", limits.pids));
  if (facts.cpus) {
    // The daemon refuses more processors than there are, and the kernel more than the group around.
    const double cpus = std::min(limits.cpus, static_cast<double>(facts.processors));
    out.push_back(fmt::format("--cpus={:.2f}", std::max(std::floor(cpus * 100) / 100, 0.01)));
  }
  out.push_back(fmt::format("--ulimit=fsize={0}:{0}", limits.output.value));
  out.emplace_back("--ulimit=core=0:0");
  out.emplace_back("--ulimit=nofile=4096:4096");
}

// The words of the init when it could not start the program ("[FATAL tini (7)] exec ... failed").
std::string init_error(std::string_view errors) {
  std::string last;
  for (const auto line : split(errors, '\n')) {
    if (line.find("tini") != std::string_view::npos &&
        line.find(" exec ") != std::string_view::npos)
      last = std::string(trim(line));
  }
  return last;
}

// The daemon's answer when the image's own program is at fault, not the engine.
bool program_at_fault(const std::string& error) {
  for (const char* words : {"executable file not found", "no such file or directory",
                            "permission denied", "exec format error", "is a directory"}) {
    if (error.find(words) != std::string::npos && error.find("exec") != std::string::npos)
      return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> docker_arguments(const RunSpec& spec, const DockerSetup& setup,
                                          const std::vector<std::string>& volumes,
                                          const std::string& group) {
  const std::string memory =
      fmt::format("rw,nosuid,nodev,mode=1777,size={}", spec.limits.temporary.value);
  std::vector<std::string> out = {"run",
                                  "--pull=never",
                                  "--name=" + spec.name,
                                  "--label=org.medperf.lease=" + spec.lease,
                                  "--init",
                                  "--log-driver=none",
                                  "--network=none",
                                  "--hostname=medperf",
                                  "--read-only",
                                  "--cap-drop=ALL",
                                  "--security-opt=no-new-privileges",
                                  "--security-opt=seccomp=" + setup.seccomp.native(),
                                  "--ipc=private",
                                  "--cgroupns=private",
                                  "--restart=no",
                                  fmt::format("--user={}:{}", setup.user.uid, setup.user.gid),
                                  "--tmpfs=/tmp:" + memory};
  if (!group.empty()) out.push_back("--cgroup-parent=" + group);
  add_limits(spec, setup.facts, !group.empty(), out);
  if (!spec.shm_size.empty()) out.push_back("--shm-size=" + spec.shm_size);
  if (!spec.gpus.empty() && spec.gpus != "0") out.push_back("--gpus=" + csv_field(spec.gpus));
  if (!spec.environment.contains("HOME")) out.emplace_back("--env=HOME=/tmp");
  for (const auto& [key, value] : spec.environment)
    out.push_back(fmt::format("--env={}={}", key, value));
  for (const auto& mount : spec.mounts) out.push_back(mount_argument(mount));
  for (const auto& volume : volumes) {
    const bool given = std::any_of(spec.mounts.begin(), spec.mounts.end(),
                                   [&](const Mount& mount) { return mount.container == volume; });
    if (!given && volume != "/tmp") out.push_back("--tmpfs=" + volume + ":" + memory);
  }
  if (spec.entrypoint) out.push_back("--entrypoint=" + *spec.entrypoint);
  out.push_back("sha256:" + spec.image.hex());
  out.insert(out.end(), spec.command.begin(), spec.command.end());
  return out;
}

DockerState read_docker_state(const Json& state) {
  DockerState out;
  out.known = state.is_object();
  out.error = printable(state.get_string("Error"), 500);
  const std::string started = state.get_string("StartedAt");
  out.started = !started.empty() && !started.starts_with("0001-");
  out.out_of_memory = state.get_bool("OOMKilled");
  out.exit_code = static_cast<int>(state.get_int("ExitCode", -1));
  return out;
}

Result<RunOutcome> judge_docker(const ProcessOutcome& process, RunEvents events,
                                const DockerState& state, const RunSpec& spec) {
  const bool stopped =
      events.interrupted || events.timed_out || process.timed_out || events.output_exceeded;
  if (!stopped && !state.started) {
    if (state.known && program_at_fault(state.error)) {
      ProcessOutcome as = process;
      as.exit_code = 127;
      return judge(as, events, spec, state.error);
    }
    return docker_error("starting the container", process);
  }
  ProcessOutcome as = process;
  if (state.started && process.signal == 0 && state.exit_code >= 0) as.exit_code = state.exit_code;
  if (state.out_of_memory) events.out_of_memory = 1;
  const bool no_program = as.exit_code == 126 || as.exit_code == 127;
  RunOutcome outcome =
      judge(as, events, spec, no_program ? init_error(process.errors) : std::string());
  // containerd loses an out-of-memory now and then when the machine is busy (seen with 1.6.20 on
  // version 1 of control groups, 2 of 60): then nobody can say that it was no limit.
  if (outcome.end == RunEnd::kKilled && !stopped && !state.memory_watched) {
    outcome.reason = fmt::format(
        "it was killed (exit code 137), and Docker names no limit; on a busy machine it can miss "
        "that the {} of memory "
        "allowed were used up",
        to_string(spec.limits.memory));
  }
  return outcome;
}

}  // namespace medperf::engine
