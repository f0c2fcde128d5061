#pragma once
// What the control groups that this process is in let it take of memory.

#include <optional>

#include "engine/limits/cgroup.h"

namespace medperf::engine {

struct GroupRoom {
  Bytes left;      ///< before the group's limit; what the kernel can drop at once counts as free
  Bytes limit;     ///< of the group
  fs::path group;  ///< its folder
};

/// The least that this process's group and every group above it leave, version 1 or 2; nothing when
/// none has a limit.
std::optional<GroupRoom> group_room(const CgroupView& view);

/// Whether one of these groups keeps its memory out of swap. Version 2 only: version 1 has no such
/// limit, its memory.memsw bounds the sum of both.
bool group_forbids_swap(const CgroupView& view);

}  // namespace medperf::engine
