#pragma once
// The port to what runs many containers: this machine within stated bounds, or a cluster.

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "engine/engine.h"
#include "engine/scheduler/job.h"
#include "engine/scheduler/job_usage.h"

namespace medperf::engine {

class Scheduler {
 public:
  /// Called in the thread of run(), once for each job that ended, in the order of their ends. What
  /// it returns other than success ends run(): no further job starts.
  using Done = std::function<Status(std::size_t job, Finished finished)>;

  /// Called in the thread of run(), after all jobs have ended: what one used, where a cluster did
  /// the work. It may be missing; nothing depends on it.
  using Used = std::function<void(std::size_t job, const JobUsage& usage)>;

  virtual ~Scheduler() = default;
  virtual std::string description() const = 0;
  /// Whether runs use this process's own engine and its images.
  virtual bool runs_here() const = 0;
  /// Runs all jobs, the first ones first. Errors: interrupted (a stop was asked for; what ran was
  /// ended), that of `done`, unavailable (the cluster cannot be asked). A job's own failure is its
  /// outcome and ends nothing.
  virtual Status run(std::span<const Job> jobs, const Done& done, const Used& used) = 0;
  Status run(std::span<const Job> jobs, const Done& done) { return run(jobs, done, Used()); }
  /// Ends what a killed client left of this flow and nobody has taken up. `alive` tells leases.
  virtual Status cancel_left_over(std::string_view flow,
                                  const std::function<bool(std::string_view lease)>& alive) = 0;
};

/// What runs may take together.
struct Capacity {
  double cores = 0;
  Bytes memory;
  int gpus = 0;
};
/// Cores that this process may use, nine tenths of the memory, and the NVIDIA devices there are.
Capacity machine_capacity();

/// Runs jobs beside each other as long as they fit: the next one waits until it does, so that
/// nothing overtakes it. Engine and capacity outlive the scheduler.
std::unique_ptr<Scheduler> local_scheduler(Engine& engine, const Capacity& capacity);

}  // namespace medperf::engine
