#include "site/sealed/sealed_engine.h"

#include <utility>

namespace medperf::site {

void SealedEngine::run_in_memory(engine::SealedImage image, const engine::Engine& by) {
  const ImageId id = image.image;
  const std::lock_guard guard(lock_);
  sealed_[id] = std::make_shared<const Sealed>(Sealed{std::move(image), &by});
}

Result<engine::RunOutcome> SealedEngine::run(const engine::RunSpec& spec) {
  std::shared_ptr<const Sealed> sealed;
  {
    const std::lock_guard guard(lock_);
    if (const auto found = sealed_.find(spec.image); found != sealed_.end()) sealed = found->second;
  }
  if (!sealed) return inner_->run(spec);
  return engine::run_sealed(*sealed->by, sealed->image, spec, setup_);
}

}  // namespace medperf::site
