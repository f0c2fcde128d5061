#include "site/serve/serve.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include "base/encoding.h"
#include "base/process.h"
#include "site/flows/decision.h"
#include "site/flows/run.h"
#include "wire/shell_words.h"

namespace medperf::site {
namespace {

constexpr Seconds kLongestPause{900};
constexpr Seconds kLongestNotice{60};

/// Trouble with the hub or the sign-in ends a round; all else is the work's own.
bool ends_round(const Error& error) {
  return error.kind == ErrorKind::kInterrupted || error.kind == ErrorKind::kUnauthenticated ||
         error.kind == ErrorKind::kBug;
}

bool is_hub(const Error& error, const std::string& url) {
  return (error.kind == ErrorKind::kUnavailable || error.kind == ErrorKind::kTimedOut) &&
         error.where.find(url) != std::string::npos;
}

/// Datasets that were submitted from this workspace.
std::vector<DatasetId> own_datasets(const Workspace& workspace) {
  std::vector<DatasetId> out;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(workspace.root() / "datasets", failure)) {
    const std::string name = entry.path().filename().native();
    std::int64_t id = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), id);
    if (read.ec == std::errc() && read.ptr == name.data() + name.size() &&
        fs::exists(entry.path() / "raw.yaml")) {
      out.push_back({id});
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

class Round {
 public:
  Round(Site& site, AbsentPerson& person)
      : site_(site), person_(person), url_(site.hub_unsigned().url()) {}

  Status run() {
    MEDPERF_TRY(Hub * hub, site_.hub());
    for (const DatasetId id : own_datasets(site_.workspace())) {
      MEDPERF_CHECK(go_on(prepare(*hub, id), fmt::format("dataset {}", id.value)));
    }
    MEDPERF_TRY(const auto taking_part, approved_pairs(*hub));
    for (const auto& [dataset, benchmark] : taking_part) {
      person_.works_on(
          fmt::format("medperf benchmark run -b {} -d {}", benchmark.value, dataset.value));
      MEDPERF_CHECK(go_on(evaluate(benchmark, dataset),
                          fmt::format("benchmark {}, dataset {}", benchmark.value, dataset.value)));
    }
    return {};
  }

 private:
  /// One piece of work's failure spares the others.
  Status go_on(const Status& done, const std::string& what) {
    if (done.ok() || is_waiting(done.error())) return {};
    if (ends_round(done.error()) || is_hub(done.error(), url_)) return Error(done.error());
    site_.tell(what + ": " + done.error().text());
    return {};
  }

  Status prepare(Hub& hub, DatasetId id) {
    MEDPERF_TRY(const Dataset dataset, hub.dataset(id));
    if (dataset.state == "OPERATION" || !dataset.is_valid) return {};
    person_.works_on(fmt::format("medperf dataset prepare -d {}", id.value));
    auto prepared = prepare_dataset(site_, id, GoOn::kAfterChanges);
    if (!prepared.ok() && prepared.error().cause == kNotReadyCause) {
      person_.need(fmt::format("Dataset {} has manual work left", id.value),
                   fmt::format("medperf dataset prepare -d {}", id.value));
      return {};
    }
    if (!prepared.ok()) return std::move(prepared).error();
    person_.works_on(fmt::format("medperf dataset set_operational -d {}", id.value));
    MEDPERF_CHECK(set_operational(site_, id));
    return {};
  }

  /// Datasets of this workspace that take part in a benchmark: the newest row of a pair counts.
  Result<std::vector<std::pair<DatasetId, BenchmarkId>>> approved_pairs(Hub& hub) {
    MEDPERF_TRY(const std::vector<Association> rows, hub.my_associations("dataset"));
    std::map<std::pair<DatasetId, BenchmarkId>, std::string> newest;
    for (const Association& row : rows) {
      newest[{DatasetId{row.object}, row.benchmark}] = row.approval_status;
    }
    std::vector<std::pair<DatasetId, BenchmarkId>> out;
    for (const auto& [pair, status] : newest) {
      const bool here = fs::exists(site_.workspace().dataset_folder(pair.first));
      if (status == "APPROVED" && here) out.push_back(pair);
    }
    return out;
  }

  Status evaluate(BenchmarkId benchmark, DatasetId dataset) {
    RunOptions options;
    options.benchmark = benchmark;
    options.dataset = dataset;
    MEDPERF_TRY(const std::vector<ModelRun> runs, run_benchmark(site_, options));
    for (const ModelRun& run : runs) {
      const bool news = run.state != RunState::kAlready && run.state != RunState::kWaiting;
      if (news && !run.noted) {
        site_.tell(fmt::format("{}: {} {}", run_name(benchmark, run.model, dataset),
                               to_string(run.state), run.reason));
      }
    }
    return {};
  }

  Site& site_;
  AbsentPerson& person_;
  std::string url_;
};

Status one_round(AbsentPerson& person, const ServeSetup& setup) {
  person.begin_round();
  MEDPERF_TRY(const std::unique_ptr<Site> site, setup.open(person));
  if (auto clean = site->clean_up_after_killed(); !clean.ok()) person.tell(clean.error().text());
  auto done = Round(*site, person).run();
  if (done.ok()) {
    person.end_round();
  } else if (done.error().kind == ErrorKind::kUnauthenticated) {
    person.need("Sign in again: " + done.error().what, "medperf auth login");
  }
  return done;
}

}  // namespace

Seconds pause_after(int failures, Seconds poll) {
  constexpr int kMostDoublings = 20;
  Seconds out = poll;
  for (int i = 0; i < std::min(failures, kMostDoublings); ++i) out *= 2;
  return failures == 0 ? poll : std::min(out, std::max(poll, kLongestPause));
}

Status serve(const Workspace& workspace, AbsentPerson& person, const ServeSetup& setup) {
  MEDPERF_TRY(const FileLock lock, workspace.lock("site-serve"));
  int failures = 0;
  while (!stop_requested()) {
    const auto done = one_round(person, setup);
    if (stop_requested()) break;
    if (setup.once) return done;
    failures = done.ok() ? 0 : failures + 1;
    const Seconds pause = pause_after(failures, setup.poll);
    if (!done.ok()) {
      person.tell(fmt::format("{}; next try in {:.0f} s", done.error().text(), pause.count()));
    }
    setup.pause(pause);
  }
  return {};
}

Status notify_by_command(const std::string& command,
                         const std::map<std::string, std::string>& environment,
                         std::string_view line) {
  if (trim(command).empty()) return {};
  Command process;
  MEDPERF_TRY(process.argv, wire::split_shell_words(command));
  process.environment = program_environment(environment);
  process.input = std::string(line) + "\n";
  process.deadline = kLongestNotice;
  MEDPERF_TRY(const ProcessOutcome outcome, run_process(process));
  if (outcome.success()) return {};
  return make_error(ErrorKind::kUnavailable, "notify.command",
                    "failed: " + printable(trim(outcome.errors), 300),
                    "try it on a terminal: echo test | COMMAND");
}

}  // namespace medperf::site
