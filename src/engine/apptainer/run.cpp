#include "engine/apptainer/run.h"

#include <algorithm>
#include <cctype>

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

std::string mount_argument(const Mount& mount) {
  const std::string out = "--mount=type=bind," + csv_field("source=" + mount.host.native()) + "," +
                          csv_field("destination=" + mount.container);
  return mount.writable ? out : out + ",ro";
}

bool wants_gpus(const RunSpec& spec) {
  return !spec.gpus.empty() && spec.gpus != "0";
}

// The last line that the program itself says when it could not go on.
std::string fatal_line(std::string_view errors) {
  std::string last;
  for (const auto line : split(errors, '\n')) {
    if (line.find("FATAL:") != std::string_view::npos)
      last = std::string(trim(line.substr(line.find("FATAL:") + 6)));
  }
  return last;
}

}  // namespace

Result<std::vector<std::string>> apptainer_arguments(const RunSpec& spec,
                                                     const ApptainerSetup& setup,
                                                     const ApptainerImage& image) {
  if (wants_gpus(spec) && spec.gpus != "all" && !spec.gpus.starts_with("device=")) {
    return make_error(ErrorKind::kInvalid, "gpus",
                      setup.program + " cannot choose '" + printable(spec.gpus, 50) + "' GPUs",
                      "Ask for all, or name devices: device=0,1");
  }
  std::vector<std::string> out = {image.program.empty() ? "run" : "exec",
                                  "--containall",
                                  "--no-home",
                                  "--cleanenv",
                                  "--no-eval",
                                  "--no-privs",
                                  "--no-mount=hostfs,bind-paths,cwd",
                                  "--net",
                                  "--network=none",
                                  "--uts",
                                  "--hostname=medperf",
                                  "--pwd=/"};
  if (setup.root) {
    out.push_back(fmt::format("--security=uid:{}", setup.user.uid));
    out.push_back(fmt::format("--security=gid:{}", setup.user.gid));
    out.push_back("--security=seccomp:" + setup.seccomp.native());
  }
  // Memory and processes are limited by the group in which it is started.
  if (wants_gpus(spec)) out.emplace_back("--nv");
  for (const auto& mount : spec.mounts) out.push_back(mount_argument(mount));
  out.push_back(image.path.native());
  const auto& words = image.program.empty() ? spec.command : image.program;
  out.insert(out.end(), words.begin(), words.end());
  return out;
}

std::map<std::string, std::string> apptainer_environment(
    const std::map<std::string, std::string>& variables, const RunSpec& spec,
    const ApptainerSetup& setup) {
  auto out = setup.environment;
  const std::string prefix =
      setup.version.starts_with("apptainer") ? "APPTAINERENV_" : "SINGULARITYENV_";
  for (const auto& [key, value] : variables) out[prefix + key] = value;
  if (spec.gpus.starts_with("device="))
    out[prefix + "NVIDIA_VISIBLE_DEVICES"] = spec.gpus.substr(7);
  return out;
}

Result<RunOutcome> judge_apptainer(const ProcessOutcome& process, const RunEvents& events,
                                   const RunSpec& spec) {
  constexpr int kOwnFailure = 255;
  const int code = process.signal != 0 ? 128 + process.signal : process.exit_code;
  const std::string fatal = fatal_line(process.errors);
  const bool stopped =
      events.interrupted || events.timed_out || process.timed_out || events.output_exceeded;
  if (stopped || code != kOwnFailure || fatal.empty()) return judge(process, events, spec, {});
  // "exec /no/such failed: ...": the image's program is at fault.
  if (fatal.starts_with("exec ") || fatal.starts_with("\"")) {
    ProcessOutcome as = process;
    as.exit_code = 127;
    return judge(as, events, spec, fatal);
  }
  return make_error(ErrorKind::kUnavailable, "apptainer",
                    "starting the container failed: " + printable(fatal, 500),
                    "Run `medperf doctor`", printable(process.errors, 4000));
}

}  // namespace medperf::engine
