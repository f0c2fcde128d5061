#pragma once
// The podman runner.

#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "engine/engine.h"
#include "engine/limits/cgroup.h"
#include "engine/limits/guard.h"
#include "engine/podman/setup.h"

namespace medperf::engine {

class PodmanEngine : public Engine {
 public:
  explicit PodmanEngine(PodmanSetup setup) : setup_(std::move(setup)) {}
  PodmanEngine(const PodmanEngine&) = delete;
  PodmanEngine& operator=(const PodmanEngine&) = delete;

  std::string description() const override;
  bool takes(std::string_view format) const override;
  Result<bool> has_image(const ImageId& image) override;
  Status load(const fs::path& archive, const ImageId& image) override;
  Status remove_image(const ImageId& image) override;
  Result<RunOutcome> run(const RunSpec& spec) override;
  Result<int> sweep(const std::function<bool(std::string_view lease)>& alive) override;
  Result<WallReport> probe() override;
  // The archive, what podman unpacks of it on its way, and the layers; for an ordinary user it
  // makes another copy with other owners.
  int copies_in_memory() const override { return setup_.rootless ? 4 : 3; }
  Result<std::unique_ptr<Engine>> in_memory(const MemoryStore& store) const override;

  const PodmanSetup& setup() const { return setup_; }
  /// run() without the demand that somebody enforces limits: for the probe, which finds that out.
  Result<RunOutcome> run_anyhow(const RunSpec& spec);

 private:
  using Images = std::set<std::string>;
  Result<Images> list_images();  ///< image_lock_ held
  Status mend_store(ProcessOutcome& listing);
  Status remember_images();  ///< image_lock_ held
  bool has_groups() const;   ///< a run gets a group of ours
  Result<std::optional<RunGroup>> make_group(const RunSpec& spec) const;
  Result<Guard> make_guard(const RunSpec& spec) const;
  void remove_container(const std::string& name) const;
  Result<RunOutcome> run_in(const RunSpec& spec, const std::optional<RunGroup>& group);

  PodmanSetup setup_;
  std::mutex image_lock_;
  std::optional<Images> images_;
};

}  // namespace medperf::engine
