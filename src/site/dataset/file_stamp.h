#pragma once
// What tells one state of a file from another without reading it.

#include <compare>
#include <cstdint>
#include <optional>

#include "base/files.h"

namespace medperf::site {

/// Every write to a file, and every change of its name or rights, moves its ctime, which no program
/// can set back.
struct FileStamp {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t mtime_ns = 0, ctime_ns = 0;
  auto operator<=>(const FileStamp&) const = default;
  /// Nothing when there is no such regular file. Follows no link.
  static std::optional<FileStamp> of(const fs::path& file);
  /// Of an open file; nothing when it is no regular one.
  static std::optional<FileStamp> of(const FileHandle& file);
};

}  // namespace medperf::site
