#include "site/walls/timed_engine.h"

#include "site/site.h"

namespace medperf::site {

std::string TimedEngine::description() const {
  const SpentGuard guard(spent_);
  return inner_->description();
}
bool TimedEngine::takes(std::string_view format) const {
  return inner_->takes(format);
}
Result<bool> TimedEngine::has_image(const ImageId& image) {
  const SpentGuard guard(spent_);
  return inner_->has_image(image);
}
Status TimedEngine::load(const fs::path& archive, const ImageId& image) {
  const SpentGuard guard(spent_);
  return inner_->load(archive, image);
}
Status TimedEngine::remove_image(const ImageId& image) {
  const SpentGuard guard(spent_);
  return inner_->remove_image(image);
}
Result<engine::RunOutcome> TimedEngine::run(const engine::RunSpec& spec) {
  auto outcome = inner_->run(spec);
  // What the engine room does around its processes counts as the platform's own time.
  const std::lock_guard guard(lock_);
  if (outcome.ok()) spent_ += outcome->wall;
  return outcome;
}
Result<int> TimedEngine::sweep(const std::function<bool(std::string_view lease)>& alive) {
  const SpentGuard guard(spent_);
  return inner_->sweep(alive);
}
Result<engine::WallReport> TimedEngine::probe() {
  const SpentGuard guard(spent_);
  return inner_->probe();
}

}  // namespace medperf::site
