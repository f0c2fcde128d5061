#pragma once
// The docker runner.

#include <optional>
#include <string>
#include <vector>

#include "engine/docker/run.h"
#include "engine/docker/setup.h"
#include "engine/engine.h"
#include "engine/limits/guard.h"

namespace medperf::engine {

class DockerEngine : public Engine {
 public:
  explicit DockerEngine(DockerSetup setup) : setup_(std::move(setup)) {}

  std::string description() const override;
  bool takes(std::string_view format) const override;
  Result<bool> has_image(const ImageId& image) override;
  Status load(const fs::path& archive, const ImageId& image) override;
  Status remove_image(const ImageId& image) override;
  Result<RunOutcome> run(const RunSpec& spec) override;
  Result<int> sweep(const std::function<bool(std::string_view lease)>& alive) override;
  Result<WallReport> probe() override;

  const DockerSetup& setup() const { return setup_; }
  /// run() without the demand that somebody enforces limits: for the probe, which finds that out.
  Result<RunOutcome> run_anyhow(const RunSpec& spec);

 private:
  Result<std::optional<RunGroup>> make_group(const RunSpec& spec) const;
  Result<Guard> make_guard(const RunSpec& spec) const;
  Result<RunOutcome> run_guarded(const RunSpec& spec, const std::vector<std::string>& volumes,
                                 const std::optional<RunGroup>& group);
  DockerState state_of(const RunSpec& spec) const;
  /// state_of a container that has ended, once the daemon had time to note that memory ran out.
  DockerState settled_state_of(const RunSpec& spec) const;
  /// What the daemon says of the image; nothing, when it has none of this id.
  Result<std::optional<Json>> inspect_image(const ImageId& image) const;
  void remove_container(const std::string& name) const;

  DockerSetup setup_;
};

}  // namespace medperf::engine
