#include "engine/podman/podman.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/log.h"
#include "engine/image/tar_stream.h"
#include "engine/limits/run_watch.h"
#include "engine/podman/run.h"
#include "engine/probe/probe.h"

namespace medperf::engine {
namespace {

constexpr Seconds kQuick{60};
constexpr Seconds kLoad{1800};
// After our own deadline the container is killed by name; podman itself is only stopped when that
// did not help.
constexpr Seconds kSpare{15};
// How often the container's own processes are looked for in its group (every 300 ms: it may just be
// starting) before podman, which is slow on a loaded machine, is asked to kill it.
constexpr int kTriesWithoutEngine = 10;
/// How long another client's load may still lack what it writes last.
constexpr std::chrono::milliseconds kLoadsEnd{1000};
constexpr Bytes kRunRoot = mebibytes(64);  // of what names what runs
constexpr int kMostDamaged = 20;
constexpr int kTriesToRemove = 5;
constexpr std::chrono::milliseconds kRemoveAgain{200};

std::string first_line(const PodmanSetup& setup, std::string_view program) {
  Command command;
  command.argv = {std::string(program), "--version"};
  command.environment = setup.environment;
  command.deadline = kQuick;
  command.ignore_stop = true;
  const auto outcome = run_process(command);
  if (!outcome.ok() || !outcome->success()) return std::string(program);
  const std::string_view line = trim(split(outcome->output, '\n').front());
  const auto space = line.rfind(' ');
  return std::string(program) + " " +
         std::string(space == std::string_view::npos ? line : line.substr(space + 1));
}

/// The image of which podman says that a part is missing.
std::optional<ImageId> damaged_image(std::string_view errors) {
  constexpr std::string_view kNamed = "with ID \"";
  constexpr std::size_t kDigits = 64;
  if (errors.find("locating item named") == std::string_view::npos) return std::nullopt;
  const auto at = errors.find(kNamed);
  if (at == std::string_view::npos) return std::nullopt;
  auto id = ImageId::parse(errors.substr(at + kNamed.size(), kDigits));
  return id.ok() ? std::optional<ImageId>(*id) : std::nullopt;
}

// podman 4.3 does not load packed archives ("invalid tar header"): they are unpacked beside the
// store first.
Result<bool> unpack_if_packed(const fs::path& archive, const fs::path& plain) {
  const FileHandle file(::open(archive.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open())
    return make_error(ErrorKind::kNotFound, archive.native(), "the image archive cannot be opened");
  unsigned char magic[2] = {};
  if (::pread(file.get(), magic, 2, 0) != 2 || magic[0] != 0x1f || magic[1] != 0x8b) return false;
  FileHandle out(::open(plain.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!out.is_open())
    return make_error(ErrorKind::kUnavailable, plain.native(),
                      "the archive cannot be unpacked here");
  MEDPERF_TRY(auto unpacker, Unpacker::open(source_of(file)));
  const Bytes limit = ArchiveLimits{}.unpacked;
  for (std::uint64_t total = 0;;) {
    MEDPERF_TRY(const auto piece, unpacker.read());
    if (piece.empty()) return true;
    total += piece.size();
    if (total > limit.value)
      return make_error(ErrorKind::kTooLarge, archive.native(), "the archive unpacks to too much");
    if (::write(out.get(), piece.data(), piece.size()) != static_cast<ssize_t>(piece.size())) {
      return make_error(ErrorKind::kUnavailable, plain.native(),
                        "the archive cannot be unpacked: the disk is full",
                        "Free space in the engine's storage folder, then try again");
    }
  }
}

struct RemovedAtEnd {
  fs::path path;
  ~RemovedAtEnd() { ::unlink(path.c_str()); }
};

// In podman's own user and mount namespace, which its helper keeps until the engine ends it.
Status mount_memory(const PodmanSetup& setup, const fs::path& folder, Bytes size) {
  MEDPERF_CHECK(make_private_folder(folder));
  const std::string options = fmt::format("mode=0700,nodev,size={}", size.value);
  MEDPERF_TRY(const auto mounted, setup.podman({"unshare", "mount", "-t", "tmpfs", "-o", options,
                                                "medperf", folder.native()},
                                               kQuick));
  if (!mounted.success()) return podman_error("mounting memory for the image", mounted);
  MEDPERF_TRY(const auto seen,
              setup.podman({"unshare", "stat", "--file-system", "--format", "%T", folder.native()},
                           kQuick));
  if (trim(seen.output) == "tmpfs") return {};
  return make_error(ErrorKind::kRefused, folder.native(),
                    "podman does not keep its images in memory when asked to",
                    "Use the built-in runner for encrypted containers (engine.kind)");
}

}  // namespace

bool WallReport::all_stand() const {
  if (walls.empty()) return false;
  for (const auto& wall : walls) {
    if (!wall.stands) return false;
  }
  return true;
}

const Wall* WallReport::find(std::string_view name) const {
  for (const auto& wall : walls) {
    if (wall.name == name) return &wall;
  }
  return nullptr;
}

std::string PodmanEngine::description() const {
  const char* version = setup_.machine == CgroupVersion::kV2   ? "cgroup v2"
                        : setup_.machine == CgroupVersion::kV1 ? "cgroup v1"
                                                               : "no cgroups";
  return first_line(setup_, "podman") + ", " + first_line(setup_, setup_.runtime) +
         (setup_.rootless ? ", rootless, " : ", root, ") + version;
}

Result<PodmanEngine::Images> PodmanEngine::list_images() {
  MEDPERF_TRY(auto outcome, setup_.podman({"images", "--all", "--no-trunc", "--quiet"}, kQuick));
  if (!outcome.success() && setup_.driver == "overlay" && !images_ &&
      outcome.errors.find("overlay") != std::string::npos) {
    log::warning("engine.overlay_refused", {{"reason", printable(outcome.errors, 500)}});
    setup_.driver = "vfs";  // slower and larger, but it works on any file system
    MEDPERF_CHECK(write_configuration(setup_));
    MEDPERF_TRY(outcome, setup_.podman({"images", "--all", "--no-trunc", "--quiet"}, kQuick));
  }
  if (!outcome.success() &&
      outcome.errors.find("database configuration mismatch") != std::string::npos) {
    // The store was moved. The database knows containers only, of which none outlives a run; images
    // lie elsewhere.
    log::warning("engine.store_moved", {{"storage", setup_.options.storage.native()}});
    ::unlink((setup_.images() / "libpod" / "bolt_state.db").c_str());
    MEDPERF_TRY(outcome, setup_.podman({"images", "--all", "--no-trunc", "--quiet"}, kQuick));
  }
  MEDPERF_CHECK(mend_store(outcome));
  if (!outcome.success()) return podman_error("listing images", outcome);
  Images images;
  for (const auto line : split(outcome.output, '\n')) {
    if (auto id = ImageId::parse(trim(line)); id.ok()) images.insert(id->hex());
  }
  return images;
}

/// A load that was killed half-way leaves an image without its manifest, and podman lists none at
/// all until that one is removed. It may also be another client's load that is about to end.
Status PodmanEngine::mend_store(ProcessOutcome& listing) {
  for (int tries = 0; !listing.success() && tries <= kMostDamaged; ++tries) {
    const auto damaged = damaged_image(listing.errors);
    if (!damaged) return {};
    if (tries == 0) {
      std::this_thread::sleep_for(kLoadsEnd);
    } else {
      log::warning("engine.damaged_image_removed", {{"image", damaged->prefixed()}});
      MEDPERF_CHECK(setup_.podman({"rmi", "--force", damaged->prefixed()}, kQuick));
    }
    MEDPERF_TRY(listing, setup_.podman({"images", "--all", "--no-trunc", "--quiet"}, kQuick));
  }
  return {};
}

Status PodmanEngine::remember_images() {
  MEDPERF_TRY(images_, list_images());
  return {};
}

Result<bool> PodmanEngine::has_image(const ImageId& image) {
  const std::lock_guard lock(image_lock_);
  if (!images_) MEDPERF_CHECK(remember_images());
  return images_->contains(image.hex());
}

Status PodmanEngine::load(const fs::path& archive, const ImageId& image) {
  const std::lock_guard lock(image_lock_);
  if (!images_) MEDPERF_CHECK(remember_images());
  const Images before = *images_;
  const RemovedAtEnd plain{setup_.temporary() / ("load-" + std::to_string(::getpid()) + ".tar")};
  MEDPERF_TRY(const bool unpacked, unpack_if_packed(archive, plain.path));
  const std::string source = unpacked ? plain.path.native() : fs::absolute(archive).native();
  MEDPERF_TRY(const auto outcome, setup_.podman({"load", "--quiet", "--input", source}, kLoad));
  if (!outcome.success()) return podman_error("loading the image", outcome).at(archive.native());
  MEDPERF_CHECK(remember_images());
  if (images_->contains(image.hex())) return {};
  for (const auto& id : *images_) {
    if (!before.contains(id)) (void)setup_.podman({"rmi", "--force", "sha256:" + id}, kQuick).ok();
  }
  MEDPERF_CHECK(remember_images());
  return make_error(ErrorKind::kCorrupt, archive.native(),
                    "the archive does not hold the image " + image.prefixed(),
                    "Fetch the archive again; if it stays so, tell the owner of the image");
}

Status PodmanEngine::remove_image(const ImageId& image) {
  const std::lock_guard lock(image_lock_);
  if (!images_) MEDPERF_CHECK(remember_images());
  if (!images_->contains(image.hex())) return {};
  MEDPERF_TRY(const auto outcome, setup_.podman({"rmi", "--force", image.prefixed()}, kQuick));
  if (!outcome.success()) return podman_error("removing the image", outcome);
  return remember_images();
}

Result<RunOutcome> PodmanEngine::run(const RunSpec& spec) {
  if (setup_.options.require_limits && setup_.mode == LimitMode::kNone) {
    return make_error(
        ErrorKind::kRefused, "engine",
        "memory and process limits would not hold: " + setup_.place.missing,
        "Let root run scripts/cgroup-delegate.sh add USER, and name the group in engine.cgroup");
  }
  return run_anyhow(spec);
}

bool PodmanEngine::has_groups() const {
  return setup_.mode == LimitMode::kJoin || setup_.mode == LimitMode::kParent;
}

Result<std::optional<RunGroup>> PodmanEngine::make_group(const RunSpec& spec) const {
  if (!has_groups()) return std::optional<RunGroup>{};
  MEDPERF_TRY(auto group, RunGroup::create(setup_.place, group_name(spec.lease, spec.name),
                                           spec.limits, setup_.mode == LimitMode::kJoin));
  return std::optional<RunGroup>(std::move(group));
}

Result<Guard> PodmanEngine::make_guard(const RunSpec& spec) const {
  GuardPlan plan;
  plan.program = setup_.options.probe_program;
  plan.may_be_starting = !has_groups();
  if (has_groups())
    plan.groups = setup_.place.folders_everywhere(group_name(spec.lease, spec.name));
  plan.clean = setup_.command({"rm", "--force", "--ignore", "--time", "0", spec.name});
  plan.environment = setup_.environment;
  plan.in_use = setup_.in_use();
  if (setup_.held) plan.keeps = setup_.held->descriptor();
  plan.pause_file = setup_.pause_file();
  if (setup_.options.memory) plan.held = setup_.options.memory->held;
  return Guard::start(plan);
}

Result<RunOutcome> PodmanEngine::run_anyhow(const RunSpec& spec) {
  MEDPERF_CHECK(check_spec(spec, inside_user(setup_)));
  if (const auto mounts = read_file("/proc/self/mountinfo", mebibytes(4)); mounts.ok()) {
    MEDPERF_CHECK(check_submounts(spec, *mounts));
  }
  // Also makes podman's user namespace outside of the run's group.
  MEDPERF_TRY(const bool present, has_image(spec.image));
  if (!present) {
    return make_error(ErrorKind::kNotFound, spec.image.prefixed(),
                      "this image is not in the engine's store", "Load it first");
  }
  MEDPERF_TRY(auto guard, make_guard(spec));
  const auto group = make_group(spec);
  if (!group.ok()) {
    guard.finish(false);  // nothing was started
    return group.error();
  }
  auto outcome = run_in(spec, *group);
  // Where memory ran out, in a tmpfs or in podman's own group, podman's own removal fails too.
  const bool clean = outcome.ok() && outcome->end == RunEnd::kSuccess;
  if (!clean) remove_container(spec.name);
  guard.finish(false);
  return outcome;
}

// podman refuses for a moment when it takes a container to be running that has just ended ("state
// improper: stopped").
void PodmanEngine::remove_container(const std::string& name) const {
  for (int tries = 0; tries < kTriesToRemove; ++tries) {
    if (tries > 0) std::this_thread::sleep_for(kRemoveAgain);
    const auto done = setup_.podman({"rm", "--force", "--ignore", "--time", "0", name}, kQuick);
    if (done.ok() && done->success()) return;
  }
  log::warning("engine.container_left", {{"container", name}});
}

Result<RunOutcome> PodmanEngine::run_in(const RunSpec& spec, const std::optional<RunGroup>& group) {
  MEDPERF_TRY(auto run_log, RunLog::open(spec.log_file));
  Command command;
  command.argv = setup_.command({});
  for (auto& word : run_arguments(spec, setup_, group ? group->absolute_name() : ""))
    command.argv.push_back(word);
  command.environment = setup_.environment;
  command.working_folder = "/";
  command.deadline = spec.limits.wall + kSpare;
  command.output_limit = mebibytes(1);
  command.on_output = [&](std::string_view piece) { run_log.write(piece); };
  if (group && setup_.mode == LimitMode::kJoin) command.join_cgroups = group->join_files();
  int tries = 0;
  RunWatch watch(spec, [&] {
    if (group && (group->end_container() > 0 || ++tries < kTriesWithoutEngine)) return;
    (void)setup_.podman({"kill", "--signal", "KILL", spec.name}, kQuick).ok();
  });
  auto process = run_process(command);
  watch.finish();
  if (!process.ok()) return std::move(process).error();
  RunEvents events{watch.timed_out(), watch.output_exceeded(), process->interrupted,
                   group ? group->out_of_memory_events() : 0};
  // stderr is kept from its start; podman's own words come last, and the log's tail always has
  // them.
  const std::string tail = run_log.tail();
  if (process->errors.size() >= command.output_limit.value) process->errors = tail;
  MEDPERF_TRY(auto outcome, judge_podman(*process, events, spec));
  outcome.log_tail = tail;
  if (group) outcome.peak_memory = group->peak_memory();
  return outcome;
}

Result<int> PodmanEngine::sweep(const std::function<bool(std::string_view lease)>& alive) {
  {
    const std::lock_guard lock(image_lock_);
    if (!images_) MEDPERF_CHECK(remember_images());
  }
  MEDPERF_TRY(const auto outcome,
              setup_.podman({"ps", "--all", "--no-trunc", "--filter", "label=org.medperf.lease",
                             "--format", "{{.ID}} {{index .Labels \"org.medperf.lease\"}}"},
                            kQuick));
  if (!outcome.success()) return podman_error("listing containers", outcome);
  int removed = 0;
  for (const auto line : split(outcome.output, '\n')) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos || alive(trim(line.substr(space)))) continue;
    MEDPERF_TRY(
        const auto done,
        setup_.podman({"rm", "--force", "--ignore", "--time", "0", line.substr(0, space)}, kQuick));
    if (!done.success()) return podman_error("removing a left-over container", done);
    ++removed;
  }
  remove_stale_groups(setup_.place, alive);
  return removed;
}

Result<WallReport> PodmanEngine::probe() {
  ProbeSubject subject;
  subject.engine = this;
  subject.run = [this](const RunSpec& spec) { return run_anyhow(spec); };
  subject.program = setup_.options.probe_program;
  subject.folder = setup_.temporary();
  subject.limits_missing = limits_missing(setup_);
  subject.limits_advice = limits_advice(setup_);
  if (setup_.mode == LimitMode::kJoin) subject.engine_threads = kEngineThreads;
  return prove_walls(subject);
}

Result<std::unique_ptr<Engine>> PodmanEngine::in_memory(const MemoryStore& store) const {
  EngineOptions options = setup_.options;
  options.storage = store.folder;
  options.memory = store;
  MEDPERF_TRY(auto engine, open_podman(options));
  if (!setup_.rootless) return engine;
  // Layers belong to other users there, who can be removed in podman's user namespace only: they
  // lie in a file system of it, which ends with it.
  const PodmanSetup& own = static_cast<PodmanEngine&>(*engine).setup_;
  MEDPERF_CHECK(mount_memory(own, own.images(), store.size));
  MEDPERF_CHECK(mount_memory(own, own.run_root(), kRunRoot));
  return engine;
}

bool PodmanEngine::takes(std::string_view format) const {
  return format == "docker-archive" || format == "oci-archive";
}

Result<std::unique_ptr<Engine>> open_podman(const EngineOptions& options) {
  MEDPERF_TRY(auto setup, set_up_podman(options));
  return std::unique_ptr<Engine>(std::make_unique<PodmanEngine>(std::move(setup)));
}

}  // namespace medperf::engine
