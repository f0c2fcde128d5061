#pragma once
// What Slurm is told and what it answers. Pure functions. Source: the manual pages of Slurm 22.05
// (sbatch, squeue, scontrol).

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/scheduler/job.h"

namespace medperf::engine {

/// What each task of one array takes. Tasks of one array take the same.
struct SlurmTaskSize {
  int cpus = 1;
  std::uint64_t memory_mib = 0;
  std::uint64_t minutes = 0;
  int gpus = 0;
  auto operator<=>(const SlurmTaskSize&) const = default;
};
/// `spare`: for loading the image and proving the walls, beside the run's own time limit. An
/// encrypted image lies in the task's memory.
SlurmTaskSize task_size(const Job& job, Seconds spare);

struct SlurmBatch {
  std::string name;
  std::size_t tasks = 0;
  SlurmTaskSize size;
  fs::path log_folder;
  fs::path script;
};

/// What the site says of its cluster.
struct SlurmPlace {
  std::string partition, account, qos;
  std::vector<std::string> more;  ///< further words for sbatch
};

/// sbatch and all its words.
std::vector<std::string> sbatch_words(const SlurmBatch& batch, const SlurmPlace& place);
/// A script that runs one command; each word is quoted for the shell.
std::string batch_script(const std::vector<std::string>& command,
                         const std::map<std::string, std::string>& environment);
/// The number that `sbatch --parsable` prints; empty: it printed something else.
std::string batch_number(std::string_view output);

/// Why Slurm will not take such a batch, now or later, from what sbatch said; empty: it is another
/// trouble, e.g. a controller that does not answer.
std::string refusal_reason(std::string_view said);
std::string refusal_advice(const SlurmTaskSize& size);

struct SlurmTask {
  std::string state;   ///< "RUNNING"
  std::string reason;  ///< why it is pending
  /// It will not start unless an administrator releases it.
  bool held() const;
};
/// The words for squeue whose answer parse_queue reads, of batches by name.
std::vector<std::string> squeue_words(const std::vector<std::string>& names);
/// Unfinished tasks by batch name and task number. Lines of another form are passed over.
using SlurmQueue = std::map<std::string, std::map<int, SlurmTask>>;
SlurmQueue parse_queue(std::string_view output);
/// JobState of `scontrol --oneliner show job`; empty: not said.
std::string job_state(std::string_view output);
/// "CANCELLED by 0" and the like, from `sacct --parsable2 --noheader --format=State`.
std::string accounted_state(std::string_view output);

}  // namespace medperf::engine
