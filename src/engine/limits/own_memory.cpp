#include "engine/limits/own_memory.h"

#include <vector>

#include "engine/limits/control_files.h"

namespace medperf::engine {
namespace {

// Version 1 says so where there is no limit: a little less than 2^63.
constexpr std::uint64_t kNoLimit = 1ULL << 62;

struct Hierarchy {
  fs::path root;      ///< of memory's groups; empty: there is none
  fs::path relative;  ///< this process's group below it
  bool unified = false;
};

Hierarchy memory_hierarchy(const CgroupView& view) {
  Hierarchy out;
  out.unified = fs::exists(view.root / "cgroup.controllers");
  if (!out.unified && !fs::exists(view.root / "memory")) return out;
  out.root = out.unified ? view.root : view.root / "memory";
  out.relative = relative_of(own_group(view.self, out.unified ? "" : "memory"));
  // In a container the name may be the host's, while the mount shows the container's own group.
  if (!fs::exists(out.root / out.relative)) out.relative.clear();
  return out;
}

/// The folders of this process's group and of all above it, the hierarchy's root included.
std::vector<fs::path> groups_of(const Hierarchy& hierarchy) {
  std::vector<fs::path> out;
  if (hierarchy.root.empty()) return out;
  fs::path folder = hierarchy.root;
  out.push_back(folder);
  for (const auto& part : hierarchy.relative) out.push_back(folder /= part);
  return out;
}

/// A limit of one group, if it has that.
std::optional<Bytes> limit_of(const fs::path& file) {
  const std::string text = read_small(file);
  if (text.empty() || text == "max") return std::nullopt;
  const std::uint64_t number = to_number(text);
  return number >= kNoLimit ? std::nullopt : std::optional(Bytes{number});
}

std::optional<GroupRoom> room_in(const fs::path& folder, bool unified) {
  auto limit = limit_of(folder / (unified ? "memory.max" : "memory.limit_in_bytes"));
  // Beyond "high" the kernel slows a group down until it hardly moves.
  if (const auto high = unified ? limit_of(folder / "memory.high") : std::nullopt;
      high && (!limit || *high < *limit))
    limit = high;
  if (!limit) return std::nullopt;
  const std::uint64_t used =
      to_number(read_small(folder / (unified ? "memory.current" : "memory.usage_in_bytes")));
  const std::uint64_t droppable = keyed_number(read_small(folder / "memory.stat"),
                                               unified ? "inactive_file" : "total_inactive_file");
  const std::uint64_t kept = used > droppable ? used - droppable : 0;
  return GroupRoom{{limit->value > kept ? limit->value - kept : 0}, *limit, folder};
}

}  // namespace

std::optional<GroupRoom> group_room(const CgroupView& view) {
  const Hierarchy hierarchy = memory_hierarchy(view);
  std::optional<GroupRoom> least;
  for (const auto& folder : groups_of(hierarchy)) {
    auto room = room_in(folder, hierarchy.unified);
    if (room && (!least || room->left < least->left)) least = std::move(room);
  }
  return least;
}

bool group_forbids_swap(const CgroupView& view) {
  const Hierarchy hierarchy = memory_hierarchy(view);
  if (!hierarchy.unified) return false;
  for (const auto& folder : groups_of(hierarchy)) {
    if (read_small(folder / "memory.swap.max") == "0") return true;
  }
  return false;
}

}  // namespace medperf::engine
