// What one run takes on one engine: from the command to the exit of a static program that does
// nothing, beside the same engine's bare command line with the same words, in turns.
//   bench_engines KIND PROBE FOLDER [CGROUP] [REPEATS]
// Prints one JSON object. `bare` is, for the built-in runner, bubblewrap with the same namespaces
// and mounts and nothing else of ours: no filter, Landlock, limits, log, guard.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>

#include "engine/builtin/launch.h"
#include "engine/builtin/store.h"
#include "engine/choice.h"
#include "engine/docker/run.h"
#include "engine/podman/run.h"
#include "engine/probe/probe_image.h"

namespace {

using namespace medperf;
using Clock = std::chrono::steady_clock;

/// The bare command of a run, and what it starts in.
struct Bare {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;
};
using BareOf = std::function<Bare(const engine::RunSpec&)>;

Result<BareOf> bare_podman(const engine::EngineOptions& options) {
  MEDPERF_TRY(auto opened, engine::set_up_podman(options));
  // Shared: it holds the folder of what runs as long as it lives.
  const auto setup = std::make_shared<const engine::PodmanSetup>(std::move(opened));
  return BareOf([setup](const engine::RunSpec& spec) {
    Bare bare{setup->command({}), setup->environment};
    const std::string parent = "/" + setup->place.relative.native();
    for (auto& word : engine::run_arguments(spec, *setup, parent)) bare.argv.push_back(word);
    return bare;
  });
}

Result<BareOf> bare_docker(const engine::EngineOptions& options) {
  MEDPERF_TRY(auto setup, engine::set_up_docker(options));
  return BareOf([setup = std::move(setup)](const engine::RunSpec& spec) {
    Bare bare{{"docker"}, setup.environment};
    for (auto& word : engine::docker_arguments(spec, setup, {}, "")) bare.argv.push_back(word);
    // Ours keeps a container for a moment to read how it ended, and removes it: so does this.
    bare.argv.insert(bare.argv.begin() + 2, "--rm");
    return bare;
  });
}

/// bubblewrap's own words of launch_arguments, up to the filter; then the program.
BareOf bare_bubblewrap(const engine::EngineOptions& options) {
  return [options](const engine::RunSpec& spec) {
    engine::Launch launch;
    launch.probe = options.probe_program;
    launch.bubblewrap = "/usr/bin/bwrap";
    launch.root = engine::RootStore(options.storage / "builtin").root_of(spec.image);
    engine::find_masked(launch);
    Bare bare;
    bool inside = false;
    for (auto& word : engine::launch_arguments(launch)) {
      if (word == "--seccomp") break;
      inside = inside || word == launch.bubblewrap.native();
      if (inside) bare.argv.push_back(std::move(word));
    }
    bare.argv.insert(bare.argv.end(), {"--", "/dev/medperf-probe", "exit", "0"});
    return bare;
  };
}

struct Times {
  std::vector<double> ours, bare, engine;  // milliseconds
};

engine::RunSpec spec_of(const ImageId& image, const std::string& name) {
  engine::RunSpec spec;
  spec.image = image;
  spec.command = {"exit", "0"};
  spec.lease = "bench";
  spec.name = "bench-" + std::to_string(::getpid()) + "-" + name;
  return spec;
}

Result<double> run_bare(const Bare& bare) {
  Command command;
  command.argv = bare.argv;
  command.environment = bare.environment;
  command.working_folder = "/";
  const auto begin = Clock::now();
  MEDPERF_TRY(const auto outcome, run_process(command));
  const std::chrono::duration<double, std::milli> taken = Clock::now() - begin;
  if (outcome.success()) return taken.count();
  return make_error(ErrorKind::kUnavailable, bare.argv.front(),
                    "the bare command failed: " + outcome.errors);
}

Result<Times> measure(engine::Engine& engine, const BareOf& bare, const ImageId& image,
                      int repeats) {
  constexpr int kWarmUp = 2;
  Times times;
  for (int i = 0; i < repeats + kWarmUp; ++i) {
    // Each goes first every other time: what one leaves to be tidied up slows the next.
    const bool ours_first = i % 2 == 0;
    double alone = 0;
    const auto measure_bare = [&]() -> Status {
      MEDPERF_TRY(alone, run_bare(bare(spec_of(image, fmt::format("bare-{}", i)))));
      return {};
    };
    if (!ours_first) MEDPERF_CHECK(measure_bare());
    const auto begin = Clock::now();
    MEDPERF_TRY(const auto outcome, engine.run(spec_of(image, std::to_string(i))));
    const std::chrono::duration<double, std::milli> taken = Clock::now() - begin;
    if (outcome.end != engine::RunEnd::kSuccess)
      return make_error(ErrorKind::kUnavailable, "run", outcome.reason, {}, outcome.log_tail);
    if (ours_first) MEDPERF_CHECK(measure_bare());
    if (i < kWarmUp) continue;
    times.ours.push_back(taken.count());
    times.bare.push_back(alone);
    times.engine.push_back(1e3 * outcome.wall.count());
  }
  return times;
}

Result<Times> measure_one(const engine::EngineOptions& options, engine::EngineKind kind,
                          int repeats, std::string& about) {
  MEDPERF_TRY(const auto engine, engine::open_engine(kind, options));
  about = engine->description();
  MEDPERF_TRY(const auto program, read_file(options.probe_program));
  const auto built = engine::build_image("medperf-probe", program);
  const fs::path archive = options.storage.parent_path() / "probe.tar";
  MEDPERF_CHECK(write_file_atomically(archive, built.archive));
  MEDPERF_CHECK(engine->load(archive, built.image));
  BareOf bare = bare_bubblewrap(options);
  if (kind == engine::EngineKind::kPodman) {
    MEDPERF_TRY(bare, bare_podman(options));
  } else if (kind == engine::EngineKind::kDocker) {
    MEDPERF_TRY(bare, bare_docker(options));
  }
  auto times = measure(*engine, bare, built.image, repeats);
  (void)engine->remove_image(built.image).ok();
  return times;
}

Json numbers(const std::vector<double>& values) {
  Json::Array out(values.begin(), values.end());
  return Json(std::move(out));
}

}  // namespace

int main(int argc, char** argv) {
  const auto kind = engine::parse_engine_kind(argc > 1 ? argv[1] : "");
  if (argc < 4 || !kind.ok() || *kind == engine::EngineKind::kApptainer) {
    std::fputs("usage: bench_engines podman|docker|builtin PROBE FOLDER [CGROUP] [REPEATS]\n",
               stderr);
    return 2;
  }
  engine::EngineOptions options;
  options.probe_program = fs::absolute(argv[2]);
  options.storage = fs::absolute(argv[3]) / argv[1] / "store";
  options.cgroup_root = argc > 4 ? argv[4] : "";
  if (const char* host = std::getenv("DOCKER_HOST"); host != nullptr)
    options.environment["DOCKER_HOST"] = host;
  const int repeats = argc > 5 ? std::max(1, std::atoi(argv[5])) : 30;
  std::string about;
  const auto times = measure_one(options, *kind, repeats, about);
  if (!times.ok()) {
    std::fprintf(stderr, "%s: %s\n", argv[1], times.error().text().c_str());
    return 1;
  }
  std::puts(to_text(Json::object({{"about", about},
                                  {"ours", numbers(times->ours)},
                                  {"bare", numbers(times->bare)},
                                  {"engine", numbers(times->engine)}}))
                .c_str());
  return 0;
}
