#include "engine/probe/probe.h"

#include <unistd.h>

#include <functional>
#include <future>

#include <fmt/format.h>

#include "base/encoding.h"
#include "engine/probe/probe_image.h"

namespace medperf::engine {
namespace {

constexpr int kPids = 64;
constexpr int kForks = 300;  // well above the limit and what is added to it
constexpr Seconds kWallTime{1.0};
constexpr std::uint64_t kMemory = 64;  // MiB allowed
constexpr int kTouched = 256;          // MiB tried
constexpr int kMoreTrials = 2;

Wall wall(std::string name, bool stands, std::string proof, std::string reason,
          std::string advice) {
  Wall out;
  out.name = std::move(name);
  out.stands = stands;
  out.proof = std::move(proof);
  if (!stands) {
    out.reason = std::move(reason);
    out.advice = std::move(advice);
  }
  return out;
}

std::string limits_reason(const ProbeSubject& subject, const std::string& seen) {
  return subject.limits_missing.empty() ? seen : subject.limits_missing;
}

std::string run_text(const Result<RunOutcome>& run) {
  if (!run.ok()) return "the probe could not be run: " + run.error().text();
  return std::string(to_string(run->end)) + (run->reason.empty() ? "" : " (" + run->reason + ")");
}

Result<Json> last_json(const std::string& text) {
  std::string_view last;
  for (const auto line : split(text, '\n')) {
    if (trim(line).starts_with("{")) last = trim(line);
  }
  return parse_json(last);
}

struct Folder {
  fs::path path;
  ~Folder() { (void)remove_tree(path).ok(); }
};

RunSpec probe_spec(const ImageId& image, std::string name, std::vector<std::string> command) {
  RunSpec spec;
  spec.image = image;
  spec.command = std::move(command);
  spec.lease = "probe-" + std::to_string(::getpid());
  spec.name = "medperf-probe-" + std::to_string(::getpid()) + "-" + std::move(name);
  spec.limits.memory = mebibytes(512);
  spec.limits.wall = Seconds{60};
  spec.limits.temporary = mebibytes(8);
  spec.limits.output = mebibytes(64);
  return spec;
}

Result<ImageId> ensure_image(const ProbeSubject& subject) {
  Engine& engine = *subject.engine;
  MEDPERF_TRY(const auto program, read_file(subject.program, mebibytes(64)));
  const BuiltImage built = build_image("medperf-probe", program);
  MEDPERF_TRY(const bool present, engine.has_image(built.image));
  if (present) return built.image;
  const fs::path archive = subject.folder / ("probe-" + std::to_string(::getpid()) + ".tar");
  MEDPERF_CHECK(write_file_atomically(archive, built.archive));
  const auto loaded = engine.load(archive, built.image);
  ::unlink(archive.c_str());
  if (!loaded.ok()) return loaded.error();
  return built.image;
}

}  // namespace

std::vector<Wall> judge_report(const Json& report) {
  const auto text = [&](std::string_view key) { return printable(report.get_string(key), 200); };
  const std::string nets = text("interfaces"), connect = text("connect");
  const bool alone = (nets.empty() || nets == "lo") &&
                     (connect == "ENETUNREACH" || connect.starts_with("socket "));
  const std::string capabilities = text("cap_eff"), bounding = text("cap_bnd");
  const bool none = !capabilities.empty() &&
                    capabilities.find_first_not_of('0') == std::string::npos && !bounding.empty() &&
                    bounding.find_first_not_of('0') == std::string::npos;
  const auto uid = report.get_int("uid", -1);
  const std::string engine =
      "Report this with the output of `medperf doctor`; do not run foreign code until it stands";
  std::vector<Wall> walls;
  walls.push_back(wall("network", alone,
                       "interfaces: " + (nets.empty() ? "none" : nets) + "; connect: " + connect,
                       "the container has a network", engine));
  walls.push_back(wall("read-only-root", text("root") == "EROFS", "writing to /: " + text("root"),
                       "the container's root can be written", engine));
  walls.push_back(
      wall("inputs-read-only", text("input") == "EROFS",
           "writing to an input: " + text("input") + "; to an output: " + text("output"),
           "the container can write to its inputs", engine));
  walls.push_back(wall("capabilities", none, "CapEff " + capabilities + ", CapBnd " + bounding,
                       "the container holds capabilities", engine));
  walls.push_back(wall("no-new-privileges", text("no_new_privs") == "1",
                       "NoNewPrivs " + text("no_new_privs"), "setuid programs could gain rights",
                       engine));
  walls.push_back(
      wall("user", uid > 0, "uid " + std::to_string(uid), "the container runs as root", engine));
  walls.push_back(wall("seccomp", text("seccomp") == "2", "Seccomp " + text("seccomp"),
                       "no system call filter is active",
                       "Install golang-github-containers-common and a kernel with seccomp"));
  return walls;
}

Wall judge_memory(const Result<RunOutcome>& run, const ProbeSubject& subject) {
  const bool stands = run.ok() && run->end == RunEnd::kOutOfMemory;
  const std::string seen =
      fmt::format("{} MiB touched under a limit of {} MiB: {}", kTouched, kMemory, run_text(run));
  return wall("memory", stands, seen, limits_reason(subject, seen), subject.limits_advice);
}

Wall judge_pids(const Result<RunOutcome>& run, int limit, const ProbeSubject& subject) {
  std::string seen = run_text(run);
  bool stands = false;
  if (run.ok()) {
    const auto report = last_json(run->log_tail);
    // A full group can also keep the runtime itself from starting threads; then nothing was
    // reported.
    if (report.ok()) {
      const auto forked = report->get_int("forked", kForks);
      seen = fmt::format(
          "{} processes under a limit of {}{}, then {}", forked, limit,
          subject.engine_threads > 0
              ? fmt::format(" and {} for the engine's own threads", subject.engine_threads)
              : "",
          report->get_string("stopped"));
      stands = forked < kForks && report->get_string("stopped") == "EAGAIN";
    }
  }
  return wall("pids", stands, seen, limits_reason(subject, seen), subject.limits_advice);
}

Wall judge_wall_time(const Result<RunOutcome>& run, Seconds limit) {
  const bool stands = run.ok() && run->end == RunEnd::kTimedOut && run->wall < limit + Seconds{10};
  const std::string seen =
      fmt::format("sleeping 60 s under a limit of {:g} s: {}{}", limit.count(), run_text(run),
                  run.ok() ? fmt::format(", ended after {:.1f} s", run->wall.count()) : "");
  return wall("wall-time", stands, seen, seen,
              "Check the machine's load, then run `medperf doctor` again");
}

namespace {

/// One run of the probe, and what is read from it.
struct Trial {
  RunSpec spec;
  std::function<Wall(const Result<RunOutcome>&)> judge;
};

std::vector<Trial> limit_trials(const ProbeSubject& subject, const ImageId& image) {
  std::vector<Trial> trials;
  auto time = probe_spec(image, "time", {"sleep", "60"});
  time.limits.wall = kWallTime;
  auto memory = probe_spec(image, "memory", {"touch", std::to_string(kTouched)});
  memory.limits.memory = mebibytes(kMemory);
  auto pids = probe_spec(image, "pids", {"fork", std::to_string(kForks)});
  pids.limits.pids = kPids;
  trials.push_back(
      {memory, [&](const Result<RunOutcome>& run) { return judge_memory(run, subject); }});
  trials.push_back(
      {pids, [&](const Result<RunOutcome>& run) { return judge_pids(run, kPids, subject); }});
  trials.push_back(
      {time, [](const Result<RunOutcome>& run) { return judge_wall_time(run, kWallTime); }});
  return trials;
}

/// A crowded machine can hide a wall: an engine notes the end of memory too late, a time is missed.
/// What did not show, and is not known to be missing, is tried again with nothing beside it.
Wall show_again(const ProbeSubject& subject, const Trial& trial, Wall wall) {
  RunSpec spec = trial.spec;
  for (int again = 0; again < kMoreTrials && !wall.stands && subject.limits_missing.empty();
       ++again) {
    spec.name += "-again";
    wall = trial.judge(subject.run(spec));
  }
  return wall;
}

}  // namespace

Result<WallReport> prove_walls(const ProbeSubject& subject) {
  MEDPERF_TRY(const auto image, ensure_image(subject));
  const Folder folder{subject.folder / ("probe-" + std::to_string(::getpid()))};
  MEDPERF_CHECK(make_private_folder(folder.path / "input"));
  MEDPERF_CHECK(make_private_folder(folder.path / "output"));
  std::error_code ignored;  // as root the container's user is another one
  fs::permissions(folder.path / "input", fs::perms(0755), ignored);
  auto inside = probe_spec(image, "report", {"report"});
  inside.mounts = {{folder.path / "input", "/input", false},
                   {folder.path / "output", "/output", true}};
  const auto start = [&](const RunSpec& spec) {
    return std::async(std::launch::async, [&subject, &spec] { return subject.run(spec); });
  };
  const auto trials = limit_trials(subject, image);
  std::vector<std::future<Result<RunOutcome>>> runs;
  for (const auto& trial : trials) runs.push_back(start(trial.spec));
  const auto seen = start(inside).get();
  std::vector<Wall> limits;
  for (std::size_t i = 0; i < trials.size(); ++i) limits.push_back(trials[i].judge(runs[i].get()));

  WallReport report;
  report.engine = subject.engine->description();
  if (!seen.ok()) return seen.error();
  auto json = last_json(seen->log_tail);
  if (!json.ok()) {
    return make_error(ErrorKind::kUnavailable, "engine",
                      "the probe container gave no report: " + run_text(seen),
                      "See the log, and run `medperf doctor`", seen->log_tail);
  }
  report.walls = judge_report(*json);
  for (std::size_t i = 0; i < trials.size(); ++i)
    report.walls.push_back(show_again(subject, trials[i], std::move(limits[i])));
  return report;
}

}  // namespace medperf::engine
