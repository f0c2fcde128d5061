#pragma once
// Whether what a run takes of memory fits: on the machine, in the control groups of this process,
// in the memory file system, beside what other runs will still take.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/limits/own_memory.h"

namespace medperf::engine {

struct MemoryNeed {
  Bytes process{0};    ///< by this process and what it fills: the decrypted image
  Bytes container{0};  ///< by the container, in a group of its own
};

struct MemoryRoom {
  Bytes machine;                   ///< what can be had without swapping
  std::optional<GroupRoom> group;  ///< of this process
  std::optional<Bytes> folder{};   ///< free in the memory file system; empty: a new one is made
};
/// What there is now. Errors: unavailable.
Result<MemoryRoom> memory_room();
/// The content of /proc/meminfo. Errors: unavailable (it does not say).
Result<Bytes> available_memory(std::string_view meminfo);

/// Why it does not fit, with the figures; empty: it does.
std::string lack_of_memory(const MemoryNeed& need, const MemoryNeed& others,
                           const MemoryRoom& room);

/// Whether the kernel may write this process's memory to swap: the machine has some, and no group
/// forbids it.
bool may_be_swapped();
bool may_be_swapped(std::string_view meminfo, const CgroupView& groups);

/// What a run at `place`, a folder that it holds, says to other runs of this user.
Status write_claim(const fs::path& place, const MemoryNeed& need);
bool has_claim(const fs::path& place);
/// The sum of what other runs have claimed; `places` are theirs.
MemoryNeed sum_of_claims(const std::vector<fs::path>& places);

/// Looks whether it fits and claims it, in one step: the file `turn` is locked until the claim is
/// written, so that of all processes and threads with the same one each sees what the others have
/// got. The file goes with the lock. While nothing but other runs stands in the way it waits for
/// them. Errors: unavailable (it does not fit; another user has made the file; nobody gets a turn),
/// interrupted, those of `room`.
Status claim_memory(const fs::path& place, const fs::path& turn, const MemoryNeed& need,
                    const std::function<std::vector<fs::path>()>& other_places,
                    const std::function<Result<MemoryRoom>()>& room);

}  // namespace medperf::engine
