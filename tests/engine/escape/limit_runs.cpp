#include "limit_runs.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/files.h"
#include "base/json.h"
#include "engine/limits/run_watch.h"

namespace medperf::engine::escape {
namespace {

constexpr long long kForks = 300;
constexpr long long kMostShare = 40;  // percent of a processor, under a limit of 25

void no_shape(RunSpec&) {}
void little_memory(RunSpec& spec) {
  spec.limits.memory = mebibytes(64);
}
void little_memory_much_shm(RunSpec& spec) {
  spec.limits.memory = mebibytes(64);
  spec.shm_size = "256m";
}
void little_memory_much_tmp(RunSpec& spec) {
  spec.limits.memory = mebibytes(64);
  spec.limits.temporary = mebibytes(256);
}
void little_tmp(RunSpec& spec) {
  spec.limits.temporary = mebibytes(8);
}
void few_processes(RunSpec& spec) {
  spec.limits.pids = 64;
}
void large_files(RunSpec& spec) {
  spec.limits.output = mebibytes(16);
}
void little_output(RunSpec& spec) {
  spec.limits.output = mebibytes(8);
}
void short_time(RunSpec& spec) {
  spec.limits.wall = Seconds{1};
}
void part_of_a_processor(RunSpec& spec) {
  spec.limits.cpus = 0.25;
}

Json last_json(const std::string& text) {
  Json found;
  for (const auto line : split(text, '\n')) {
    if (auto value = parse_json(trim(line)); value.ok() && value->is_object()) found = *value;
  }
  return found;
}

std::string end_text(const RunOutcome& outcome) {
  return std::string(to_string(outcome.end)) +
         (outcome.reason.empty() ? "" : ": " + outcome.reason);
}

// Links and pipes that a container left: whoever reads its outputs must not be led by them.
Cell judge_links(Cell cell, const Seen& seen) {
  if (seen.outcome.end != RunEnd::kSuccess) {
    cell.verdict = "untried";
    cell.seen = end_text(seen.outcome);
    return cell;
  }
  if (seen.bare) {  // what a careless reader would do
    const int fd = ::open((seen.output / "dots").c_str(), O_RDONLY | O_CLOEXEC);
    if (fd >= 0) ::close(fd);
    cell.verdict = fd >= 0 ? "passed" : "held";
    cell.seen = fd >= 0 ? "a plain open follows the link" : "the link leads nowhere";
    return cell;
  }
  const auto refused = [&](const char* path) {
    return !read_file_beneath(seen.output, path, mebibytes(1)).ok();
  };
  const bool held = refused("link") && refused("folder/shadow") && refused("dots") &&
                    refused("pipe") && !list_files(seen.output).ok() &&
                    !read_file(seen.output / "link").ok();
  cell.verdict = held ? "held" : "passed";
  cell.seen = held ? "every reader of outputs refuses them" : "a link was followed";
  return cell;
}

Cell judge_daemon(Cell cell, const Seen& seen) {
  // Its end may take a moment; by itself it would live on for minutes.
  for (int i = 0; i < 700 && lives(seen.marker) && !seen.bare; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const bool left = lives(seen.marker);
  end_marked(seen.marker);
  cell.verdict = left ? "passed" : "held";
  cell.seen = left ? "it lives on" : "it ended with the container";
  return cell;
}

Cell judge_share(Cell cell, const Seen& seen) {
  const auto percent = last_json(seen.log).get_int("percent", -1);
  cell.verdict = percent < 0 ? "untried" : percent <= kMostShare ? "held" : "passed";
  cell.seen = fmt::format("{} % of a processor under a limit of 25 %", percent);
  return cell;
}

Cell judge_forks(Cell cell, const Seen& seen) {
  const Json report = last_json(seen.log);
  const auto forked = report.get_int("forked", -1);
  const bool all = forked >= kForks;
  // A full group can keep even the report from being written; then the run did not succeed.
  cell.verdict = all || (forked < 0 && seen.outcome.end == RunEnd::kSuccess) ? "passed" : "held";
  cell.seen = forked < 0 ? end_text(seen.outcome)
                         : fmt::format("{} of {} processes, then {}", forked, kForks,
                                       report.get_string("stopped"));
  return cell;
}

Cell judge_log(Cell cell, const Seen& seen) {
  const bool whole = seen.log_bytes > mebibytes(40);
  cell.verdict = whole ? "passed" : "held";
  cell.seen = "the log has " + medperf::to_string(seen.log_bytes);
  return cell;
}

// Bare, those that wait to be stopped are stopped by a deadline; what counts is what they wrote.
Cell judge_bare(Cell cell, const Seen& seen) {
  const Bytes written = size_of({seen.output});
  const bool all = seen.outcome.end == RunEnd::kSuccess || written > mebibytes(32);
  cell.verdict = all ? "passed" : "held";
  cell.seen = all ? "it did all it wanted" : end_text(seen.outcome);
  return cell;
}

void each_process(const std::string& marker, const std::function<void(pid_t)>& seen) {
  const std::string word = std::string(1, '\0') + marker + '\0';
  DIR* folder = ::opendir("/proc");
  while (const dirent* entry = folder != nullptr ? ::readdir(folder) : nullptr) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    // It may end between the look and the reading: then it is none that runs.
    const auto words = read_file("/proc/" + std::string(entry->d_name) + "/cmdline", mebibytes(4));
    // The engine's own command line has the word too while it runs; the daemon is the probe.
    if (words.ok() && words->find(word) != std::string::npos && words->find("daemon") < 200)
      seen(static_cast<pid_t>(std::atol(entry->d_name)));
  }
  if (folder != nullptr) ::closedir(folder);
}

}  // namespace

const std::vector<LimitProbe>& limit_probes() {
  static const std::vector<LimitProbe> kProbes = {
      {"memory",
       "memory",
       "touches 256 MiB where 64 are allowed",
       "it is ended",
       {"touch", "256"},
       {"touch", "256"},
       little_memory},
      {"memory-shm",
       "memory",
       "fills /dev/shm with 200 MiB where 64 are allowed",
       "it is ended or refused",
       {"shm", "200"},
       {"shm", "200"},
       little_memory_much_shm},
      {"memory-tmp",
       "memory",
       "fills /tmp with 200 MiB where 64 of memory are allowed",
       "it is ended or refused",
       {"temporary", "200"},
       {"temporary", "200"},
       little_memory_much_tmp},
      {"tmp-size",
       "limits",
       "fills /tmp with 32 MiB where 8 are allowed",
       "refused",
       {"temporary", "32"},
       {"temporary", "32"},
       little_tmp},
      {"processes",
       "pids",
       "starts 300 processes where 64 are allowed",
       "refused before",
       {"fork", "300"},
       {"fork", "300"},
       few_processes},
      {"disk-large",
       "limits",
       "writes one file of 96 MiB where 16 are allowed",
       "it is ended",
       {"large", "96"},
       {"large", "96"},
       large_files},
      {"disk-many",
       "limits",
       "writes 64 files of 1 MiB where 8 are allowed",
       "it is ended",
       {"write", "64"},
       {"write", "64"},
       little_output},
      {"disk-small",
       "limits",
       "makes 20000 files where 8 MiB are allowed",
       "it is ended",
       {"small", "20000"},
       {"small", "20000"},
       little_output},
      {"time",
       "wall-time",
       "sleeps 60 s where 1 is allowed",
       "it is ended",
       {"sleep", "60"},
       {"sleep", "2"},
       short_time},
      {"time-stubborn",
       "wall-time",
       "ignores every signal for 60 s where 1 is allowed",
       "it is ended",
       {"stubborn", "60"},
       {"stubborn", "2"},
       short_time},
      {"time-daemon",
       "wall-time",
       "leaves a process that belongs to nobody",
       "it ends with the container",
       {"daemon", "600"},
       {"daemon", "600"},
       no_shape},
      {"processor",
       "processor-time",
       "uses a whole processor where a quarter is allowed",
       "it gets no more",
       {"spin", "2"},
       {"spin", "2"},
       part_of_a_processor},
      {"log-flood",
       "limits",
       "prints 64 MiB",
       "the log stays below 17 MiB",
       {"flood", "64"},
       {"flood", "64"},
       no_shape},
      {"output-links",
       "outputs",
       "leaves links and a pipe in the output",
       "no reader follows them",
       {"links", "0"},
       {"links", "0"},
       no_shape},
  };
  return kProbes;
}

Cell judge(const LimitProbe& probe, const Seen& seen) {
  Cell cell{probe.name, probe.wall, "passed", end_text(seen.outcome)};
  if (probe.name == "output-links") return judge_links(cell, seen);
  if (probe.name == "time-daemon") return judge_daemon(cell, seen);
  if (probe.name == "processor") return judge_share(cell, seen);
  if (probe.name == "processes") return judge_forks(cell, seen);
  if (probe.name == "log-flood") return judge_log(cell, seen);
  if (seen.bare) return judge_bare(cell, seen);
  if (probe.wall == "wall-time") {
    const bool ended = seen.outcome.end == RunEnd::kTimedOut && seen.outcome.wall < Seconds{40};
    cell.verdict = ended ? "held" : "passed";
    cell.seen += fmt::format(", after {:.1f} s", seen.outcome.wall.count());
    return cell;
  }
  if (seen.outcome.end != RunEnd::kSuccess) cell.verdict = "held";
  const Json report = last_json(seen.log);
  if (const auto stopped = report.get_string("stopped"); !stopped.empty())
    cell.seen = fmt::format("{} after {} MiB", stopped, report.get_int("mebibytes", 0));
  return cell;
}

bool lives(const std::string& marker) {
  bool found = false;
  each_process(marker, [&](pid_t) { found = true; });
  return found;
}

void end_marked(const std::string& marker) {
  each_process(marker, [](pid_t pid) { ::kill(pid, SIGKILL); });
}

}  // namespace medperf::engine::escape
