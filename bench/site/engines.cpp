// What one run takes on each engine: from the command to the exit of a static program that does
// nothing, and how much of it is our own beside the engine's bare command.
//   bench_engines PROBE FOLDER [CGROUP] [REPEATS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <unistd.h>

#include "engine/choice.h"
#include "engine/probe/probe_image.h"

namespace {

using namespace medperf;
using Clock = std::chrono::steady_clock;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Times {
  std::vector<double> whole, engine;  // milliseconds
};

Result<Times> measure(engine::Engine& engine, const ImageId& image, int repeats) {
  Times times;
  for (int i = 0; i < repeats + 2; ++i) {
    engine::RunSpec spec;
    spec.image = image;
    spec.command = {"exit", "0"};
    spec.lease = "bench";
    spec.name = "bench-" + std::to_string(::getpid()) + "-" + std::to_string(i);
    const auto begin = Clock::now();
    MEDPERF_TRY(const auto outcome, engine.run(spec));
    const std::chrono::duration<double, std::milli> taken = Clock::now() - begin;
    if (outcome.end != engine::RunEnd::kSuccess)
      return make_error(ErrorKind::kUnavailable, "run", outcome.reason, {}, outcome.log_tail);
    if (i < 2) continue;  // warm-up
    times.whole.push_back(taken.count());
    times.engine.push_back(1e3 * outcome.wall.count());
  }
  return times;
}

Status measure_one(const engine::EngineOptions& options, engine::EngineKind kind, int repeats) {
  MEDPERF_TRY(const auto engine, engine::open_engine(kind, options));
  MEDPERF_TRY(const auto program, read_file(options.probe_program));
  const auto built = engine::build_image("medperf-probe", program);
  const fs::path archive = options.storage.parent_path() / "probe.tar";
  MEDPERF_CHECK(write_file_atomically(archive, built.archive));
  MEDPERF_CHECK(engine->load(archive, built.image));
  MEDPERF_TRY(const Times times, measure(*engine, built.image, repeats));
  const double whole = median(times.whole), bare = median(times.engine);
  std::printf("%-9s %8.1f %8.1f %8.1f %8.1f   %s\n", std::string(to_string(kind)).c_str(), whole,
              *std::max_element(times.whole.begin(), times.whole.end()), bare, whole - bare,
              engine->description().c_str());
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: bench_engines PROBE FOLDER [CGROUP] [REPEATS]\n", stderr);
    return 2;
  }
  engine::EngineOptions options;
  options.probe_program = fs::absolute(argv[1]);
  options.cgroup_root = argc > 3 ? argv[3] : "";
  const int repeats = argc > 4 ? std::max(1, std::atoi(argv[4])) : 30;
  std::printf(
      "median of %d runs, ms: command to exit, the worst, the engine's own processes, ours\n",
      repeats);
  for (const auto& candidate : engine::find_engines(options)) {
    options.storage = fs::absolute(argv[2]) / std::string(to_string(candidate.kind)) / "store";
    const auto done = measure_one(options, candidate.kind, repeats);
    if (!done.ok())
      std::printf("%-9s %s\n", std::string(to_string(candidate.kind)).c_str(),
                  done.error().text().c_str());
  }
  return 0;
}
