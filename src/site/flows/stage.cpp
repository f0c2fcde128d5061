#include "site/flows/stage.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "site/flows/decision.h"
#include "site/flows/meanwhile.h"
#include "site/flows/progress.h"

namespace medperf::site {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct Ready {
  StageStep* step;
  TaskRequest request;
};

/// Tries of a job that do not count leave folders beside the one that does.
Status remove_other_tries(const fs::path& output) {
  const std::string prefix = output.filename().native() + ".";
  std::error_code failure;
  std::vector<fs::path> others;
  for (const auto& entry : fs::directory_iterator(output.parent_path(), failure)) {
    if (entry.path().filename().native().starts_with(prefix)) others.push_back(entry.path());
  }
  for (const fs::path& other : others) MEDPERF_CHECK(remove_tree(other));
  return {};
}

Result<Json> take_output(Site& site, const Ready& ready, const engine::Finished& finished) {
  MEDPERF_CHECK(end_job(site, ready.request, finished));
  return ready.step->finish(finished);
}

void finish(Site& site, const Ready& ready, const engine::Finished& finished) {
  StageStep& step = *ready.step;
  const auto start = SteadyClock::now();
  step.ran = finished.outcome.ok();
  step.output =
      note_step(*step.journal, step.name, step.inputs, take_output(site, ready, finished));
  if (!ready.request.output.empty() && step.output.ok()) {
    // What stays behind is removed by the next run of the step as well.
    (void)remove_other_tries(ready.request.output).ok();
  }
  const Seconds after = SteadyClock::now() - start;
  WorkTime run;
  run.engine = finished.outcome.ok() ? finished.outcome->wall : Seconds(0);
  run.own = finished.elapsed - run.engine + after;
  run.wall = finished.elapsed + after;
  step.time += run;
}

/// What a cluster counted of a run, in the log and beside what is noted of the step.
Status keep_usage(Site& site, const Ready& ready, const engine::JobUsage& usage) {
  MEDPERF_CHECK(record_usage(site, ready.request, usage));
  const StageStep& step = *ready.step;
  const Json inputs = Json::object(
      {{"step", step.name}, {"of", step_key(step.name, step.inputs).hex()}, {"job", usage.job}});
  return step.journal->note(kUsageStep, step_key(kUsageStep, inputs), engine::to_json(usage));
}

/// Makes the steps that are not noted ready; what fails on the way has its output already.
Result<std::vector<engine::Job>> make_ready(Site& site, std::span<StageStep> steps,
                                            std::vector<Ready>& ready) {
  std::vector<engine::Job> jobs;
  for (StageStep& step : steps) {
    if (auto noted = noted_step(*step.journal, step.name, step.inputs)) {
      step.output = std::move(*noted);
      continue;
    }
    const WorkTimer timer(site, step.time);
    auto request = step.request();
    auto job =
        request.ok() ? plan_job(site, *request) : Result<engine::Job>(std::move(request).error());
    if (!job.ok()) {
      const bool stopped = job.error().kind == ErrorKind::kInterrupted;
      step.output = note_step(*step.journal, step.name, step.inputs, std::move(job).error());
      if (stopped) return step.output.error();
      continue;
    }
    ready.push_back({&step, std::move(*request)});
    jobs.push_back(std::move(*job));
  }
  return jobs;
}

/// Counts the cases of the runs of a stage while they go on.
class CaseWatch {
 public:
  CaseWatch(Progress* progress, const std::vector<Ready>& ready)
      : progress_(progress), ready_(ready), over_(ready.size()) {}

  std::function<void()> look() {
    const bool known = std::any_of(ready_.begin(), ready_.end(),
                                   [](const Ready& one) { return one.step->cases > 0; });
    if (progress_ == nullptr || !known) return {};
    return [this] { progress_->cases(counts()); };
  }
  void over(std::size_t i) { over_[i] = true; }

 private:
  std::vector<CaseCount> counts() const {
    std::vector<CaseCount> out;
    for (std::size_t i = 0; i < ready_.size(); ++i) {
      const StageStep& step = *ready_[i].step;
      if (step.cases == 0) continue;
      const std::size_t done = over_[i] ? step.cases : most_done(step, ready_[i].request.output);
      out.push_back({step.run, std::min(done, step.cases), step.cases});
    }
    return out;
  }

  /// Each try on a cluster has a folder of its own beside.
  static std::size_t most_done(const StageStep& step, const fs::path& output) {
    std::size_t out = step.count(output);
    const std::string prefix = output.filename().native() + ".";
    std::error_code failure;
    for (fs::directory_iterator entry(output.parent_path(), failure), end; !failure && entry != end;
         entry.increment(failure)) {
      if (entry->path().filename().native().starts_with(prefix))
        out = std::max(out, step.count(entry->path()));
    }
    return out;
  }

  Progress* progress_;
  const std::vector<Ready>& ready_;
  std::vector<std::atomic<bool>> over_;
};

}  // namespace

Timestamp start_of(const Site& site, const engine::Finished& finished) {
  constexpr double kMicroseconds = 1e6;
  const double elapsed = finished.elapsed.count() * kMicroseconds;
  return {site.clock().now().microseconds - static_cast<std::int64_t>(elapsed)};
}

Status run_stage(Site& site, std::span<StageStep> steps) {
  std::vector<Ready> ready;
  MEDPERF_TRY(const std::vector<engine::Job> jobs, make_ready(site, steps, ready));
  if (jobs.empty()) return {};
  MEDPERF_TRY(engine::Scheduler * scheduler, site.scheduler());
  Progress* progress = site.progress();
  if (progress != nullptr) progress->stage(ready.front().step->name, jobs.size());
  CaseWatch watch(progress, ready);
  Meanwhile meanwhile(watch.look());
  const auto done = [&](std::size_t i, engine::Finished finished) -> Status {
    watch.over(i);
    finish(site, ready[i], finished);
    if (progress != nullptr) progress->step_done();
    const StageStep& step = *ready[i].step;
    const bool stopped = !step.output.ok() && step.output.error().kind == ErrorKind::kInterrupted;
    return stopped ? Status(step.output.error()) : Status();
  };
  Status kept;
  auto ended = scheduler->run(jobs, done, [&](std::size_t i, const engine::JobUsage& usage) {
    if (kept.ok()) kept = keep_usage(site, ready[i], usage);
  });
  meanwhile.stop();
  return ended.ok() ? kept : ended;
}

}  // namespace medperf::site
