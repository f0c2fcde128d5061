#pragma once
// The built-in runner: no container engine, only bubblewrap and the kernel.

#include <memory>
#include <string>

#include "engine/builtin/sandbox.h"
#include "engine/builtin/store.h"
#include "engine/engine.h"

namespace medperf::engine {

class BuiltinEngine : public Engine {
 public:
  /// Errors: not_found (bubblewrap, medperf-probe), unavailable (this kernel gives no user
  /// namespaces, the folders cannot be made).
  static Result<std::unique_ptr<BuiltinEngine>> open(const EngineOptions& options);

  std::string description() const override;
  bool takes(std::string_view format) const override;
  Result<bool> has_image(const ImageId& image) override { return store_.has(image); }
  Status load(const fs::path& archive, const ImageId& image) override;
  Status remove_image(const ImageId& image) override { return store_.remove(image); }
  Result<RunOutcome> run(const RunSpec& spec) override;
  Result<int> sweep(const std::function<bool(std::string_view lease)>& alive) override;
  Result<WallReport> probe() override;
  int copies_in_memory() const override { return 2; }  // the archive, and its files
  Result<std::unique_ptr<Engine>> in_memory(const MemoryStore& store) const override;

 private:
  explicit BuiltinEngine(const EngineOptions& options);
  Result<RunOutcome> run_anyhow(const RunSpec& spec);
  Result<Launch> launch_of(const RunSpec& spec) const;
  Launch bare_launch() const;
  InsideUser inside_user() const { return {kInsideId, kInsideId, as_root_}; }
  Status unpack_squashed(const fs::path& file, const fs::path& root) const;

  EngineOptions options_;
  RootStore store_;
  Sandbox sandbox_;
  fs::path bubblewrap_;
  bool as_root_;
  int landlock_;
};

}  // namespace medperf::engine
