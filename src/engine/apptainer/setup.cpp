#include "engine/apptainer/setup.h"

#include <unistd.h>

#include "base/encoding.h"
#include "base/process.h"
#include "engine/rules/seccomp_profile.h"

namespace medperf::engine {
namespace {

constexpr std::string_view kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr Seconds kAsk{20};

std::string own_cgroup() {
  const auto text = read_file("/proc/self/cgroup", Bytes{64u << 10});
  return text.ok() ? *text : std::string();
}

void find_limits(ApptainerSetup& setup) {
  const CgroupView view{"/sys/fs/cgroup", own_cgroup(), setup.root};
  setup.machine = fs::exists(view.root / "cgroup.controllers") ? CgroupVersion::kV2
                  : fs::exists(view.root / "memory")           ? CgroupVersion::kV1
                                                               : CgroupVersion::kNone;
  setup.place = find_cgroup_place(view, setup.options.cgroup_root);
}

Result<std::string> ask_version(const ApptainerSetup& setup, const std::string& program) {
  Command command;
  command.argv = {program, "--version"};
  command.environment = setup.environment;
  command.deadline = kAsk;
  command.ignore_stop = true;
  MEDPERF_TRY(const auto outcome, run_process(command));
  if (outcome.success()) return read_apptainer_version(outcome.output);
  return make_error(ErrorKind::kUnavailable, program, "it does not tell its version",
                    "Try `" + program + " --version`", printable(outcome.errors));
}

}  // namespace

Result<std::string> read_apptainer_version(std::string_view text) {
  const std::string line = printable(trim(split(text, '\n').front()), 100);
  for (const char* name : {"apptainer version ", "singularity version ", "singularity-ce version ",
                           "singularity-pro version "}) {
    if (line.starts_with(name)) return line;
  }
  return make_error(ErrorKind::kUnavailable, "apptainer", "it names itself '" + line + "'",
                    "Install apptainer, or use another engine");
}

Result<ApptainerSetup> set_up_apptainer(const EngineOptions& options) {
  if (!options.storage.is_absolute()) {
    return make_error(ErrorKind::kInvalid, options.storage.native(),
                      "the engine's storage folder is no absolute path");
  }
  ApptainerSetup setup;
  setup.options = options;
  setup.root = ::geteuid() == 0;
  if (!setup.root) setup.user = {::geteuid(), ::getegid(), false};
  const auto& given = options.environment;
  auto& environment = setup.environment;
  environment["PATH"] =
      given.contains("PATH") ? given.at("PATH") + ":" + std::string(kPath) : std::string(kPath);
  // Nothing of the user's own: no remote, no cache, no key ring.
  environment["HOME"] = (setup.folder() / "home").native();
  environment["APPTAINER_CONFIGDIR"] = environment["HOME"];
  environment["APPTAINER_CACHEDIR"] = environment["HOME"];
  environment["SINGULARITY_CACHEDIR"] = environment["HOME"];
  environment["LC_ALL"] = "C.UTF-8";
  MEDPERF_CHECK(make_private_folder(setup.folder() / "home"));
  Result<std::string> version = make_error(ErrorKind::kNotFound, "apptainer",
                                           "neither apptainer nor singularity is installed",
                                           "Install apptainer, or use another engine");
  for (const char* program : {"apptainer", "singularity"}) {
    auto asked = ask_version(setup, program);
    if (!asked.ok() && asked.error().kind == ErrorKind::kNotFound) continue;
    setup.program = program;
    version = std::move(asked);
    break;
  }
  MEDPERF_TRY(setup.version, version);
  find_limits(setup);
  if (setup.root) {
    MEDPERF_TRY(setup.seccomp, write_seccomp_profile(setup.folder()));
  }
  return setup;
}

}  // namespace medperf::engine
