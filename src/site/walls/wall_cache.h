#pragma once
// The proof of the walls, kept so that not every command takes 2 s to prove them again. A reboot,
// another engine version, policy or cgroup makes it void.

#include <optional>
#include <string>

#include "base/files.h"
#include "engine/engine.h"

namespace medperf::site {

struct WallCacheKey {
  std::string boot_id;  ///< empty: unknown, never cached
  std::string engine;
  std::string policy;
  std::string cgroup;
};

/// /proc/sys/kernel/random/boot_id, or empty.
std::string read_boot_id();
/// The kept report, when it is whole, of this key, and every wall in it stands.
std::optional<engine::WallReport> load_walls(const fs::path& file, const WallCacheKey& key);
Status save_walls(const fs::path& file, const WallCacheKey& key, const engine::WallReport& report);

}  // namespace medperf::site
