// What the options of the statistics mean.

#include <algorithm>
#include <thread>

#include "apps/metrics/answer.h"

namespace medperf::metrics_app {

metrics::BootstrapOptions bootstrap_of(const Request& request) {
  metrics::BootstrapOptions options;
  options.seed = request.seed;
  options.replicates = request.replicates;
  options.level = request.level;
  if (request.bootstrap_interval == "bca") options.interval = metrics::BootstrapInterval::kBca;
  options.threads = request.threads > 0
                        ? request.threads
                        : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  return options;
}

std::optional<metrics::Direction> better_of(const Request& request) {
  if (request.better.empty()) return std::nullopt;
  return request.better == "higher" ? metrics::Direction::kHigher : metrics::Direction::kLower;
}

Json statistics_of(const Request& request) {
  return Json::object({{"bootstrap", request.replicates},
                       {"bootstrap_interval", request.bootstrap_interval},
                       {"seed", static_cast<std::int64_t>(request.seed)},
                       {"level", request.level}});
}

}  // namespace medperf::metrics_app
