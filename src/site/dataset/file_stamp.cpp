#include "site/dataset/file_stamp.h"

#include <sys/stat.h>

namespace medperf::site {
namespace {

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

std::optional<FileStamp> stamp_of(const struct stat& info) {
  if (!S_ISREG(info.st_mode)) return std::nullopt;
  return FileStamp{info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size),
                   nanoseconds(info.st_mtim), nanoseconds(info.st_ctim)};
}

}  // namespace

std::optional<FileStamp> FileStamp::of(const fs::path& file) {
  struct stat info {};
  if (::lstat(file.c_str(), &info) != 0) return std::nullopt;
  return stamp_of(info);
}

std::optional<FileStamp> FileStamp::of(const FileHandle& file) {
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return std::nullopt;
  return stamp_of(info);
}

}  // namespace medperf::site
