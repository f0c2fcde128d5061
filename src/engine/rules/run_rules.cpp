#include "engine/rules/run_rules.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
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

}  // namespace

Status check_spec(const RunSpec& spec, const InsideUser& user) {
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
    if (user.foreign && !mount.writable && status.st_uid != user.uid &&
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

RunOutcome judge(const ProcessOutcome& process, const RunEvents& events, const RunSpec& spec,
                 const std::string& problem) {
  RunOutcome outcome;
  outcome.exit_code = process.signal != 0 ? 128 + process.signal : process.exit_code;
  outcome.wall = process.elapsed;
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
  } else if (events.out_of_memory > 0) {
    outcome.end = RunEnd::kOutOfMemory;
    outcome.reason =
        "it needed more than the " + to_string(spec.limits.memory) + " of memory allowed";
  } else if (outcome.exit_code == 137) {
    outcome.end = RunEnd::kKilled;
    outcome.reason = "it was killed (exit code 137), not by a limit";
  } else if (!problem.empty()) {
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
