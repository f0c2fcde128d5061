#include "engine/scheduler/node_task.h"

#include <chrono>
#include <utility>

#include "base/process.h"

namespace medperf::engine {

Result<TaskEnd> run_node_task(const JobFolder& folder, const Owner& self, std::string_view attempt,
                              const std::string& node, const RunHere& run) {
  MEDPERF_TRY(const std::vector<std::string> keys, folder.batch_keys(self.batch));
  if (self.task < 0 || self.task >= static_cast<int>(keys.size())) {
    return make_error(ErrorKind::kInvalid, self.batch, "the batch has no such task");
  }
  const std::string& key = keys[static_cast<std::size_t>(self.task)];
  MEDPERF_TRY(const auto owner, folder.owner(key));
  if (owner != self) return TaskEnd::kNotNeeded;
  MEDPERF_TRY(const auto earlier, folder.outcome(key));
  if (earlier) return TaskEnd::kNotNeeded;

  MEDPERF_TRY(Job job, folder.read_job(key));
  if (!job.output.empty()) {
    job = redirected(job, job.output.native() + "." + std::string(attempt));
  }
  Finished finished{make_error(ErrorKind::kBug, "task", "not run"), job.output, {}, node};
  const auto start = std::chrono::steady_clock::now();
  auto begun = begin_attempt(job);
  finished.outcome = begun.ok() ? run(job) : std::move(begun).error();
  finished.elapsed = std::chrono::steady_clock::now() - start;

  const bool stopped = finished.outcome.ok()
                           ? finished.outcome->end == RunEnd::kInterrupted
                           : finished.outcome.error().kind == ErrorKind::kInterrupted;
  const auto throw_away = [&] { return job.output.empty() ? Status() : remove_tree(job.output); };
  if (stopped) {
    MEDPERF_CHECK(throw_away());
    return TaskEnd::kInterrupted;
  }
  MEDPERF_TRY(const bool counts, folder.write_outcome(key, attempt, finished));
  if (!counts) MEDPERF_CHECK(throw_away());
  return counts ? TaskEnd::kDone : TaskEnd::kNotNeeded;
}

}  // namespace medperf::engine
