#pragma once
// The site's engine, and beside it runs of encrypted images: those happen in memory alone.

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/memory/sealed.h"

namespace medperf::site {

class SealedEngine : public engine::Engine {
 public:
  SealedEngine(std::unique_ptr<engine::Engine> inner, engine::SealedSetup setup)
      : inner_(std::move(inner)), setup_(std::move(setup)) {}

  /// From now on runs of this image are made in memory by an engine like `by`, which outlives this
  /// object.
  void run_in_memory(engine::SealedImage image, const engine::Engine& by);
  const engine::SealedSetup& setup() const { return setup_; }

  std::string description() const override { return inner_->description(); }
  bool takes(std::string_view format) const override { return inner_->takes(format); }
  Result<bool> has_image(const ImageId& image) override { return inner_->has_image(image); }
  Status load(const fs::path& archive, const ImageId& image) override {
    return inner_->load(archive, image);
  }
  Status remove_image(const ImageId& image) override { return inner_->remove_image(image); }
  Result<engine::RunOutcome> run(const engine::RunSpec& spec) override;
  Result<int> sweep(const std::function<bool(std::string_view lease)>& alive) override {
    return inner_->sweep(alive);
  }
  Result<engine::WallReport> probe() override { return inner_->probe(); }
  int copies_in_memory() const override { return inner_->copies_in_memory(); }
  Result<std::unique_ptr<engine::Engine>> in_memory(
      const engine::MemoryStore& store) const override {
    return inner_->in_memory(store);
  }

 private:
  struct Sealed {
    engine::SealedImage image;
    const engine::Engine* by;
  };
  std::unique_ptr<engine::Engine> inner_;
  engine::SealedSetup setup_;
  std::mutex lock_;  // of the map; what it holds stays
  std::map<ImageId, std::shared_ptr<const Sealed>> sealed_;
};

}  // namespace medperf::site
