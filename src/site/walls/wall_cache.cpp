#include "site/walls/wall_cache.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/files.h"
#include "base/json.h"

namespace medperf::site {
namespace {

constexpr std::string_view kVersion = "medperf/walls/v1";

Json key_json(const WallCacheKey& key) {
  return Json::object({{"boot_id", key.boot_id},
                       {"engine", key.engine},
                       {"policy", key.policy},
                       {"cgroup", key.cgroup}});
}

}  // namespace

std::string read_boot_id() {
  const auto boot = read_file("/proc/sys/kernel/random/boot_id", Bytes{100});
  return boot.ok() ? std::string(trim(*boot)) : std::string();
}

std::optional<engine::WallReport> load_walls(const fs::path& file, const WallCacheKey& key) {
  if (key.boot_id.empty()) return std::nullopt;
  auto text = read_file(file, mebibytes(1));
  if (!text.ok()) return std::nullopt;
  auto document = parse_json(*text);
  if (!document.ok() || document->get_string("medperf") != kVersion) return std::nullopt;
  const Json* stored = document->find("key");
  const Json* walls = document->find("walls");
  if (stored == nullptr || !(*stored == key_json(key))) return std::nullopt;
  if (walls == nullptr || !walls->is_array()) return std::nullopt;
  engine::WallReport report;
  report.engine = key.engine;
  for (const Json& item : walls->items()) {
    engine::Wall wall;
    wall.name = item.get_string("name");
    wall.stands = item.get_bool("stands");
    wall.proof = item.get_string("proof");
    // A wall that did not stand may stand now: prove again.
    if (!wall.stands) return std::nullopt;
    report.walls.push_back(std::move(wall));
  }
  return report;
}

Status save_walls(const fs::path& file, const WallCacheKey& key, const engine::WallReport& report) {
  Json::Array walls;
  for (const engine::Wall& wall : report.walls) {
    walls.push_back(Json::object({{"name", wall.name},
                                  {"stands", wall.stands},
                                  {"proof", wall.proof},
                                  {"reason", wall.reason},
                                  {"advice", wall.advice}}));
  }
  const Json document = Json::object(
      {{"medperf", kVersion}, {"key", key_json(key)}, {"walls", Json(std::move(walls))}});
  return write_file_atomically(file, to_text(document));
}

}  // namespace medperf::site
