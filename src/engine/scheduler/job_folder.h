#pragma once
// What a cluster's runs are told and what they answer, as files in a folder that every node sees:
//   jobs/KEY.json           the run specification (medperf/run-spec/v1)
//   jobs/KEY.owner.json     which batch, and which of its tasks, may run it
//   jobs/KEY.outcome.json   how it ended; the first try that ends writes it, no other one does
//   jobs/KEY.TRY.asks       of an encrypted image: who asks for its passphrase, by which key
//   jobs/KEY.TRY.answer     the passphrase, encrypted for that key (key_exchange.h)
//   batches/NAME.json       keys of the batch's tasks, in their order
//   batches/NAME.job        the cluster's number of the batch, once it is known

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/scheduler/job.h"

namespace medperf::engine {

inline constexpr std::string_view kBatchVersion = "medperf/batch/v1";

struct Owner {
  std::string batch;
  int task = 0;
  bool operator==(const Owner&) const = default;
};

class JobFolder {
 public:
  /// Makes what is missing.
  static Result<JobFolder> open(const fs::path& root);

  /// A new submission: what is there of an earlier outcome goes.
  Status write_job(const Job& job, const Owner& owner) const;
  /// The specification alone: of a job that goes on.
  Status write_specification(const Job& job) const;
  /// Errors: not_found, corrupt.
  Result<Job> read_job(std::string_view key) const;
  /// Nothing when the job is not known here.
  Result<std::optional<Owner>> owner(std::string_view key) const;
  Result<std::optional<Finished>> outcome(std::string_view key) const;
  /// Whole or not at all, and only if there is none yet: false, when another try was first, or when
  /// the job was forgotten.
  Result<bool> write_outcome(std::string_view key, std::string_view attempt,
                             const Finished& finished) const;
  /// Small files beside a job's own, which go with it. `ending` begins with a dot.
  Status write_word(std::string_view key, std::string_view ending, std::string_view text) const;
  Result<std::optional<std::string>> read_word(std::string_view key, std::string_view ending) const;
  void remove_word(std::string_view key, std::string_view ending) const;
  /// The endings of those that end so.
  std::vector<std::string> words(std::string_view key, std::string_view end) const;
  /// Forgets a job: whoever still runs it runs it for nothing.
  Status forget(std::string_view key) const;
  /// Keys of all jobs that are known here.
  std::vector<std::string> keys() const;

  Status write_batch(std::string_view name, const std::vector<std::string>& keys) const;
  Result<std::vector<std::string>> batch_keys(std::string_view name) const;
  Status note_cluster_number(std::string_view name, std::string_view number) const;
  /// Empty: not noted.
  std::string cluster_number(std::string_view name) const;

  /// Its files and logs.
  void remove_batch(std::string_view name) const;

  const fs::path& root() const { return root_; }
  fs::path batch_file(std::string_view name, std::string_view ending) const;

 private:
  explicit JobFolder(fs::path root) : root_(std::move(root)) {}
  fs::path job_file(std::string_view key, std::string_view ending) const;
  fs::path root_;
};

}  // namespace medperf::engine
