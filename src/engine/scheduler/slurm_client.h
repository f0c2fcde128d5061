#pragma once
// Slurm's commands, called. Every call is bounded in time.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"
#include "engine/scheduler/job_usage.h"
#include "engine/scheduler/slurm_words.h"

namespace medperf::engine {

class SlurmClient {
 public:
  explicit SlurmClient(std::map<std::string, std::string> environment)
      : environment_(std::move(environment)) {}
  /// "slurm 22.05.8". Errors: unavailable.
  Result<std::string> version() const;
  Status ping() const;
  /// The array's number. Errors: unavailable; refused, when Slurm will never take such a batch.
  Result<std::string> submit(const SlurmBatch& batch, const SlurmPlace& place) const;
  Result<SlurmQueue> queue(const std::vector<std::string>& names) const;
  /// How a task ended, as the controller or the accounting says; empty: nobody knows.
  std::string end_state(const std::string& number, int task) const;
  /// What tasks ("123_4") that are over used, by the accounting; where the cluster has none, by its
  /// controller. Neither answers: nothing.
  UsageByJob usage(const std::vector<std::string>& tasks) const;
  /// Of batches by name: tasks that have not begun, or that were queued again, never begin.
  void cancel_pending(const std::vector<std::string>& names) const;
  /// Ends tasks: "123_4" each, or whole batches by name.
  void cancel(const std::vector<std::string>& tasks, const std::vector<std::string>& names) const;

 private:
  Result<ProcessOutcome> call(std::vector<std::string> words) const;
  std::map<std::string, std::string> environment_;
};

}  // namespace medperf::engine
