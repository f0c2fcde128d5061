#pragma once
// The apptainer runner.

#include <optional>
#include <string>
#include <utility>

#include "engine/apptainer/run.h"
#include "engine/apptainer/setup.h"
#include "engine/engine.h"
#include "engine/limits/guard.h"

namespace medperf::engine {

class ApptainerEngine : public Engine {
 public:
  explicit ApptainerEngine(ApptainerSetup setup) : setup_(std::move(setup)) {}

  std::string description() const override;
  bool takes(std::string_view format) const override;
  Result<bool> has_image(const ImageId& image) override;
  Status load(const fs::path& archive, const ImageId& image) override;
  Status remove_image(const ImageId& image) override;
  Result<RunOutcome> run(const RunSpec& spec) override;
  Result<int> sweep(const std::function<bool(std::string_view lease)>& alive) override;
  Result<WallReport> probe() override;

  /// run() without the demand that somebody enforces limits: for the probe, which finds that out.
  Result<RunOutcome> run_anyhow(const RunSpec& spec);

 private:
  fs::path sif_of(const ImageId& image) const;
  /// A folder as image: the probe's only, since it cannot be made a .sif here.
  fs::path folder_of(const ImageId& image) const;
  Status unpack_probe();
  Status keep_sif(const FileHandle& file, const ImageId& image, const std::string& name);
  Result<RunOutcome> run_in(const RunSpec& spec, const std::optional<RunGroup>& group);

  ApptainerSetup setup_;
};

}  // namespace medperf::engine
