#include "engine/choice.h"

#include <array>
#include <utility>

namespace medperf::engine {
namespace {

using Opener = Result<std::unique_ptr<Engine>> (*)(const EngineOptions&);

struct Known {
  EngineKind kind;
  std::string_view name;
  Opener open;
};

// In the order of preference.
constexpr std::array kKnown = {
    Known{EngineKind::kPodman, "podman", open_podman},
    Known{EngineKind::kDocker, "docker", open_docker},
    Known{EngineKind::kApptainer, "apptainer", open_apptainer},
    Known{EngineKind::kBuiltin, "builtin", open_builtin},
};

std::string names() {
  std::string out;
  for (const auto& known : kKnown) out += (out.empty() ? "" : ", ") + std::string(known.name);
  return out;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::in_memory(const MemoryStore& /*store*/) const {
  return make_error(ErrorKind::kRefused, description(),
                    "this engine keeps its images on disk, and cannot be told otherwise",
                    "Use podman or the built-in runner for encrypted containers");
}

std::string_view to_string(EngineKind kind) {
  for (const auto& known : kKnown) {
    if (known.kind == kind) return known.name;
  }
  return "unknown";
}

Result<EngineKind> parse_engine_kind(std::string_view text) {
  for (const auto& known : kKnown) {
    if (known.name == text) return known.kind;
  }
  return make_error(ErrorKind::kInvalid, std::string(text), "there is no such engine",
                    "Known are: " + names());
}

std::vector<Candidate> find_engines(const EngineOptions& options) {
  std::vector<Candidate> out;
  for (const auto& known : kKnown) {
    const auto engine = known.open(options);
    out.push_back(
        {known.kind, engine.ok(), engine.ok() ? (*engine)->description() : engine.error().text()});
  }
  return out;
}

Result<std::unique_ptr<Engine>> open_engine(std::optional<EngineKind> wanted,
                                            const EngineOptions& options) {
  std::string reasons;
  for (const auto& known : kKnown) {
    if (wanted && *wanted != known.kind) continue;
    auto engine = known.open(options);
    if (engine.ok() || wanted) return engine;
    reasons +=
        (reasons.empty() ? "" : "; ") + std::string(known.name) + ": " + engine.error().text();
  }
  return make_error(ErrorKind::kUnavailable, "engine",
                    "no container engine can be used: " + reasons,
                    "Install podman, or bubblewrap for the built-in runner");
}

}  // namespace medperf::engine
