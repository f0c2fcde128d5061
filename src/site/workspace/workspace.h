#pragma once
// The folder that holds everything a site keeps: 0700, files 0600. The layout is this class alone.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/ids.h"
#include "base/result.h"

namespace medperf::site {

class Workspace {
 public:
  /// Makes the folder when it is missing. Errors: refused, when others may look into it or another
  /// user owns it.
  static Result<Workspace> open(const fs::path& root);

  const fs::path& root() const { return root_; }
  fs::path config_file() const { return root_ / "config.yaml"; }
  fs::path policy_file() const { return root_ / "policy.yaml"; }
  fs::path key_file() const { return root_ / "keys" / "site.key"; }
  /// The key of an encrypted container, 0600.
  fs::path container_key(ContainerId id) const;
  /// The private key to a certificate of this site, 0600.
  fs::path certificate_key(std::int64_t certificate) const;
  fs::path token_file() const { return root_ / "token.json"; }
  fs::path walls_file() const { return root_ / "walls.json"; }
  /// Of the engine that runs encrypted images, when it is not the one that runs the others.
  fs::path memory_walls_file() const { return root_ / "walls-memory.json"; }
  fs::path audit_log() const { return root_ / "log" / "audit.log"; }
  fs::path journal_file(std::string_view flow) const;
  fs::path lock_file(std::string_view what) const;
  fs::path leases() const { return root_ / "leases"; }
  fs::path engine_storage() const { return root_ / "podman"; }
  fs::path image_file(const FileDigest& digest) const;
  fs::path download_file(const std::string& hex) const;
  /// A model given as files: the archive, and what was in it.
  fs::path model_archive(const FileDigest& digest) const;
  fs::path model_files(const FileDigest& digest) const;
  fs::path gate_report(const FileDigest& digest) const;
  fs::path container_folder(ContainerId id) const;
  fs::path dataset_folder(DatasetId id) const;
  fs::path run_folder(BenchmarkId benchmark, ModelId model, DatasetId dataset) const;
  /// Prepared data shared out among several runs; `hex` says by which rule.
  fs::path shards_folder(const std::string& hex) const;
  /// What a cluster's nodes are told and answer.
  fs::path scheduler_folder() const { return root_ / "scheduler"; }
  fs::path progress_file(std::string_view flow) const;
  /// What runs of an image took; `hex` as in site/flows/figures.
  fs::path figures_file(const std::string& hex) const {
    return root_ / "figures" / (hex + ".json");
  }
  fs::path waiting_folder() const { return root_ / "waiting"; }
  fs::path demo_folder(const std::string& hex) const;
  fs::path review_file(const std::string& hex) const;

  /// Holds one piece of work (a dataset, a run) for this command alone. Errors: busy, naming it.
  Result<FileLock> lock(std::string_view what) const;
  /// Holds what several commands may use at once, and none may change. Errors: busy.
  Result<FileLock> share(std::string_view what) const;

 private:
  explicit Workspace(fs::path root) : root_(std::move(root)) {}
  fs::path root_;
};

/// Writes a private file that can be made again: not synced, half of it may be there after a crash.
Status write_copy(const fs::path& path, std::string_view content);

/// "b1-m2-d3": names the run of one model on one dataset of one benchmark.
std::string run_name(BenchmarkId benchmark, ModelId model, DatasetId dataset);

}  // namespace medperf::site
