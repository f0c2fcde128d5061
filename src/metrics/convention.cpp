#include "metrics/convention.h"

#include <mutex>
#include <set>

namespace medperf::metrics {

std::string_view kept_convention(const std::string& text) {
  static std::mutex mutex;
  static std::set<std::string> texts;  // a node stays where it is
  const std::lock_guard lock(mutex);
  return *texts.insert(text).first;
}

}  // namespace medperf::metrics
