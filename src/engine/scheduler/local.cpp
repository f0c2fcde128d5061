// Runs of this machine, beside each other as long as they fit.

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include "base/encoding.h"
#include "base/process.h"
#include "engine/scheduler/scheduler.h"

namespace medperf::engine {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// What is free, and which GPUs.
class Stock {
 public:
  explicit Stock(const Capacity& all)
      : all_(all), cores_(all.cores), memory_(all.memory), gpu_taken_(all.gpus, false) {}

  /// Why it could never run; empty: it can.
  std::string too_large(const Wish& wish) const {
    if (wish.memory > all_.memory) {
      return fmt::format("it needs {} of memory, runs may take {} together", to_string(wish.memory),
                         to_string(all_.memory));
    }
    if (wish.gpus > all_.gpus) {
      return fmt::format("it needs {} GPU(s), runs may take {} together", wish.gpus, all_.gpus);
    }
    for (const int device : wish.devices) {
      if (device < 0 || device >= all_.gpus) {
        return fmt::format("it names GPU {}, runs may take those from 0 to {}",
                           device < 0 ? wish.unknown_device : std::to_string(device),
                           all_.gpus - 1);
      }
    }
    return {};
  }
  bool fits(const Wish& wish) const {
    const auto free_gpus = std::count(gpu_taken_.begin(), gpu_taken_.end(), false);
    for (const int device : wish.devices) {
      if (gpu_taken_[device]) return false;
    }
    return cores_of(wish) <= cores_ + kRounding && wish.memory <= memory_ &&
           gpus_of(wish) <= free_gpus;
  }
  /// The numbers of the GPUs that it gets.
  std::vector<int> take(const Wish& wish) {
    cores_ -= cores_of(wish);
    memory_.value -= wish.memory.value;
    for (const int device : wish.devices) gpu_taken_[device] = true;
    if (!wish.devices.empty()) return wish.devices;
    std::vector<int> out;
    for (int i = 0; i < all_.gpus && static_cast<int>(out.size()) < gpus_of(wish); ++i) {
      if (gpu_taken_[i]) continue;
      gpu_taken_[i] = true;
      out.push_back(i);
    }
    return out;
  }
  void give_back(const Wish& wish, const std::vector<int>& gpus) {
    cores_ += cores_of(wish);
    memory_.value += wish.memory.value;
    for (const int gpu : gpus) gpu_taken_[gpu] = false;
  }

 private:
  static constexpr double kRounding = 1e-9;
  // A limit on cores is a ceiling: a machine with fewer runs it all the same.
  double cores_of(const Wish& wish) const { return std::min(wish.cores, all_.cores); }
  int gpus_of(const Wish& wish) const { return wish.gpus == kAllGpus ? all_.gpus : wish.gpus; }

  Capacity all_;
  double cores_;
  Bytes memory_;
  std::vector<bool> gpu_taken_;
};

struct Ended {
  std::size_t job;
  Finished finished;
};

/// One call of run(): the threads, and what they share with the caller's.
class Batch {
 public:
  Batch(Engine& engine, const Capacity& capacity, std::span<const Job> jobs)
      : engine_(engine), jobs_(jobs), stock_(capacity) {}

  Status run(const Scheduler::Done& done) {
    Status status;
    while (auto ended = next_end(status.ok() && !stop_requested())) {
      if (status.ok()) status = done(ended->job, std::move(ended->finished));
    }
    threads_.clear();
    if (exception_) std::rethrow_exception(exception_);
    if (status.ok() && stop_requested()) {
      return make_error(ErrorKind::kInterrupted, "scheduler", "stopped",
                        "run the command again to go on");
    }
    return status;
  }

 private:
  /// Starts what fits and waits for an end; nothing when all is over.
  std::optional<Ended> next_end(bool start_more) {
    std::unique_lock lock(mutex_);
    if (start_more && !exception_) start_fitting();
    ended_now_.wait(lock, [&] { return !ended_.empty() || running_ == 0; });
    if (ended_.empty()) return std::nullopt;
    Ended out = std::move(ended_.front());
    ended_.pop_front();
    return out;
  }

  void start_fitting() {
    for (; next_ < jobs_.size(); ++next_) {
      const Wish wish = wish_of(jobs_[next_].spec);
      if (const std::string reason = stock_.too_large(wish); !reason.empty()) {
        ended_.push_back({next_,
                          {make_error(ErrorKind::kUnavailable, "scheduler",
                                      "the run does not fit on this machine: " + reason,
                                      "raise scheduler.memory_mib or scheduler.gpus, or lower the "
                                      "policy's limits"),
                           jobs_[next_].output}});
        continue;
      }
      if (!stock_.fits(wish)) return;
      ++running_;
      threads_.emplace_back(
          [this, index = next_, wish, gpus = stock_.take(wish)] { work(index, wish, gpus); });
    }
  }

  void work(std::size_t index, const Wish& wish, const std::vector<int>& gpus) {
    Ended ended{index, {make_error(ErrorKind::kBug, "scheduler", "not run"), jobs_[index].output}};
    std::exception_ptr thrown;
    try {
      const auto start = SteadyClock::now();
      ended.finished.outcome = run_one(jobs_[index], gpus);
      ended.finished.elapsed = SteadyClock::now() - start;
    } catch (...) {  // goes to the caller's thread, which reports it as what it is: a fault of ours
      thrown = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    stock_.give_back(wish, gpus);
    --running_;
    if (thrown && !exception_) exception_ = thrown;
    if (!thrown) ended_.push_back(std::move(ended));
    ended_now_.notify_one();
  }

  Result<RunOutcome> run_one(const Job& job, const std::vector<int>& gpus) {
    MEDPERF_CHECK(begin_attempt(job));
    RunSpec spec = job.spec;
    // "all" are those that runs may take here, which may be none.
    spec.gpus = gpus.empty() ? std::string() : fmt::format("device={}", fmt::join(gpus, ","));
    return engine_.run(spec);
  }

  Engine& engine_;
  std::span<const Job> jobs_;
  std::mutex mutex_;
  std::condition_variable ended_now_;
  Stock stock_;
  std::size_t next_ = 0;
  int running_ = 0;
  std::deque<Ended> ended_;
  std::exception_ptr exception_;
  std::vector<std::jthread> threads_;  // last: joined before what they use goes
};

class LocalScheduler : public Scheduler {
 public:
  LocalScheduler(Engine& engine, const Capacity& capacity) : engine_(engine), capacity_(capacity) {}
  std::string description() const override {
    return fmt::format("this machine: {:g} cores, {} memory, {} GPUs", capacity_.cores,
                       to_string(capacity_.memory), capacity_.gpus);
  }
  bool runs_here() const override { return true; }
  Status run(std::span<const Job> jobs, const Done& done, const Used& /*none*/) override {
    return Batch(engine_, capacity_, jobs).run(done);
  }
  // Runs here end with the client: the engine's guard sees to it.
  Status cancel_left_over(std::string_view, const std::function<bool(std::string_view)>&) override {
    return {};
  }

 private:
  Engine& engine_;
  Capacity capacity_;
};

Bytes memory_of_machine() {
  const auto text = read_file("/proc/meminfo", mebibytes(1));
  if (!text.ok()) return mebibytes(4096);
  constexpr std::string_view kLabel = "MemTotal:";
  for (const std::string_view line : split(*text, '\n')) {
    if (!line.starts_with(kLabel)) continue;
    std::uint64_t kibibytes = 0;
    const std::string_view rest = trim(line.substr(kLabel.size()));
    std::from_chars(rest.data(), rest.data() + rest.size(), kibibytes);
    return {kibibytes << 10};
  }
  return mebibytes(4096);
}

}  // namespace

Capacity machine_capacity() {
  Capacity out;
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  const bool known = ::sched_getaffinity(0, sizeof cpus, &cpus) == 0;
  out.cores = known ? CPU_COUNT(&cpus) : std::max(1U, std::thread::hardware_concurrency());
  out.memory = {memory_of_machine().value / 10 * 9};
  std::error_code none;
  while (fs::exists("/dev/nvidia" + std::to_string(out.gpus), none)) ++out.gpus;
  return out;
}

std::unique_ptr<Scheduler> local_scheduler(Engine& engine, const Capacity& capacity) {
  return std::make_unique<LocalScheduler>(engine, capacity);
}

}  // namespace medperf::engine
