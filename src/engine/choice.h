#pragma once
// Which engine runs containers here: found by itself, shown, overridable.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace medperf::engine {

/// One engine and whether it can be used here.
struct Candidate {
  EngineKind kind = EngineKind::kPodman;
  bool usable = false;
  std::string about;  ///< its description, or why it cannot be used
};

/// Reads "podman", "docker", "apptainer", "builtin". Errors: invalid, with the accepted names.
Result<EngineKind> parse_engine_kind(std::string_view text);

/// Every engine in the order of preference: podman, docker, apptainer, builtin.
std::vector<Candidate> find_engines(const EngineOptions& options);

/// Opens the one that is wanted, or the first usable one. Errors: as the opener's; unavailable,
/// with each engine's reason, when there is none.
Result<std::unique_ptr<Engine>> open_engine(std::optional<EngineKind> wanted,
                                            const EngineOptions& options);

}  // namespace medperf::engine
