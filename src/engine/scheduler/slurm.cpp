#include "engine/scheduler/slurm.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include "base/encoding.h"
#include "base/process.h"
#include "crypto/random.h"
#include "engine/scheduler/job_folder.h"
#include "engine/scheduler/slurm_client.h"

namespace medperf::engine {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kMostTasks = 1000;  // Slurm's own default of MaxArraySize is 1001
constexpr int kMostSubmissions = 3;
constexpr std::chrono::milliseconds kLook{100};  // at outcomes: files
constexpr std::chrono::milliseconds kAsk{2000};  // Slurm
constexpr std::size_t kLogTail = 600;
// Accounting lags behind a task's end; nothing depends on it.
constexpr std::chrono::milliseconds kUsageLook{500};
constexpr Seconds kUsagePatience{30};
constexpr Seconds kSettlePatience{10};

struct Task {
  Owner owner;
  int submissions = 0;
  bool over = false;
  std::optional<SteadyClock::time_point> gone_since;  ///< from the queue, without an outcome
};

/// One call of run().
class Batches {
 public:
  Batches(const SlurmSettings& settings, const SlurmClient& slurm, const JobFolder& folder,
          std::span<const Job> jobs)
      : settings_(settings), slurm_(slurm), folder_(folder), jobs_(jobs), tasks_(jobs.size()) {}

  Status run(const Scheduler::Done& done, const Scheduler::Used& used) {
    auto status = run_all(done);
    if (status.ok()) settle();
    if (status.ok() && used) account(used);
    if (!status.ok() && status.error().kind != ErrorKind::kUnavailable) cancel_rest();
    tidy();
    return status;
  }

 private:
  Status run_all(const Scheduler::Done& done) {
    MEDPERF_TRY(const std::vector<std::size_t> fresh, take_up());
    MEDPERF_CHECK(submit(fresh));
    auto next_question = SteadyClock::now() + kAsk;
    while (left() > 0) {
      MEDPERF_CHECK(collect(done));
      if (left() == 0) break;
      if (stop_requested()) {
        return make_error(ErrorKind::kInterrupted, "Slurm", "stopped; its tasks were cancelled",
                          "run the command again to go on");
      }
      if (SteadyClock::now() >= next_question) {
        MEDPERF_CHECK(look_at_queue(done));
        next_question = SteadyClock::now() + kAsk;
      }
      std::this_thread::sleep_for(kLook);
    }
    return {};
  }

  std::size_t left() const {
    return static_cast<std::size_t>(
        std::count_if(tasks_.begin(), tasks_.end(), [](const Task& task) { return !task.over; }));
  }

  void tell(const std::string& line) const {
    if (settings_.tell) settings_.tell(line);
  }

  /// Finds again what an earlier client submitted. Gives the jobs that nobody runs.
  Result<std::vector<std::size_t>> take_up() {
    std::set<std::string> names;
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      MEDPERF_TRY(const auto owner, folder_.owner(jobs_[i].key));
      if (!owner) continue;
      tasks_[i].owner = *owner;
      names.insert(owner->batch);
    }
    MEDPERF_TRY(const SlurmQueue queue, slurm_.queue({names.begin(), names.end()}));
    std::vector<std::size_t> fresh;
    std::size_t found = 0;
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      Task& task = tasks_[i];
      MEDPERF_TRY(const auto outcome, folder_.outcome(jobs_[i].key));
      if (task.owner.batch.empty() || (!outcome && find(queue, task.owner) == nullptr)) {
        fresh.push_back(i);
        continue;
      }
      // The lease is this client's from now on; the work is the same, so the try goes on.
      MEDPERF_CHECK(folder_.write_specification(jobs_[i]));
      task.submissions = 1;
      ++found;
    }
    if (found > 0) tell(fmt::format("{} run(s) of an earlier command are taken up", found));
    return fresh;
  }

  static const SlurmTask* find(const SlurmQueue& queue, const Owner& owner) {
    const auto batch = queue.find(owner.batch);
    if (batch == queue.end()) return nullptr;
    const auto task = batch->second.find(owner.task);
    return task == batch->second.end() ? nullptr : &task->second;
  }

  /// One array for all tasks of one size, in their order.
  Status submit(const std::vector<std::size_t>& which) {
    std::vector<std::pair<SlurmTaskSize, std::vector<std::size_t>>> groups;
    for (const std::size_t i : which) {
      const SlurmTaskSize size = task_size(jobs_[i], settings_.spare);
      auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& known) {
        return known.first == size && known.second.size() < kMostTasks;
      });
      if (group == groups.end()) group = groups.insert(groups.end(), {size, {}});
      group->second.push_back(i);
    }
    for (const auto& [size, members] : groups) {
      auto submitted = submit_array(size, members);
      if (submitted.ok()) continue;
      if (submitted.error().kind != ErrorKind::kRefused) return submitted;
      // Such tasks are not for this cluster; the others are.
      for (const std::size_t i : members) {
        Error error = submitted.error();
        error.kind = ErrorKind::kUnavailable;  // of the cluster, not of the work
        refused_.push_back({i, std::move(error)});
      }
    }
    return {};
  }

  Status submit_array(const SlurmTaskSize& size, const std::vector<std::size_t>& members) {
    SlurmBatch batch;
    batch.name = "medperf-" + crypto::random_hex(8);
    batch.tasks = members.size();
    batch.size = size;
    batch.log_folder = folder_.root() / "batches";
    batch.script = folder_.batch_file(batch.name, ".sh");
    std::vector<std::string> keys;
    for (const std::size_t i : members) keys.push_back(jobs_[i].key);
    MEDPERF_CHECK(folder_.write_batch(batch.name, keys));
    std::vector<std::string> command = settings_.task_command;
    command.push_back(batch.name);
    MEDPERF_CHECK(
        write_file_atomically(batch.script, batch_script(command, settings_.task_environment)));
    // Noted before it is submitted: a client killed in between asks Slurm for this name.
    for (std::size_t k = 0; k < members.size(); ++k) {
      Task& task = tasks_[members[k]];
      task.owner = {batch.name, static_cast<int>(k)};
      task.gone_since.reset();
      ++task.submissions;
      MEDPERF_CHECK(folder_.write_job(jobs_[members[k]], task.owner));
    }
    auto number = slurm_.submit(batch, settings_.place);
    if (!number.ok()) {
      for (const std::size_t i : members) MEDPERF_CHECK(folder_.forget(jobs_[i].key));
      slurm_.cancel({}, {batch.name});  // the answer may have been lost
      return std::move(number).error();
    }
    MEDPERF_CHECK(folder_.note_cluster_number(batch.name, *number));
    tell(fmt::format("Slurm job {}: {} run(s), {} core(s) and {} MiB each", *number, batch.tasks,
                     size.cpus, size.memory_mib));
    return {};
  }

  Status collect(const Scheduler::Done& done) {
    for (auto& [i, error] : std::exchange(refused_, {})) {
      MEDPERF_CHECK(end(i, {std::move(error), jobs_[i].output}, done));
    }
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      if (tasks_[i].over) continue;
      if (jobs_[i].sealed) MEDPERF_CHECK(answer_keys(folder_, jobs_[i], settings_.seal_key));
      auto outcome = folder_.outcome(jobs_[i].key);
      if (!outcome.ok()) {
        MEDPERF_CHECK(end(i, {std::move(outcome).error(), jobs_[i].output}, done));
      } else if (*outcome) {
        MEDPERF_CHECK(end(i, std::move(**outcome), done));
      }
    }
    return {};
  }

  Status end(std::size_t i, Finished finished, const Scheduler::Done& done) {
    tasks_[i].over = true;
    note_end(i, finished);
    MEDPERF_CHECK(done(i, std::move(finished)));
    return folder_.forget(jobs_[i].key);
  }

  /// What the node says of it; better figures may come of it.
  void note_end(std::size_t i, const Finished& finished) {
    const std::string number = folder_.cluster_number(tasks_[i].owner.batch);
    if (tasks_[i].owner.batch.empty() || number.empty()) return;
    JobUsage usage;
    usage.job = fmt::format("{}_{}", number, tasks_[i].owner.task);
    usage.node = finished.node;
    usage.elapsed = finished.elapsed;
    usage_.push_back({i, usage});
  }

  /// Asks until the cluster has counted what ended, or for a while.
  void account(const Scheduler::Used& used) {
    const auto end = SteadyClock::now() + kUsagePatience;
    while (!usage_.empty()) {
      std::vector<std::string> names;
      for (const auto& one : usage_) names.push_back(one.second.job);
      const UsageByJob found = slurm_.usage(names);
      std::erase_if(usage_, [&](const auto& one) {
        const auto its = found.find(one.second.job);
        if (its == found.end()) return false;
        used(one.first, its->second);
        return true;
      });
      if (usage_.empty() || stop_requested() || SteadyClock::now() >= end) break;
      std::this_thread::sleep_for(kUsageLook);
    }
    for (const auto& [i, own] : usage_) used(i, own);
  }

  Status look_at_queue(const Scheduler::Done& done) {
    std::set<std::string> names;
    for (const Task& task : tasks_) {
      if (!task.over) names.insert(task.owner.batch);
    }
    auto queue = slurm_.queue({names.begin(), names.end()});
    const auto now = SteadyClock::now();
    if (!queue.ok()) {
      if (!silent_since_) {
        silent_since_ = now;
        tell("Slurm does not answer; waiting: " + queue.error().text());
      }
      if (now - *silent_since_ < settings_.patience) return {};
      return std::move(queue).error();
    }
    silent_since_.reset();
    std::vector<std::size_t> again;
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      if (!tasks_[i].over) MEDPERF_CHECK(judge(i, find(*queue, tasks_[i].owner), done, again));
    }
    return submit(again);
  }

  /// What the queue says of one task without an outcome.
  Status judge(std::size_t i, const SlurmTask* queued, const Scheduler::Done& done,
               std::vector<std::size_t>& again) {
    Task& task = tasks_[i];
    if (queued != nullptr) {
      task.gone_since.reset();
      if (queued->state != "PENDING" || !queued->held()) return {};
      slurm_.cancel({id_of(task.owner)}, {});
      return end(i, failure(i, "Slurm holds its task: " + queued->reason), done);
    }
    const auto now = SteadyClock::now();
    if (!task.gone_since) task.gone_since = now;
    if (now - *task.gone_since < settings_.grace) return {};
    const std::string state =
        slurm_.end_state(folder_.cluster_number(task.owner.batch), task.owner.task);
    RunOutcome ended;
    ended.end = state == "TIMEOUT" ? RunEnd::kTimedOut : RunEnd::kOutOfMemory;
    ended.reason = "Slurm ended it: " + state;
    if (state == "TIMEOUT" || state == "OUT_OF_MEMORY") {
      return end(i, {ended, jobs_[i].output}, done);
    }
    if (state == "CANCELLED") return end(i, failure(i, "its task was cancelled in Slurm"), done);
    if (task.submissions >= kMostSubmissions) {
      return end(i,
                 failure(i, fmt::format("its task ended {} times without an outcome ({}){}",
                                        task.submissions, state.empty() ? "unknown" : state,
                                        log_tail(task.owner))),
                 done);
    }
    tell(fmt::format("{}: the task ended without an outcome ({}); it is submitted again",
                     jobs_[i].spec.name, state.empty() ? "unknown" : state));
    again.push_back(i);
    return {};
  }

  Finished failure(std::size_t i, const std::string& what) const {
    return {make_error(ErrorKind::kUnavailable, jobs_[i].spec.name, what,
                       "ask the cluster's administrator, then run the command again"),
            jobs_[i].output};
  }

  std::string log_tail(const Owner& owner) const {
    const auto text =
        read_file(folder_.batch_file(owner.batch, fmt::format("-{}.log", owner.task)));
    if (!text.ok() || trim(*text).empty()) return {};
    const std::string_view end = trim(*text);
    return "; its last words: " +
           printable(end.substr(end.size() > kLogTail ? end.size() - kLogTail : 0), kLogTail);
  }

  std::string id_of(const Owner& owner) const {
    return fmt::format("{}_{}", folder_.cluster_number(owner.batch), owner.task);
  }

  void cancel_rest() {
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      if (tasks_[i].over || tasks_[i].owner.batch.empty()) continue;
      (void)folder_.forget(jobs_[i].key).ok();
      ids.push_back(id_of(tasks_[i].owner));
    }
    slurm_.cancel(ids, {});
  }

  /// Batches that no job belongs to any more, of those of this call.
  std::vector<std::string> unused_batches() const {
    std::set<std::string> used;
    for (const std::string& key : folder_.keys()) {
      const auto owner = folder_.owner(key);
      if (owner.ok() && *owner) used.insert((*owner)->batch);
    }
    std::set<std::string> out;
    for (const Task& task : tasks_) {
      const std::string& batch = task.owner.batch;
      if (!batch.empty() && !used.contains(batch)) out.insert(batch);
    }
    return {out.begin(), out.end()};
  }

  /// Waits until Slurm has done with tasks whose outcome is here. One that is queued again, because
  /// its node went down after it had written its outcome, must not begin: it would run for nothing
  /// and write its log into the folder that is tidied here.
  void settle() const {
    const std::vector<std::string> names = unused_batches();
    if (names.empty()) return;
    const auto end = SteadyClock::now() + kSettlePatience;
    slurm_.cancel_pending(names);
    for (;;) {
      const auto queue = slurm_.queue(names);
      if (!queue.ok() || queue->empty()) return;
      if (stop_requested() || SteadyClock::now() >= end) break;
      std::this_thread::sleep_for(kUsageLook);
    }
    slurm_.cancel({}, names);  // e.g. on a node that is down and not yet known to be
  }

  void tidy() const {
    for (const std::string& batch : unused_batches()) folder_.remove_batch(batch);
  }

  const SlurmSettings& settings_;
  const SlurmClient& slurm_;
  const JobFolder& folder_;
  std::span<const Job> jobs_;
  std::vector<Task> tasks_;
  std::vector<std::pair<std::size_t, Error>> refused_;   ///< by Slurm, when they were submitted
  std::vector<std::pair<std::size_t, JobUsage>> usage_;  ///< of what ended, by the nodes
  std::optional<SteadyClock::time_point> silent_since_;
};

class SlurmScheduler : public Scheduler {
 public:
  SlurmScheduler(SlurmSettings settings, JobFolder folder, std::string version)
      : settings_(std::move(settings)),
        slurm_(settings_.environment),
        folder_(std::move(folder)),
        version_(std::move(version)) {}
  std::string description() const override {
    return version_ +
           (settings_.place.partition.empty() ? "" : ", partition " + settings_.place.partition);
  }
  bool runs_here() const override { return false; }
  Status run(std::span<const Job> jobs, const Done& done, const Used& used) override {
    return Batches(settings_, slurm_, folder_, jobs).run(done, used);
  }
  Status cancel_left_over(std::string_view flow,
                          const std::function<bool(std::string_view)>& alive) override {
    std::vector<std::string> ids;
    for (const std::string& key : folder_.keys()) {
      const auto job = folder_.read_job(key);
      if (!job.ok() || job->flow != flow || alive(job->spec.lease)) continue;
      const auto owner = folder_.owner(key);
      if (owner.ok() && *owner) {
        const std::string number = folder_.cluster_number((*owner)->batch);
        if (!number.empty()) ids.push_back(fmt::format("{}_{}", number, (*owner)->task));
      }
      MEDPERF_CHECK(folder_.forget(key));
    }
    slurm_.cancel(ids, {});
    return {};
  }

 private:
  SlurmSettings settings_;
  SlurmClient slurm_;
  JobFolder folder_;
  std::string version_;
};

}  // namespace

Result<std::unique_ptr<Scheduler>> slurm_scheduler(SlurmSettings settings) {
  const SlurmClient slurm(settings.environment);
  MEDPERF_TRY(std::string version, slurm.version());
  MEDPERF_CHECK(slurm.ping());
  MEDPERF_TRY(JobFolder folder, JobFolder::open(settings.folder));
  return std::unique_ptr<Scheduler>(
      std::make_unique<SlurmScheduler>(std::move(settings), std::move(folder), std::move(version)));
}

}  // namespace medperf::engine
