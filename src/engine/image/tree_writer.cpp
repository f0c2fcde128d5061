#include "engine/image/tree_writer.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "base/encoding.h"

namespace medperf::engine {
namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::string_view kOwnMarks = ".wh..wh.";  // bookkeeping of an old storage driver
constexpr std::size_t kLongestName = 255;
constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

Error hostile(std::string_view where, std::string what) {
  return make_error(ErrorKind::kInvalid, printable(where, 300), std::move(what),
                    "Treat the image as hostile");
}
Error too_large(std::string_view where, std::string what) {
  return make_error(ErrorKind::kTooLarge, printable(where, 300), std::move(what),
                    "Ask the owner for a smaller image");
}
Error disk_error(std::string_view where, const char* doing, int code) {
  const std::string cause = std::system_category().message(code);
  return make_error(ErrorKind::kUnavailable, printable(where, 300),
                    std::string(doing) + ": " + cause,
                    code == ENOSPC || code == EDQUOT ? "Free space in the engine's storage folder"
                                                     : "Check the disk of the storage folder",
                    cause);
}

std::string joined(const std::string& folder, std::string_view name) {
  return folder.empty() ? std::string(name) : folder + "/" + std::string(name);
}

Status write_all(int file, std::string_view bytes, std::string_view where) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return disk_error(where, "the file cannot be written", errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

// With the mode that it shall have, whatever the umask is.
bool make_folder(int folder, const std::string& name) {
  return ::mkdirat(folder, name.c_str(), 0755) == 0 &&
         ::fchmodat(folder, name.c_str(), 0755, 0) == 0;
}

struct FolderCloser {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

Result<TreeWriter> TreeWriter::open(const fs::path& folder, const TreeLimits& limits) {
  FileHandle root(::open(folder.c_str(), kFolderFlags));
  if (!root.is_open())
    return disk_error(folder.native(), "the folder to unpack into cannot be opened", errno);
  return TreeWriter(std::move(root), limits);
}

void TreeWriter::begin_layer() {
  made_.clear();
  made_bytes_ = 0;
}

// A leading '/' is dropped, as every engine does: below the root it means the same.
Result<TreeWriter::Parts> TreeWriter::parts_of(const TarEntry& entry) const {
  if (entry.path.empty()) return hostile("", "an entry has no name, or one that is no text");
  if (entry.path.size() > limits_.path)
    return too_large(entry.path, "a path is longer than " + std::to_string(limits_.path));
  Parts parts;
  for (const auto part : split(entry.path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return hostile(entry.path, "a name leaves the image's root");
    if (part.size() > kLongestName) return too_large(entry.path, "a name is longer than 255");
    parts.emplace_back(part);
  }
  if (parts.size() > limits_.depth)
    return too_large(entry.path, "it lies deeper than " + std::to_string(limits_.depth));
  return parts;
}

// A folder of the tree, made when it is missing. Something else in its place comes from a layer
// below, where the folder hides it (as it does for engines, which lay layers over each other), or
// from this layer: then the name was meant to lead through a link.
Result<FileHandle> TreeWriter::step_into(int folder, const std::string& name,
                                         const std::string& path, const std::string& where) {
  for (int tries = 0; tries < 2; ++tries) {
    FileHandle inner(::openat(folder, name.c_str(), kFolderFlags));
    if (inner.is_open()) return inner;
    if (errno == ENOTDIR || errno == ELOOP) {
      if (made_.contains(path))
        return hostile(where, "it lies below '" + printable(path, 300) +
                                  "', which is no folder but a link or file of the same layer");
      if (::unlinkat(folder, name.c_str(), 0) != 0) break;
    } else if (errno != ENOENT) {
      break;
    }
    if (!make_folder(folder, name)) break;
  }
  return disk_error(where, "its folder cannot be made", errno);
}

// The descriptor lives until the next call.
Result<int> TreeWriter::folder_of(const Parts& parts, const std::string& where) {
  std::string path;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) path = joined(path, parts[i]);
  if (path.empty()) return root_.get();
  if (last_folder_.is_open() && path == last_path_) return last_folder_.get();
  FileHandle folder;
  std::string at;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    at = joined(at, parts[i]);
    MEDPERF_TRY(FileHandle inner,
                step_into(i == 0 ? root_.get() : folder.get(), parts[i], at, where));
    folder = std::move(inner);
  }
  last_folder_ = std::move(folder);
  last_path_ = path;
  return last_folder_.get();
}

Status TreeWriter::add(const TarEntry& entry, const ByteSource& content) {
  if (++counts_.entries > limits_.entries) {
    return too_large("", "the image has more than " + std::to_string(limits_.entries) + " entries");
  }
  MEDPERF_TRY(const Parts parts, parts_of(entry));
  if (parts.empty()) {
    if (entry.kind == EntryKind::kFolder) return {};  // the root itself
    return hostile(entry.path, "something that is no folder stands in the place of the root");
  }
  MEDPERF_TRY(const int folder, folder_of(parts, entry.path));
  const std::string& name = parts.back();
  const std::string parent = folder == root_.get() ? std::string() : last_path_;
  const std::string path = joined(parent, name);
  if (name.starts_with(kWhiteout)) return white_out(parts, folder, parent);
  if (entry.sparse) return hostile(entry.path, "an entry has holes (sparse file)");
  if (entry.kind == EntryKind::kDevice || entry.kind == EntryKind::kOther) {
    ++counts_.special;
    return {};
  }
  MEDPERF_CHECK(make_way(folder, name, path, entry.kind == EntryKind::kFolder));
  made_bytes_ += path.size();
  if (made_bytes_ > limits_.names.value) return too_large("", "the names of a layer are too long");
  switch (entry.kind) {
    case EntryKind::kFolder:
      MEDPERF_CHECK(add_folder(folder, name, path));
      break;
    case EntryKind::kFile:
      MEDPERF_CHECK(add_file(folder, entry, name, content));
      break;
    case EntryKind::kSymbolicLink:
      MEDPERF_CHECK(add_symbolic_link(folder, entry, name));
      break;
    default:
      MEDPERF_CHECK(add_hard_link(folder, entry, name));
  }
  made_.insert(path);
  return {};
}

Status TreeWriter::white_out(const Parts& parts, int folder, const std::string& parent) {
  const std::string& mark = parts.back();
  if (mark == kOpaque) return remove_children(folder, parent, 0);
  if (mark.starts_with(kOwnMarks)) return {};
  const std::string name = mark.substr(kWhiteout.size());
  if (name.empty() || name == "." || name == "..")
    return hostile(joined(parent, mark), "a mark of removal names no file");
  return remove_lower(folder, name, joined(parent, name), 0);
}

// Removes what a layer below, or an earlier entry of this one, has left in the place.
Status TreeWriter::make_way(int folder, const std::string& name, const std::string& path,
                            bool for_folder) {
  struct stat status {};
  if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return {};
    return disk_error(path, "the tree cannot be read", errno);
  }
  if (S_ISDIR(status.st_mode)) {
    if (for_folder) return {};
    MEDPERF_CHECK(remove_lower(folder, name, path, 0));
    if (::faccessat(folder, name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) return {};
    return hostile(path, "a file stands in the place of a folder of the same layer");
  }
  if (::unlinkat(folder, name.c_str(), 0) != 0)
    return disk_error(path, "an older file cannot be removed", errno);
  return {};
}

Status TreeWriter::add_folder(int folder, const std::string& name, const std::string& path) {
  if (!make_folder(folder, name) && errno != EEXIST)
    return disk_error(path, "a folder cannot be made", errno);
  ++counts_.folders;
  return {};
}

Status TreeWriter::add_file(int folder, const TarEntry& entry, const std::string& name,
                            const ByteSource& content) {
  const mode_t mode = (entry.mode & 0111u) != 0 ? 0755 : 0644;
  const FileHandle file(
      ::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file.is_open()) return disk_error(entry.path, "a file cannot be made", errno);
  while (true) {
    MEDPERF_TRY(const std::string_view piece, content());
    if (piece.empty()) break;
    counts_.bytes += piece.size();
    if (counts_.bytes > limits_.unpacked.value)
      return too_large(entry.path, "the image unpacks to more than " + to_string(limits_.unpacked));
    MEDPERF_CHECK(write_all(file.get(), piece, entry.path));
  }
  ++counts_.files;
  const timespec time{static_cast<time_t>(entry.modified), 0};
  const timespec both[2] = {time, time};
  // Not what the umask left of it; and a time beyond what the disk can keep is no reason to fail.
  (void)!::futimens(file.get(), both);
  if (::fchmod(file.get(), mode) != 0)
    return disk_error(entry.path, "a file's mode cannot be set", errno);
  return {};
}

Status TreeWriter::add_symbolic_link(int folder, const TarEntry& entry, const std::string& name) {
  if (entry.target.empty() || entry.target.size() > limits_.path)
    return hostile(entry.path, "a symbolic link has no target, or one that is too long");
  if (::symlinkat(entry.target.c_str(), folder, name.c_str()) != 0)
    return disk_error(entry.path, "a symbolic link cannot be made", errno);
  ++counts_.links;
  return {};
}

Status TreeWriter::add_hard_link(int folder, const TarEntry& entry, const std::string& name) {
  TarEntry wanted;
  wanted.path = entry.target;
  MEDPERF_TRY(const Parts parts, parts_of(wanted));
  if (parts.empty()) return hostile(entry.path, "a hard link leads to the root");
  FileHandle at(::openat(root_.get(), ".", kFolderFlags));
  for (std::size_t i = 0; at.is_open() && i + 1 < parts.size(); ++i)
    at = FileHandle(::openat(at.get(), parts[i].c_str(), kFolderFlags));
  struct stat status {};
  if (!at.is_open() ||
      ::fstatat(at.get(), parts.back().c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return make_error(ErrorKind::kCorrupt, printable(entry.path, 300),
                      "a hard link leads to nothing: " + printable(entry.target, 300),
                      "Fetch the archive again; if it stays so, tell the owner of the image");
  }
  if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode))
    return hostile(entry.path, "a hard link leads to something that is no file");
  if (::linkat(at.get(), parts.back().c_str(), folder, name.c_str(), 0) != 0)
    return disk_error(entry.path, "a hard link cannot be made", errno);
  ++counts_.links;
  return {};
}

// Removes an entry and all below it, sparing what this layer has made.
Status TreeWriter::remove_lower(int folder, const std::string& name, const std::string& path,
                                std::size_t depth) {
  if (last_folder_.is_open() && (last_path_ == path || last_path_.starts_with(path + "/")))
    last_folder_.close();
  struct stat status {};
  if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return {};
  const bool spared = made_.contains(path);
  if (S_ISDIR(status.st_mode)) {
    const FileHandle inner(::openat(folder, name.c_str(), kFolderFlags));
    if (!inner.is_open()) return disk_error(path, "an older folder cannot be opened", errno);
    MEDPERF_CHECK(remove_children(inner.get(), path, depth + 1));
    if (spared || ::unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOTEMPTY) {
      ++counts_.removed;
      return {};
    }
  } else if (spared || ::unlinkat(folder, name.c_str(), 0) == 0) {
    ++counts_.removed;
    return {};
  }
  return disk_error(path, "an older entry cannot be removed", errno);
}

Status TreeWriter::remove_children(int folder, const std::string& path, std::size_t depth) {
  if (depth > limits_.depth + 1) return too_large(path, "the tree is too deep");
  const int copy = ::openat(folder, ".", kFolderFlags);
  const std::unique_ptr<DIR, FolderCloser> open(copy < 0 ? nullptr : ::fdopendir(copy));
  if (open == nullptr) return disk_error(path, "a folder cannot be read", errno);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  for (const auto& name : names)
    MEDPERF_CHECK(remove_lower(folder, name, joined(path, name), depth));
  return {};
}

}  // namespace medperf::engine
