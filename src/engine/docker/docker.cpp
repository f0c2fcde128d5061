#include "engine/docker/docker.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "base/encoding.h"
#include "engine/docker/daemon.h"
#include "engine/docker/retag.h"
#include "engine/limits/run_watch.h"
#include "engine/probe/probe.h"
#include "engine/rules/outputs.h"

namespace medperf::engine {
namespace {

constexpr Seconds kQuick{60};
constexpr Seconds kLoad{1800};
// After our own deadline the container is killed by name; docker itself is only stopped when that
// did not help.
constexpr Seconds kSpare{15};

// The daemon may note that memory ran out a little after the container's end.
constexpr std::chrono::milliseconds kAskAgain{100};
constexpr int kMostAsked = 30;
constexpr int kKilledCode = 137;

struct RemovedAtEnd {
  fs::path path;
  ~RemovedAtEnd() { ::unlink(path.c_str()); }
};

/// The paths that an image declares as volumes.
std::vector<std::string> declared_volumes(const Json& image) {
  std::vector<std::string> out;
  const Json* config = image.find("Config");
  const Json* volumes = config != nullptr ? config->find("Volumes") : nullptr;
  if (volumes == nullptr || !volumes->is_object()) return out;
  for (const auto& member : volumes->members()) out.push_back(member.first);
  return out;
}

bool no_such(const ProcessOutcome& outcome) {
  return outcome.errors.find("No such") != std::string::npos ||
         outcome.errors.find("no such") != std::string::npos;
}

}  // namespace

std::string DockerEngine::description() const {
  return "docker " + setup_.facts.server + ", " + setup_.facts.runtime +
         (setup_.user.foreign ? ", root, " : ", daemon as root, ") + "cgroup v" +
         setup_.facts.cgroup;
}

bool DockerEngine::takes(std::string_view format) const {
  return format == "docker-archive" || format == "oci-archive";
}

Result<bool> DockerEngine::has_image(const ImageId& image) {
  MEDPERF_TRY(const auto found, inspect_image(image));
  return found.has_value();
}

Result<std::optional<Json>> DockerEngine::inspect_image(const ImageId& image) const {
  MEDPERF_TRY(const auto answer,
              ask_daemon(setup_.socket(), "GET", "/images/" + image.prefixed() + "/json"));
  if (answer.not_there()) return std::optional<Json>();
  auto about = parse_json(trim(answer.body));
  if (!answer.success() || !about.ok()) return daemon_error("looking for the image", answer);
  if (about->get_string("Id") != image.prefixed()) return std::optional<Json>();
  return std::optional<Json>(std::move(*about));
}

Status DockerEngine::load(const fs::path& archive, const ImageId& image) {
  static std::atomic<int> count{0};
  MEDPERF_TRY(const auto file, open_file(archive));
  const RemovedAtEnd copy{setup_.temporary() / ("load-" + std::to_string(::getpid()) + "-" +
                                                std::to_string(count++) + ".tar")};
  auto written = write_untagged(file, copy.path);
  if (!written.ok()) return std::move(written).error().at(archive.native());
  MEDPERF_TRY(const bool before, has_image(image));
  MEDPERF_TRY(const auto outcome,
              setup_.docker({"load", "--quiet", "--input", copy.path.native()}, kLoad));
  if (!outcome.success()) return docker_error("loading the image", outcome).at(archive.native());
  // "Loaded image ID: sha256:...": another image than the one that was asked for is not kept.
  const auto at = outcome.output.find("sha256:");
  const auto loaded = at == std::string::npos
                          ? Result<ImageId>(make_error(ErrorKind::kCorrupt, "", ""))
                          : ImageId::parse(trim(std::string_view(outcome.output).substr(at)));
  if (loaded.ok() && *loaded == image) return {};
  if (loaded.ok() && !before) (void)remove_image(*loaded).ok();
  return make_error(ErrorKind::kCorrupt, archive.native(),
                    "the archive does not hold the image " + image.prefixed(),
                    "Fetch the archive again; if it stays so, tell the owner of the image");
}

Status DockerEngine::remove_image(const ImageId& image) {
  // Tagged: somebody else on this machine uses it too, and it stays.
  MEDPERF_TRY(const auto tags,
              setup_.docker({"image", "inspect", "--format", "{{len .RepoTags}}", image.prefixed()},
                            kQuick));
  if (tags.success() && trim(tags.output) != "0") return {};
  MEDPERF_TRY(const auto outcome, setup_.docker({"image", "rm", image.prefixed()}, kQuick));
  if (outcome.success() || no_such(outcome)) return {};
  return docker_error("removing the image", outcome);
}

Result<RunOutcome> DockerEngine::run(const RunSpec& spec) {
  if (const auto missing = limits_missing(setup_.facts);
      setup_.options.require_limits && !missing.empty()) {
    return make_error(ErrorKind::kRefused, "engine",
                      "memory and process limits would not hold: " + missing,
                      "Boot the machine with memory and pids control groups");
  }
  return run_anyhow(spec);
}

Result<std::optional<RunGroup>> DockerEngine::make_group(const RunSpec& spec) const {
  if (!setup_.place.found()) return std::optional<RunGroup>();
  MEDPERF_TRY(auto group, RunGroup::create(setup_.place, group_name(spec.lease, spec.name),
                                           spec.limits, false));
  return std::optional<RunGroup>(std::move(group));
}

Result<Guard> DockerEngine::make_guard(const RunSpec& spec) const {
  GuardPlan plan;
  plan.program = setup_.options.probe_program;
  plan.may_be_starting = true;  // by the daemon
  if (setup_.place.found())
    plan.groups = setup_.place.folders_everywhere(group_name(spec.lease, spec.name));
  plan.clean = {"docker", "rm", "--force", "--volumes", spec.name};
  plan.environment = setup_.environment;
  return Guard::start(plan);
}

Result<RunOutcome> DockerEngine::run_anyhow(const RunSpec& spec) {
  MEDPERF_CHECK(check_spec(spec, setup_.user));
  if (const auto mounts = read_file("/proc/self/mountinfo", mebibytes(4)); mounts.ok()) {
    MEDPERF_CHECK(check_submounts(spec, *mounts));
  }
  MEDPERF_TRY(const auto image, inspect_image(spec.image));
  if (!image) {
    return make_error(ErrorKind::kNotFound, spec.image.prefixed(),
                      "this image is not in the engine's store", "Load it first");
  }
  const std::vector<std::string> volumes = declared_volumes(*image);
  MEDPERF_CHECK(give_outputs(spec, setup_.user));
  MEDPERF_TRY(auto guard, make_guard(spec));
  MEDPERF_TRY(const auto group, make_group(spec));
  auto outcome = run_guarded(spec, volumes, group);
  remove_container(spec.name);
  guard.finish(false);
  return outcome;
}

void DockerEngine::remove_container(const std::string& name) const {
  const auto removed =
      ask_daemon(setup_.socket(), "DELETE", "/containers/" + name + "?force=true&v=true");
  if (removed.ok() && (removed->success() || removed->not_there())) return;
  // Busy, or just ending: docker's own client waits and asks again.
  (void)setup_.docker({"rm", "--force", "--volumes", name}, kQuick).ok();
}

DockerState DockerEngine::state_of(const RunSpec& spec) const {
  const auto asked = ask_daemon(setup_.socket(), "GET", "/containers/" + spec.name + "/json");
  if (!asked.ok() || !asked->success()) return {};
  const auto about = parse_json(trim(asked->body));
  const Json* state = about.ok() ? about->find("State") : nullptr;
  return state != nullptr ? read_docker_state(*state) : DockerState{};
}

DockerState DockerEngine::settled_state_of(const RunSpec& spec) const {
  DockerState state = state_of(spec);
  for (int asked = 1; state.exit_code == kKilledCode && !state.out_of_memory && asked < kMostAsked;
       ++asked) {
    std::this_thread::sleep_for(kAskAgain);
    state = state_of(spec);
  }
  return state;
}

Result<RunOutcome> DockerEngine::run_guarded(const RunSpec& spec,
                                             const std::vector<std::string>& volumes,
                                             const std::optional<RunGroup>& group) {
  MEDPERF_TRY(auto run_log, RunLog::open(spec.log_file));
  Command command;
  command.argv = {"docker"};
  for (auto& word : docker_arguments(spec, setup_, volumes, group ? group->absolute_name() : ""))
    command.argv.push_back(word);
  command.environment = setup_.environment;
  command.working_folder = "/";
  command.deadline = spec.limits.wall + kSpare;
  command.output_limit = mebibytes(1);
  command.on_output = [&](std::string_view piece) { run_log.write(piece); };
  RunWatch watch(spec, [&] {
    if (group && group->end_container() > 0) return;
    (void)setup_.docker({"kill", "--signal", "KILL", spec.name}, kQuick).ok();
  });
  auto process = run_process(command);
  watch.finish();
  if (!process.ok()) return std::move(process).error();
  const RunEvents events{watch.timed_out(), watch.output_exceeded(), process->interrupted,
                         group ? group->out_of_memory_events() : 0};
  const std::string tail = run_log.tail();
  if (process->errors.size() >= command.output_limit.value) process->errors = tail;
  // Nothing was ever in it where the daemon lives in control groups of its own.
  const bool memory_watched = group && group->peak_memory().value > 0;
  const bool cause_known =
      events.timed_out || events.output_exceeded || events.interrupted || memory_watched;
  DockerState state = cause_known ? state_of(spec) : settled_state_of(spec);
  state.memory_watched = memory_watched;
  MEDPERF_TRY(auto outcome, judge_docker(*process, events, state, spec));
  outcome.log_tail = tail;
  if (group) outcome.peak_memory = group->peak_memory();
  return outcome;
}

Result<int> DockerEngine::sweep(const std::function<bool(std::string_view lease)>& alive) {
  MEDPERF_TRY(const auto outcome,
              setup_.docker({"ps", "--all", "--no-trunc", "--filter", "label=org.medperf.lease",
                             "--format", "{{.ID}} {{.Label \"org.medperf.lease\"}}"},
                            kQuick));
  if (!outcome.success()) return docker_error("listing containers", outcome);
  int removed = 0;
  for (const auto line : split(outcome.output, '\n')) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos || alive(trim(line.substr(space)))) continue;
    MEDPERF_TRY(const auto done,
                setup_.docker({"rm", "--force", "--volumes", line.substr(0, space)}, kQuick));
    if (!done.success() && !no_such(done))
      return docker_error("removing a left-over container", done);
    ++removed;
  }
  remove_stale_groups(setup_.place, alive);
  return removed;
}

Result<WallReport> DockerEngine::probe() {
  ProbeSubject subject;
  subject.engine = this;
  subject.run = [this](const RunSpec& spec) { return run_anyhow(spec); };
  subject.program = setup_.options.probe_program;
  subject.folder = setup_.temporary();
  subject.limits_missing = limits_missing(setup_.facts);
  subject.limits_advice = "Boot the machine with memory and pids control groups";
  return prove_walls(subject);
}

Result<std::unique_ptr<Engine>> open_docker(const EngineOptions& options) {
  MEDPERF_TRY(auto setup, set_up_docker(options));
  return std::unique_ptr<Engine>(std::make_unique<DockerEngine>(std::move(setup)));
}

}  // namespace medperf::engine
