#include "site/dataset/unpack.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "engine/image/tar_stream.h"

namespace medperf::site {
namespace {

Error hostile(const std::string& name, std::string what) {
  return make_error(ErrorKind::kRefused, printable(name, 200), std::move(what),
                    "ask the owner for an archive of plain files and folders");
}

/// The path below the folder, without "." parts.
Result<fs::path> safe_path(const std::string& name) {
  if (name.empty() || name.front() == '/' || name.find('\\') != std::string::npos ||
      name.find('\0') != std::string::npos || name.size() > 1000) {
    return hostile(name, "the archive holds a name that is absolute or strange");
  }
  fs::path out;
  for (std::string_view part : split(name, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return hostile(name, "the archive holds a name that leaves its folder");
    out /= part;
  }
  return out;
}

Error disk_error(const fs::path& path) {
  const int code = errno;
  return make_error(ErrorKind::kUnavailable, path.string(),
                    std::string("the file cannot be written: ") + std::strerror(code),
                    code == ENOSPC ? "free space and run the command again" : "check the disk");
}

Status write_entry(engine::TarReader& reader, const fs::path& target, std::uint64_t& left) {
  FileHandle file(
      ::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) {
    if (errno == EEXIST) return hostile(target.filename().string(), "the archive holds it twice");
    return disk_error(target);
  }
  while (true) {
    MEDPERF_TRY(std::string_view piece, reader.read());
    if (piece.empty()) return {};
    if (piece.size() > left) {
      return make_error(ErrorKind::kTooLarge, target.string(), "the archive unpacks to too much");
    }
    left -= piece.size();
    while (!piece.empty()) {
      const ssize_t written = ::write(file.get(), piece.data(), piece.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return disk_error(target);
      piece.remove_prefix(static_cast<std::size_t>(written));
    }
  }
}

Status unpack_into(const FileHandle& archive, const fs::path& folder, const UnpackLimits& limits) {
  MEDPERF_TRY(engine::TarReader reader, engine::TarReader::open(engine::source_of(archive), true));
  std::uint64_t left = limits.total.value;
  for (std::size_t count = 0;; ++count) {
    MEDPERF_TRY(std::optional<engine::TarEntry> entry, reader.next());
    if (!entry) return {};
    if (count >= limits.entries) {
      return make_error(ErrorKind::kTooLarge, folder.string(),
                        "the archive holds too many entries");
    }
    MEDPERF_TRY(fs::path path, safe_path(entry->path));
    if (entry->kind == engine::EntryKind::kFolder) {
      if (!path.empty()) MEDPERF_CHECK(make_private_folder(folder / path));
      continue;
    }
    if (entry->kind != engine::EntryKind::kFile) {
      return hostile(entry->path, "the archive holds a link or a device");
    }
    if (path.empty()) return hostile(entry->path, "the archive holds a file without a name");
    if (path.filename().string().starts_with("._")) continue;  // left-overs of macOS
    if (entry->size > left) {
      return make_error(ErrorKind::kTooLarge, entry->path, "the archive unpacks to too much");
    }
    if (path.has_parent_path()) MEDPERF_CHECK(make_private_folder(folder / path.parent_path()));
    MEDPERF_CHECK(write_entry(reader, folder / path, left));
  }
}

/// A container of root runs as another user, who must read what it is given. The folder that this
/// lies in is private, and what was unpacked holds no links.
Status let_containers_read(const fs::path& folder) {
  constexpr auto kRead = fs::perms::group_read | fs::perms::others_read;
  constexpr auto kEnter = kRead | fs::perms::group_exec | fs::perms::others_exec;
  std::error_code failure;
  fs::permissions(folder, kEnter, fs::perm_options::add, failure);
  for (fs::recursive_directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const bool inner = entry->is_directory(failure);
    if (!failure) {
      fs::permissions(entry->path(), inner ? kEnter : kRead, fs::perm_options::add, failure);
    }
  }
  return failure ? disk_error(folder) : Status();
}

}  // namespace

Status unpack(const fs::path& archive, const fs::path& folder, const UnpackLimits& limits) {
  FileHandle handle(::open(archive.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!handle.is_open()) {
    return make_error(ErrorKind::kNotFound, archive.string(), "the archive cannot be opened");
  }
  const fs::path beside(folder.string() + ".part");
  MEDPERF_CHECK(remove_tree(beside));
  MEDPERF_CHECK(make_private_folder(beside));
  auto done = unpack_into(handle, beside, limits);
  if (done.ok()) done = let_containers_read(beside);
  if (!done.ok()) {
    auto removed = remove_tree(beside);
    if (!removed.ok()) done.error().cause = removed.error().text();
    return std::move(done).error().at(archive.filename().string());
  }
  if (::rename(beside.c_str(), folder.c_str()) != 0) return disk_error(folder);
  return {};
}

}  // namespace medperf::site
