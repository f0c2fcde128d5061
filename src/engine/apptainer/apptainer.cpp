#include "engine/apptainer/apptainer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/encoding.h"
#include "crypto/sha256.h"
#include "engine/image/sif.h"
#include "engine/limits/run_watch.h"
#include "engine/probe/probe.h"
#include "engine/probe/probe_image.h"
#include "engine/rules/outputs.h"

namespace medperf::engine {
namespace {

// After our own deadline the container is ended by its group; apptainer itself is only stopped when
// that did not help.
constexpr Seconds kSpare{15};
constexpr const char* kProbe = "/medperf-probe";

}  // namespace

std::string ApptainerEngine::description() const {
  const char* version = setup_.machine == CgroupVersion::kV2   ? "cgroup v2"
                        : setup_.machine == CgroupVersion::kV1 ? "cgroup v1"
                                                               : "no cgroups";
  return setup_.version + (setup_.root ? ", root, " : ", rootless, ") + version;
}

bool ApptainerEngine::takes(std::string_view format) const {
  return format == "sif";
}

fs::path ApptainerEngine::sif_of(const ImageId& image) const {
  return setup_.folder() / "images" / (image.hex() + ".sif");
}

fs::path ApptainerEngine::folder_of(const ImageId& image) const {
  return setup_.folder() / "images" / (image.hex() + ".probe");
}

Result<bool> ApptainerEngine::has_image(const ImageId& image) {
  return fs::exists(sif_of(image)) || fs::exists(folder_of(image));
}

// Copied and hashed in one go, so that what was verified is what is kept.
Status ApptainerEngine::keep_sif(const FileHandle& file, const ImageId& image,
                                 const std::string& name) {
  const fs::path place = sif_of(image);
  const fs::path part = place.native() + ".part-" + std::to_string(::getpid());
  const FileHandle out(
      ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  crypto::Sha256 digest;
  std::string piece(1u << 20, '\0');
  bool whole = out.is_open();
  for (off_t at = 0; whole;) {
    const ssize_t n = ::pread(file.get(), piece.data(), piece.size(), at);
    if (n == 0) break;
    const std::string_view read(piece.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
    digest.update(read);
    whole = n > 0 && ::write(out.get(), read.data(), read.size()) == n;
    at += n;
  }
  whole = whole && ::fsync(out.get()) == 0;
  const bool right = whole && digest.finish_hex() == image.hex();
  // As root the container's user reads it.
  if (right && ::fchmod(out.get(), 0644) == 0 && ::rename(part.c_str(), place.c_str()) == 0)
    return {};
  ::unlink(part.c_str());
  if (whole && !right) {
    return make_error(ErrorKind::kCorrupt, name, "the file is not the image " + image.prefixed(),
                      "Fetch the archive again; if it stays so, tell the owner of the image");
  }
  return make_error(ErrorKind::kUnavailable, place.native(), "the image cannot be stored here",
                    "Free space in the engine's storage folder, then try again");
}

Status ApptainerEngine::load(const fs::path& archive, const ImageId& image) {
  MEDPERF_TRY(const auto file, open_file(archive));
  if (is_sif(file)) return keep_sif(file, image, archive.native());
  return make_error(ErrorKind::kInvalid, archive.native(), "this is no .sif",
                    "Use podman, docker or the built-in runner for other archives");
}

Status ApptainerEngine::remove_image(const ImageId& image) {
  ::unlink(sif_of(image).c_str());
  return {};
}

Result<RunOutcome> ApptainerEngine::run(const RunSpec& spec) {
  if (setup_.options.require_limits && !setup_.place.found()) {
    return make_error(
        ErrorKind::kRefused, "engine",
        "memory and process limits would not hold: " + setup_.place.missing,
        "Let root run scripts/cgroup-delegate.sh add USER, and name the group in engine.cgroup");
  }
  return run_anyhow(spec);
}

Result<RunOutcome> ApptainerEngine::run_anyhow(const RunSpec& spec) {
  MEDPERF_CHECK(check_spec(spec, setup_.user));
  if (const auto mounts = read_file("/proc/self/mountinfo", mebibytes(4)); mounts.ok()) {
    MEDPERF_CHECK(check_submounts(spec, *mounts));
  }
  MEDPERF_TRY(const bool present, has_image(spec.image));
  if (!present) {
    return make_error(ErrorKind::kNotFound, spec.image.prefixed(),
                      "this image is not in the engine's store", "Load it first");
  }
  MEDPERF_CHECK(give_outputs(spec, setup_.user));
  const std::string name = group_name(spec.lease, spec.name);
  GuardPlan plan;
  plan.program = setup_.options.probe_program;
  if (setup_.place.found()) plan.groups = setup_.place.folders_everywhere(name);
  // Killing the group ends everything: the container has no monitor outside of it.
  MEDPERF_TRY(auto guard, Guard::start(plan));
  std::optional<RunGroup> group;
  if (setup_.place.found()) {
    MEDPERF_TRY(group, RunGroup::create(setup_.place, name, spec.limits, true));
  }
  auto outcome = run_in(spec, group);
  const bool clean =
      outcome.ok() && (outcome->end == RunEnd::kSuccess || outcome->end == RunEnd::kFailed);
  guard.finish(!clean);
  return outcome;
}

Result<RunOutcome> ApptainerEngine::run_in(const RunSpec& spec,
                                           const std::optional<RunGroup>& group) {
  MEDPERF_TRY(auto run_log, RunLog::open(spec.log_file));
  ApptainerImage image{sif_of(spec.image), {}};
  auto variables = spec.environment;
  variables.emplace("HOME", "/tmp");
  if (!fs::exists(image.path)) {
    image = {folder_of(spec.image), {kProbe}};
    image.program.insert(image.program.end(), spec.command.begin(), spec.command.end());
  } else if (spec.entrypoint) {
    image.program = {*spec.entrypoint};
    image.program.insert(image.program.end(), spec.command.begin(), spec.command.end());
  }
  Command command;
  MEDPERF_TRY(command.argv, apptainer_arguments(spec, setup_, image));
  command.argv.insert(command.argv.begin(), setup_.program);
  command.environment = apptainer_environment(variables, spec, setup_);
  command.working_folder = "/";
  command.deadline = group ? spec.limits.wall + kSpare : spec.limits.wall;
  command.output_limit = mebibytes(1);
  command.on_output = [&](std::string_view piece) { run_log.write(piece); };
  if (group) command.join_cgroups = group->join_files();
  RunWatch watch(spec, [&] {
    if (group) group->end_container();
  });
  auto process = run_process(command);
  watch.finish();
  if (!process.ok()) return std::move(process).error();
  const RunEvents events{watch.timed_out(), watch.output_exceeded(), process->interrupted,
                         group ? group->out_of_memory_events() : 0};
  const std::string tail = run_log.tail();
  if (process->errors.size() >= command.output_limit.value) process->errors = tail;
  MEDPERF_TRY(auto outcome, judge_apptainer(*process, events, spec));
  outcome.log_tail = tail;
  if (group) outcome.peak_memory = group->peak_memory();
  return outcome;
}

Result<int> ApptainerEngine::sweep(const std::function<bool(std::string_view lease)>& alive) {
  // Containers have no life beside their group; the guard has ended what was in a dead one.
  return remove_stale_groups(setup_.place, alive);
}

Status ApptainerEngine::unpack_probe() {
  MEDPERF_TRY(const auto program, read_file(setup_.options.probe_program, mebibytes(64)));
  const fs::path folder = folder_of(build_image("medperf-probe", program).image);
  if (fs::exists(folder)) return {};
  const fs::path part = folder.native() + ".part-" + std::to_string(::getpid());
  for (const char* place : {"input", "output", "proc", "sys", "dev", "tmp", "etc"})
    MEDPERF_CHECK(make_private_folder(part / place));
  const fs::path file = part.native() + kProbe;
  MEDPERF_CHECK(write_file_atomically(file, program));
  std::error_code error;
  fs::permissions(file, fs::perms(0755), error);
  fs::permissions(part, fs::perms(0755), error);
  fs::rename(part, folder, error);
  if (!error || fs::exists(folder)) return {};
  return make_error(ErrorKind::kUnavailable, folder.native(),
                    "the probe cannot be put here: " + error.message());
}

Result<WallReport> ApptainerEngine::probe() {
  MEDPERF_CHECK(unpack_probe());
  ProbeSubject subject;
  subject.engine = this;
  subject.run = [this](const RunSpec& spec) { return run_anyhow(spec); };
  subject.program = setup_.options.probe_program;
  subject.folder = setup_.folder() / "tmp";
  subject.limits_missing = setup_.place.missing;
  subject.limits_advice =
      "Let root run scripts/cgroup-delegate.sh add USER, and set engine.cgroup to the group that "
      "it names";
  subject.engine_threads = kEngineThreads;
  return prove_walls(subject);
}

Result<std::unique_ptr<Engine>> open_apptainer(const EngineOptions& options) {
  MEDPERF_TRY(auto setup, set_up_apptainer(options));
  MEDPERF_CHECK(make_private_folder(setup.folder() / "images"));
  MEDPERF_CHECK(make_private_folder(setup.folder() / "tmp"));
  return std::unique_ptr<Engine>(std::make_unique<ApptainerEngine>(std::move(setup)));
}

}  // namespace medperf::engine
