#include "engine/podman_run.h"

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

Error invalid(std::string where, std::string what, std::string advice = {}) {
  return make_error(ErrorKind::kInvalid, std::move(where), std::move(what), std::move(advice));
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 200 &&
         std::isalnum(static_cast<unsigned char>(text.front())) != 0 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
         });
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

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
  return {setup.uid, setup.gid};
}

Status check_spec(const RunSpec& spec, const PodmanSetup& setup) {
  if (spec.image.empty()) return make_error(ErrorKind::kBug, "run", "no image was named");
  if (!is_name(spec.name))
    return invalid(printable(spec.name, 100),
                   "a run's name may hold letters, digits, '.', '_' and '-' only");
  if (has_control(spec.lease)) return invalid("lease", "the lease holds control characters");
  if (spec.limits.memory < mebibytes(16) || spec.limits.pids < 2 ||
      spec.limits.wall <= Seconds{0} || spec.limits.cpus <= 0) {
    return invalid("limits", "a run needs at least 16 MiB, 2 processes and some time");
  }
  for (const auto& [key, value] : spec.environment) {
    if (key.empty() || key.find('=') != std::string::npos || has_control(key) ||
        value.find('\0') != std::string::npos) {
      return invalid(printable(key, 100), "this is no name of an environment variable");
    }
  }
  for (const auto& mount : spec.mounts) {
    const std::string where = printable(mount.host.native(), 500);
    if (!mount.host.is_absolute() || !mount.container.starts_with('/') || mount.container == "/" ||
        has_control(mount.host.native()) || has_control(mount.container) ||
        mount.container.find("..") != std::string::npos) {
      return invalid(where,
                     "a mount needs absolute paths on both sides, and not the container's root");
    }
    struct stat status {};
    if (::stat(mount.host.c_str(), &status) != 0) {
      return make_error(ErrorKind::kNotFound, where,
                        "this file or folder is to be mounted, but does not exist");
    }
    const bool folder = S_ISDIR(status.st_mode);
    if (!folder && !S_ISREG(status.st_mode))
      return invalid(where, "only files and folders can be mounted");
    const mode_t needed = folder ? S_IROTH | S_IXOTH : S_IROTH;
    if (!setup.rootless && !mount.writable && status.st_uid != inside_user(setup).uid &&
        (status.st_mode & needed) != needed) {
      return make_error(
          ErrorKind::kRefused, where,
          "as root, containers run as user 65534, who may not read this",
          "Run medperf as an ordinary user (recommended), or let others read it: chmod -R o+rX");
    }
  }
  return {};
}

Status check_submounts(const RunSpec& spec, std::string_view mountinfo) {
  for (const auto& mount : spec.mounts) {
    if (mount.writable) continue;
    std::error_code error;
    const auto real = fs::canonical(mount.host, error);
    if (error) continue;
    const std::string prefix = real.native() == "/" ? "/" : real.native() + "/";
    for (const auto line : split(mountinfo, '\n')) {
      const auto fields = split(line, ' ');
      if (fields.size() > 4 && fields[4].starts_with(prefix) && fields[4].size() > prefix.size()) {
        return make_error(ErrorKind::kRefused, printable(real.native(), 500),
                          "another file system is mounted below this input, at " +
                              printable(fields[4], 300) + "; it would stay writable",
                          "Mount the input as one file system");
      }
    }
  }
  return {};
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

Result<RunOutcome> judge(const ProcessOutcome& process, const RunEvents& events,
                         const RunSpec& spec) {
  RunOutcome outcome;
  outcome.exit_code = process.signal != 0 ? 128 + process.signal : process.exit_code;
  outcome.wall = process.elapsed;
  const std::string problem = engine_error(process.errors);
  if (events.interrupted) {
    outcome.end = RunEnd::kInterrupted;
    outcome.reason = "stopped on request";
  } else if (events.timed_out || process.timed_out) {
    outcome.end = RunEnd::kTimedOut;
    outcome.reason = fmt::format("it ran longer than the {:g} s allowed", spec.limits.wall.count());
  } else if (events.output_exceeded) {
    outcome.end = RunEnd::kKilled;
    outcome.reason = "it wrote more than the " + to_string(spec.limits.output) + " allowed";
  } else if (outcome.exit_code == 0) {
    outcome.end = RunEnd::kSuccess;
  } else if (outcome.exit_code == 125 && !problem.empty()) {
    return podman_error("starting the container", process);
  } else if (events.out_of_memory > 0) {
    outcome.end = RunEnd::kOutOfMemory;
    outcome.reason =
        "it needed more than the " + to_string(spec.limits.memory) + " of memory allowed";
  } else if (outcome.exit_code == 137) {
    outcome.end = RunEnd::kKilled;
    outcome.reason = "it was killed (exit code 137), not by a limit";
  } else if (outcome.exit_code != 125 && !problem.empty() && outcome.exit_code <= 127 &&
             (outcome.exit_code >= 126 ||
              problem.find("failed to exec pid1") != std::string::npos)) {
    outcome.reason = "its program could not be started: " + printable(problem, 300);
  } else if (outcome.exit_code > 128 && outcome.exit_code <= 128 + 31) {
    outcome.reason = fmt::format("it crashed: signal {} ({})", outcome.exit_code - 128,
                                 ::strsignal(outcome.exit_code - 128));
  } else {
    outcome.reason = fmt::format("it ended with exit code {}", outcome.exit_code);
  }
  return outcome;
}

std::string_view to_string(RunEnd end) {
  switch (end) {
    case RunEnd::kSuccess:
      return "success";
    case RunEnd::kFailed:
      return "failed";
    case RunEnd::kTimedOut:
      return "timed-out";
    case RunEnd::kOutOfMemory:
      return "out-of-memory";
    case RunEnd::kKilled:
      return "killed";
    case RunEnd::kInterrupted:
      return "interrupted";
  }
  return "failed";
}

}  // namespace medperf::engine
