#pragma once
// An engine that adds up the time of its own processes, so that the platform's own time can be told
// from it.

#include <memory>
#include <mutex>
#include <string>

#include "engine/engine.h"

namespace medperf::site {

class TimedEngine : public engine::Engine {
 public:
  /// `spent` outlives this object.
  TimedEngine(std::unique_ptr<engine::Engine> inner, Seconds& spent)
      : inner_(std::move(inner)), spent_(spent) {}
  std::string description() const override;
  bool takes(std::string_view format) const override;
  Result<bool> has_image(const ImageId& image) override;
  Status load(const fs::path& archive, const ImageId& image) override;
  Status remove_image(const ImageId& image) override;
  Result<engine::RunOutcome> run(const engine::RunSpec& spec) override;
  Result<int> sweep(const std::function<bool(std::string_view lease)>& alive) override;
  Result<engine::WallReport> probe() override;
  int copies_in_memory() const override { return inner_->copies_in_memory(); }
  Result<std::unique_ptr<engine::Engine>> in_memory(
      const engine::MemoryStore& store) const override {
    return inner_->in_memory(store);
  }

 private:
  std::unique_ptr<engine::Engine> inner_;
  std::mutex lock_;  // runs may be several at once
  Seconds& spent_;
};

}  // namespace medperf::site
