#include "engine/builtin/sandbox.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

#include "base/encoding.h"
#include "crypto/random.h"
#include "engine/limits/guard.h"
#include "engine/limits/run_watch.h"

namespace medperf::engine {
namespace {

// bubblewrap outside and init inside live in the run's group too.
constexpr int kOwnProcesses = 2;
constexpr Bytes kOwnMemory = mebibytes(2);
constexpr Seconds kSpare{15};

Result<std::optional<RunGroup>> make_group(const CgroupPlace& place, const RunSpec& spec) {
  if (!place.found()) return std::optional<RunGroup>{};
  Limits limits = spec.limits;
  limits.pids += kOwnProcesses;
  limits.memory.value += kOwnMemory.value;
  MEDPERF_TRY(auto group,
              RunGroup::create(place, group_name(spec.lease, spec.name), limits, false));
  return std::optional<RunGroup>(std::move(group));
}

// Without a group: bubblewrap is the child that names the run's start line; with it all inside
// ends.
void kill_child(const std::string& start) {
  std::error_code error;
  for (fs::directory_iterator task("/proc/self/task", error), end; !error && task != end;
       task.increment(error)) {
    const auto children = read_file(task->path() / "children", mebibytes(1));
    if (!children.ok()) continue;
    for (const auto text : split(*children, ' ')) {
      int pid = 0;
      std::from_chars(text.data(), text.data() + text.size(), pid);
      if (pid <= 1) continue;
      const auto words = read_file("/proc/" + std::to_string(pid) + "/cmdline", mebibytes(4));
      if (words.ok() && words->find(start) != std::string::npos) ::kill(pid, SIGKILL);
    }
  }
}

std::vector<pid_t> processes_of(const fs::path& group) {
  std::vector<pid_t> out;
  const auto list = read_file(group / "cgroup.procs", mebibytes(1));
  if (!list.ok()) return out;
  for (const auto line : split(*list, '\n')) {
    int pid = 0;
    std::from_chars(line.data(), line.data() + line.size(), pid);
    if (pid > 1) out.push_back(pid);
  }
  return out;
}

// When bubblewrap was killed, the kernel ends what is inside a little later; until then it could
// still write.
void wait_for_all(const RunGroup& group) {
  for (int round = 0; round < 400 && !processes_of(group.folders().front()).empty(); ++round) {
    group.end_container();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void without_line(std::string& text, const std::string& line) {
  if (const auto at = text.find(line + "\n"); at != std::string::npos)
    text.erase(at, line.size() + 1);
}

}  // namespace

Result<Ended> Sandbox::run(const RunSpec& spec, Launch launch) const {
  launch.start = "medperf-started-" + crypto::random_hex(16);
  GuardPlan plan;
  plan.program = launch.probe;
  plan.held = held;
  if (place.found()) plan.groups = place.folders_everywhere(group_name(spec.lease, spec.name));
  MEDPERF_TRY(auto guard, Guard::start(plan));
  MEDPERF_TRY(const auto group, make_group(place, spec));
  MEDPERF_TRY(auto run_log, RunLog::open(spec.log_file));
  StartLine start(launch.start, [&](std::string_view piece) { run_log.write(piece); });
  Command command;
  command.argv = launch_arguments(launch);
  command.environment = {{"LC_ALL", "C.UTF-8"}};
  command.working_folder = "/";
  command.input = filter;
  command.deadline = spec.limits.wall + kSpare;
  command.output_limit = mebibytes(1);
  command.on_output = [&](std::string_view piece) { start.pass(piece); };
  if (group) command.join_cgroups = group->join_files();
  RunWatch watch(spec, [&] {
    if (group)
      group->end_container();
    else
      kill_child(launch.start);
  });
  auto process = run_process(command);
  watch.finish();
  start.finish();
  if (group) wait_for_all(*group);
  const std::uint64_t out_of_memory = group ? group->out_of_memory_events() : 0;
  const Bytes peak = group ? group->peak_memory() : Bytes{0};
  guard.finish(false);  // removes the group
  if (!process.ok()) return std::move(process).error();
  Ended ended;
  ended.events = {watch.timed_out(), watch.output_exceeded(), process->interrupted, out_of_memory};
  ended.process = std::move(*process);
  without_line(ended.process.output, launch.start);
  ended.started = start.seen();
  ended.tail = run_log.tail();
  ended.peak_memory = peak;
  return ended;
}

int end_stale_runs(const CgroupPlace& place,
                   const std::function<bool(std::string_view lease)>& alive) {
  std::set<std::string> ended;
  if (!place.found()) return 0;
  // Again and again: what is killed takes a moment to leave its group. At most 3 s.
  for (int round = 0; round < 150; ++round) {
    bool busy = false;
    for (const auto& base : place.folders()) {
      std::error_code error;
      for (fs::directory_iterator entry(base, error), end; !error && entry != end;
           entry.increment(error)) {
        const std::string name = entry->path().filename().native();
        const auto dashes = name.find("--");
        if (!name.starts_with("run-") || dashes == std::string::npos ||
            alive(std::string_view(name).substr(4, dashes - 4)))
          continue;
        for (const pid_t pid : processes_of(entry->path())) {
          busy = true;
          if (::kill(pid, SIGKILL) == 0) ended.insert(name);
        }
      }
    }
    if (!busy) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  remove_stale_groups(place, alive);
  return static_cast<int>(ended.size());
}

}  // namespace medperf::engine
