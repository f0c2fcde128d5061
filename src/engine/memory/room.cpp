#include "engine/memory/room.h"

#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/log.h"
#include "base/process.h"
#include "engine/limits/control_files.h"

namespace medperf::engine {
namespace {

// A machine that is left with less begins to end processes; a group, to drop what it needs again.
constexpr Bytes kSpare = mebibytes(256);
constexpr Bytes kGroupSpare = mebibytes(32);
constexpr const char* kClaim = "claim";
constexpr std::chrono::milliseconds kLookAgain{200};
// A turn takes milliseconds.
constexpr std::chrono::milliseconds kTurnAgain{2};
constexpr std::chrono::seconds kTurnPatience{60};

Result<std::uint64_t> memory_line(std::string_view meminfo, std::string_view label) {
  for (const std::string_view line : split(meminfo, '\n')) {
    if (!line.starts_with(label)) continue;
    std::uint64_t kibibytes = 0;
    const std::string_view rest = trim(line.substr(label.size()));
    const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), kibibytes);
    if (read.ec == std::errc()) return kibibytes << 10;
  }
  return make_error(ErrorKind::kUnavailable, "/proc/meminfo", "it does not say how much is free");
}

CgroupView own_view() {
  return {"/sys/fs/cgroup", read_small("/proc/self/cgroup"), ::geteuid() == 0};
}

Error stopped() {
  return make_error(ErrorKind::kInterrupted, "memory", "waiting for memory was stopped on request");
}

/// The one that asks for memory now.
class Turn {
 public:
  static Result<Turn> take(const fs::path& file) {
    const auto end = std::chrono::steady_clock::now() + kTurnPatience;
    for (;;) {
      auto lock = FileLock::try_acquire(file);
      if (lock.ok() && owner_of(file) == ::geteuid()) return Turn(file, std::move(*lock));
      if (lock.ok() || lock.error().kind != ErrorKind::kBusy) return cannot_be_had(file);
      if (stop_requested()) return stopped();
      if (std::chrono::steady_clock::now() >= end) return cannot_be_had(file);
      std::this_thread::sleep_for(kTurnAgain);
    }
  }
  Turn(Turn&&) noexcept = default;
  Turn& operator=(Turn&&) = delete;
  ~Turn() {
    std::error_code ignored;
    if (lock_.holds(file_)) fs::remove(file_, ignored);
    lock_.release();
  }

 private:
  Turn(fs::path file, FileLock lock) : file_(std::move(file)), lock_(std::move(lock)) {}
  static std::optional<uid_t> owner_of(const fs::path& file) {
    struct stat status {};
    if (::lstat(file.c_str(), &status) != 0) return std::nullopt;
    return status.st_uid;
  }
  static Error cannot_be_had(const fs::path& file) {
    return make_error(ErrorKind::kUnavailable, file.native(),
                      "memory cannot be asked for: another process keeps this file, or another "
                      "user has made it",
                      "Look who has it open (fuser), or let root remove it");
  }

  fs::path file_;
  FileLock lock_;
};

std::string text_of(std::uint64_t bytes) {
  return to_string(Bytes{bytes});
}

}  // namespace

Result<Bytes> available_memory(std::string_view meminfo) {
  MEDPERF_TRY(const std::uint64_t bytes, memory_line(meminfo, "MemAvailable:"));
  return Bytes{bytes};
}

Result<MemoryRoom> memory_room() {
  MEDPERF_TRY(const auto text, read_file("/proc/meminfo", mebibytes(1)));
  MEDPERF_TRY(const Bytes machine, available_memory(text));
  return MemoryRoom{machine, group_room(own_view())};
}

std::string lack_of_memory(const MemoryNeed& need, const MemoryNeed& others,
                           const MemoryRoom& room) {
  const std::uint64_t image = need.process.value, all = image + need.container.value;
  const std::uint64_t claimed = others.process.value + others.container.value;
  const std::string beside =
      claimed > 0 ? ", and other runs will still take " + text_of(claimed) : std::string();
  if (room.machine.value < all + claimed + kSpare.value) {
    return fmt::format(
        "the decrypted image lies in memory only and needs {} with its container, this machine has "
        "{} to spare of which {} stay free{}",
        text_of(all), to_string(room.machine), to_string(kSpare), beside);
  }
  // What containers use counts in groups of their own.
  if (room.group && room.group->left.value < image + others.process.value + kGroupSpare.value) {
    return fmt::format(
        "the decrypted image lies in memory only and needs {}, the control group {} of this "
        "command has {} left of its {} of which {} stay free{}",
        text_of(image), room.group->group.native(), to_string(room.group->left),
        to_string(room.group->limit), to_string(kGroupSpare), beside);
  }
  if (room.folder && room.folder->value < image + others.process.value) {
    return fmt::format("this memory file system has {} free, the decrypted image needs {}{}",
                       to_string(*room.folder), text_of(image), beside);
  }
  return {};
}

bool may_be_swapped() {
  const auto text = read_file("/proc/meminfo", mebibytes(1));
  return may_be_swapped(text.ok() ? *text : std::string(), own_view());
}

bool may_be_swapped(std::string_view meminfo, const CgroupView& groups) {
  const auto total = memory_line(meminfo, "SwapTotal:");
  return (!total.ok() || *total > 0) && !group_forbids_swap(groups);
}

Status write_claim(const fs::path& place, const MemoryNeed& need) {
  return write_file_atomically(place / kClaim,
                               fmt::format("{} {}\n", need.process.value, need.container.value));
}

bool has_claim(const fs::path& place) {
  std::error_code ignored;
  return fs::exists(place / kClaim, ignored);
}

MemoryNeed sum_of_claims(const std::vector<fs::path>& places) {
  MemoryNeed sum;
  for (const auto& place : places) {
    const std::string text = read_small(place / kClaim);
    const auto words = split(text, ' ');
    if (words.size() != 2) continue;
    sum.process.value += to_number(words[0]);
    sum.container.value += to_number(words[1]);
  }
  return sum;
}

Status claim_memory(const fs::path& place, const fs::path& turn, const MemoryNeed& need,
                    const std::function<std::vector<fs::path>()>& other_places,
                    const std::function<Result<MemoryRoom>()>& room) {
  for (bool told = false;; told = true) {
    {
      MEDPERF_TRY(const Turn mine, Turn::take(turn));
      MEDPERF_TRY(const MemoryRoom there, room());
      const std::string lack = lack_of_memory(need, sum_of_claims(other_places()), there);
      if (lack.empty()) return write_claim(place, need);
      if (const std::string alone = lack_of_memory(need, {}, there); !alone.empty()) {
        return make_error(ErrorKind::kUnavailable, "memory", alone,
                          "End other programs, or run it on a machine, or in a group, with more "
                          "memory");
      }
      if (!told) log::info("engine.waits_for_memory", {{"reason", lack}});
    }
    if (stop_requested()) return stopped();
    std::this_thread::sleep_for(kLookAgain);
  }
}

}  // namespace medperf::engine
