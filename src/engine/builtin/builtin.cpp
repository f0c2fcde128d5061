#include "engine/builtin/builtin.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <system_error>

#include "base/encoding.h"
#include "engine/builtin/seccomp.h"
#include "engine/image/sif.h"
#include "engine/probe/probe.h"
#include "engine/rules/outputs.h"

namespace medperf::engine {
namespace {

constexpr std::string_view kPath = "/usr/local/bin:/usr/bin:/bin";
constexpr unsigned kAskVersion = 1;  // LANDLOCK_CREATE_RULESET_VERSION
// What unpacking a sif may take.
constexpr Seconds kUnpackTime{3600};
constexpr Bytes kUnpackMemory = mebibytes(1024);

std::optional<fs::path> find_program(const EngineOptions& options, std::string_view program) {
  const auto given = options.environment.find("PATH");
  std::string path(kPath);
  if (given != options.environment.end()) path = given->second + ":" + path;
  for (const auto folder : split(path, ':')) {
    const fs::path file = fs::path(folder) / program;
    if (file.is_absolute() && ::access(file.c_str(), X_OK) == 0) return file;
  }
  return std::nullopt;
}

std::string text_of(const fs::path& file) {
  const auto text = read_file(file, Bytes{64u << 10});
  return text.ok() ? std::string(trim(*text)) : std::string();
}

int landlock_version() {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
  return version > 0 ? static_cast<int>(version) : 0;
}

Status check_kernel() {
  for (const char* file :
       {"/proc/sys/user/max_user_namespaces", "/proc/sys/kernel/unprivileged_userns_clone"}) {
    if (text_of(file) != "0") continue;
    return make_error(ErrorKind::kUnavailable, file,
                      "this machine gives no user namespaces, which the built-in runner needs",
                      "Let root set it to 1 (sysctl), or use a container engine");
  }
  return {};
}

// For unpacking a sif: a root with the host's programs and nothing else of it.
Result<fs::path> make_helper_root(const fs::path& storage) {
  const fs::path root = storage / "helper";
  std::error_code error;
  for (const char* folder : {"usr", "in", "out", "proc", "dev", "tmp"}) {
    fs::create_directories(root / folder, error);
    if (!error) fs::permissions(root / folder, fs::perms(0755), error);
  }
  for (const char* folder : {"bin", "lib", "lib64"}) {
    std::error_code exists;
    fs::create_symlink(fs::path("usr") / folder, root / folder, exists);
  }
  if (!error) fs::permissions(root, fs::perms(0755), error);
  const fs::path place = root / "in" / "image";
  if (!error && !fs::exists(place)) {
    MEDPERF_CHECK(write_file_atomically(place, "", FileMode::kReadable));
  }
  if (!error) return root;
  return make_error(ErrorKind::kUnavailable, root.native(),
                    "this folder cannot be made: " + error.message(),
                    "Check the rights of the engine's storage folder");
}

bool wants_gpu(const RunSpec& spec) {
  return !spec.gpus.empty() && spec.gpus != "0";
}

}  // namespace

BuiltinEngine::BuiltinEngine(const EngineOptions& options)
    : options_(options),
      store_(options.memory ? options.memory->folder : options.storage / "builtin"),
      as_root_(::geteuid() == 0),
      landlock_(landlock_version()) {
  const CgroupView view{"/sys/fs/cgroup", text_of("/proc/self/cgroup"), as_root_};
  sandbox_.place = find_cgroup_place(view, options.cgroup_root);
  if (options.memory) sandbox_.held = options.memory->held;
}

Result<std::unique_ptr<BuiltinEngine>> BuiltinEngine::open(const EngineOptions& options) {
  if (!options.storage.is_absolute()) {
    return make_error(ErrorKind::kInvalid, options.storage.native(),
                      "the engine's storage folder is no absolute path");
  }
  std::unique_ptr<BuiltinEngine> engine(new BuiltinEngine(options));
  const auto bubblewrap = find_program(options, "bwrap");
  if (!bubblewrap) {
    return make_error(ErrorKind::kNotFound, "builtin", "bubblewrap is not installed",
                      "Install it: apt-get install bubblewrap");
  }
  engine->bubblewrap_ = *bubblewrap;
  if (::access(options.probe_program.c_str(), X_OK) != 0) {
    return make_error(ErrorKind::kNotFound, options.probe_program.native(),
                      "this program, which starts containers, is not there",
                      "Install medperf-probe beside medperf");
  }
  MEDPERF_CHECK(check_kernel());
  MEDPERF_CHECK(make_private_folder(options.storage));
  MEDPERF_CHECK(engine->store_.open());
  MEDPERF_TRY(engine->sandbox_.filter, seccomp_filter());
  return engine;
}

std::string BuiltinEngine::description() const {
  Command command;
  command.argv = {bubblewrap_.native(), "--version"};
  command.deadline = Seconds{10};
  command.ignore_stop = true;
  const auto outcome = run_process(command);
  const std::string version = outcome.ok() && outcome->success()
                                  ? printable(trim(outcome->output), 100)
                                  : std::string("bubblewrap");
  const CgroupVersion groups = sandbox_.place.version;
  return "builtin, " + version + (as_root_ ? ", root" : ", ordinary user") +
         (groups == CgroupVersion::kV2   ? ", cgroup v2"
          : groups == CgroupVersion::kV1 ? ", cgroup v1"
                                         : ", no cgroup of its own") +
         (landlock_ > 0 ? ", Landlock " + std::to_string(landlock_) : ", no Landlock");
}

bool BuiltinEngine::takes(std::string_view format) const {
  if (format == "sif") return find_program(options_, "unsquashfs").has_value();
  return format == "docker-archive" || format == "oci-archive";
}

Status BuiltinEngine::load(const fs::path& archive, const ImageId& image) {
  return store_.load(archive, image, [this](const fs::path& file, const fs::path& root) {
    return unpack_squashed(file, root);
  });
}

Launch BuiltinEngine::bare_launch() const {
  Launch launch;
  launch.probe = options_.probe_program;
  launch.bubblewrap = bubblewrap_;
  launch.as_root = as_root_;
  launch.landlock = landlock_;
  find_masked(launch);
  return launch;
}

// unsquashfs reads foreign bytes: it gets the walls that a container gets.
Status BuiltinEngine::unpack_squashed(const fs::path& file, const fs::path& root) const {
  if (!find_program(options_, "unsquashfs")) {
    return make_error(ErrorKind::kNotFound, "unsquashfs", "a sif cannot be unpacked without it",
                      "Install it: apt-get install squashfs-tools");
  }
  static std::atomic<int> count{0};
  RunSpec spec;
  spec.lease = "unpack-" + std::to_string(::getpid());
  spec.name = spec.lease + "-" + std::to_string(++count);
  spec.limits.wall = kUnpackTime;
  spec.limits.memory = kUnpackMemory;
  // What it writes counts as its memory then.
  if (options_.memory) spec.limits.memory.value += options_.memory->size.value;
  spec.limits.output = ArchiveLimits{}.unpacked;
  spec.mounts = {{"/usr", "/usr", false}, {file, "/in/image", false}, {root, "/out", true}};
  Launch launch = bare_launch();
  MEDPERF_TRY(launch.root, make_helper_root(store_.temporary()));
  launch.mounts = spec.mounts;
  launch.limits = spec.limits;
  launch.environment = {{"PATH", "/usr/bin"}, {"LC_ALL", "C.UTF-8"}};
  launch.program = {"/usr/bin/unsquashfs",
                    "-no-progress",
                    "-quiet",
                    "-no-xattrs",
                    "-processors",
                    "1",
                    "-force",
                    "-dest",
                    "/out",
                    "/in/image"};
  MEDPERF_CHECK(give_outputs(spec, inside_user()));
  MEDPERF_TRY(const Ended ended, sandbox_.run(spec, launch));
  if (ended.events.timed_out || ended.events.output_exceeded || ended.events.out_of_memory > 0) {
    return make_error(ErrorKind::kTooLarge, "sif",
                      ended.events.timed_out         ? "unpacking it takes too long"
                      : ended.events.output_exceeded ? "it unpacks to too much"
                                                     : "unpacking it takes too much memory",
                      "Ask the owner for a smaller image");
  }
  if (ended.events.interrupted)
    return make_error(ErrorKind::kInterrupted, "sif", "unpacking was stopped on request");
  if (!ended.started)
    return make_error(
        ErrorKind::kUnavailable, "builtin",
        "the sandbox for unpacking could not be started: " + printable(ended.tail, 300),
        "Run `medperf doctor`");
  return judge_unsquashfs(
      ended.process.signal != 0 ? 128 + ended.process.signal : ended.process.exit_code,
      ended.process.errors);
}

Result<Launch> BuiltinEngine::launch_of(const RunSpec& spec) const {
  MEDPERF_TRY(const ImageStart start, store_.start_of(spec.image));
  Launch launch = bare_launch();
  launch.root = store_.root_of(spec.image);
  MEDPERF_TRY(launch.program, program_of(start, spec));
  launch.environment = environment_of(start, spec);
  launch.limits = spec.limits;
  if (!spec.shm_size.empty()) {
    MEDPERF_TRY(launch.shared_memory, parse_shared_memory(spec.shm_size));
  }
  for (const char* folder : {"/proc", "/dev", "/tmp"}) {
    MEDPERF_TRY(const auto place, store_.mount_point(spec.image, folder, true));
    if (place != folder)
      return make_error(ErrorKind::kInvalid, spec.image.prefixed(),
                        "the image's " + std::string(folder) + " leads elsewhere",
                        "Tell the owner of the image");
  }
  if (!start.working_folder.empty() && start.working_folder.starts_with('/')) {
    MEDPERF_TRY(launch.working_folder, store_.mount_point(spec.image, start.working_folder, true));
  }
  launch.mounts = spec.mounts;
  for (auto& mount : launch.mounts) {
    // A place below another mount is that one's business; below /tmp it is made in it.
    const auto holds = [&](const std::string& outer) {
      return mount.container.starts_with(outer + "/");
    };
    const bool nested =
        holds("/tmp") || std::any_of(spec.mounts.begin(), spec.mounts.end(),
                                     [&](const Mount& other) { return holds(other.container); });
    if (nested) continue;
    MEDPERF_TRY(mount.container,
                store_.mount_point(spec.image, mount.container, fs::is_directory(mount.host)));
  }
  return launch;
}

Result<RunOutcome> BuiltinEngine::run(const RunSpec& spec) {
  if (options_.require_limits && !sandbox_.place.found()) {
    return make_error(
        ErrorKind::kRefused, "engine",
        "memory and process limits would not hold: " + sandbox_.place.missing,
        "Let root run scripts/cgroup-delegate.sh add USER, and name the group in engine.cgroup");
  }
  return run_anyhow(spec);
}

Result<RunOutcome> BuiltinEngine::run_anyhow(const RunSpec& spec) {
  MEDPERF_CHECK(check_spec(spec, inside_user()));
  if (const auto mounts = read_file("/proc/self/mountinfo", mebibytes(4)); mounts.ok()) {
    MEDPERF_CHECK(check_submounts(spec, *mounts));
  }
  if (wants_gpu(spec)) {
    return make_error(ErrorKind::kRefused, "gpus",
                      "the built-in runner gives no GPU to a container",
                      "Use podman or Docker for it (engine.kind)");
  }
  MEDPERF_TRY(const bool present, has_image(spec.image));
  if (!present) {
    return make_error(ErrorKind::kNotFound, spec.image.prefixed(),
                      "this image is not in the engine's store", "Load it first");
  }
  MEDPERF_TRY(const Launch launch, launch_of(spec));
  MEDPERF_CHECK(give_outputs(spec, inside_user()));
  MEDPERF_TRY(const Ended ended, sandbox_.run(spec, launch));
  const auto& events = ended.events;
  const std::string_view tail = trim(ended.tail);
  const std::string last(tail.substr(tail.rfind('\n') + 1));
  if (!ended.started && !events.timed_out && !events.interrupted && events.out_of_memory == 0) {
    return make_error(ErrorKind::kUnavailable, "builtin",
                      "the container could not be started: " +
                          (last.empty() ? "no reason was given" : printable(last, 300)),
                      "Run `medperf doctor`", ended.tail);
  }
  const bool no_program = (ended.process.exit_code == 126 || ended.process.exit_code == 127) &&
                          last.starts_with("medperf-probe init: cannot start");
  RunOutcome outcome = judge(ended.process, events, spec, no_program ? last : std::string());
  outcome.log_tail = ended.tail;
  outcome.peak_memory = ended.peak_memory;
  return outcome;
}

Result<int> BuiltinEngine::sweep(const std::function<bool(std::string_view lease)>& alive) {
  MEDPERF_CHECK(store_.open());
  return end_stale_runs(sandbox_.place, alive);
}

Result<std::unique_ptr<Engine>> BuiltinEngine::in_memory(const MemoryStore& store) const {
  EngineOptions options = options_;
  options.storage = store.folder;
  options.memory = store;
  return open_builtin(options);
}

Result<WallReport> BuiltinEngine::probe() {
  ProbeSubject subject;
  subject.engine = this;
  subject.run = [this](const RunSpec& spec) { return run_anyhow(spec); };
  subject.program = options_.probe_program;
  subject.folder = store_.temporary();
  if (!sandbox_.place.found()) {
    subject.limits_missing =
        "nobody limits memory and processes of an ordinary user here: " + sandbox_.place.missing;
  }
  subject.limits_advice =
      "Let root run scripts/cgroup-delegate.sh add USER, and set "
      "engine.cgroup to the group that it names";
  subject.engine_threads = 2;
  return prove_walls(subject);
}

Result<std::unique_ptr<Engine>> open_builtin(const EngineOptions& options) {
  MEDPERF_TRY(auto engine, BuiltinEngine::open(options));
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace medperf::engine
