#pragma once
// Runs jobs as arrays of Slurm. The nodes see the client's folder, so specifications and outcomes
// are files there (job_folder.h); Slurm says only what is still to come. A client that was killed
// finds its tasks again by their keys.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/scheduler/key_exchange.h"
#include "engine/scheduler/scheduler.h"
#include "engine/scheduler/slurm_words.h"

namespace medperf::engine {

struct SlurmSettings {
  fs::path folder;  ///< seen by all nodes under this path
  SlurmPlace place;
  /// What a node runs; the batch's name is added. The task's number is SLURM_ARRAY_TASK_ID.
  std::vector<std::string> task_command;
  std::map<std::string, std::string> task_environment;
  std::map<std::string, std::string> environment;  ///< of sbatch, squeue, scontrol, scancel
  Seconds spare{900};  ///< of a task beside its run: loading an image, proving the walls
  /// How long a task may be gone from the queue without an outcome: shared folders lag behind.
  Seconds grace{30};
  /// How long the controller may not answer.
  Seconds patience{600};
  std::function<void(std::string_view)> tell;  ///< lines for people; may be empty
  SealKey seal_key;                            ///< of encrypted images
};

/// Errors: unavailable (Slurm's programs are missing or its controller does not answer).
Result<std::unique_ptr<Scheduler>> slurm_scheduler(SlurmSettings settings);

}  // namespace medperf::engine
