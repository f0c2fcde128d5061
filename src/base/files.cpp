#include "base/files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "base/encoding.h"
#include "base/linked_files.h"

namespace medperf {
namespace {

std::string name_of(const fs::path& path) {
  return printable(path.native(), 500);
}

/// The error of a failed system call on a file, in words for people.
Error file_error(int code, const std::string& name, const std::string& action) {
  const std::string cause = std::system_category().message(code);
  switch (code) {
    case ENOENT:
    case ENOTDIR:
      return make_error(ErrorKind::kNotFound, name, "There is no such file or folder",
                        "Check the path.", cause);
    case ELOOP:
      return make_error(ErrorKind::kRefused, name,
                        "This is a symbolic link, which is not followed here",
                        "Give the file itself.", cause);
    case EXDEV:
      return make_error(ErrorKind::kRefused, name, "The path leaves its folder",
                        "Give a path below the folder.", cause);
    case ENOSPC:
    case EDQUOT:
      return make_error(ErrorKind::kUnavailable, name, "The disk is full: cannot " + action,
                        "Free some space and run the same command again.", cause);
    case EACCES:
    case EPERM:
    case EROFS:
      return make_error(ErrorKind::kUnavailable, name, "Not permitted to " + action,
                        "Check the owner and the mode of the file and of its folder.", cause);
    case EMFILE:
    case ENFILE:
      return make_error(ErrorKind::kBusy, name, "Too many open files to " + action,
                        "Raise the limit on open files (ulimit -n) or try again later.", cause);
    default:
      return make_error(ErrorKind::kUnavailable, name, "Cannot " + action + ": " + cause,
                        "Check the disk and the file system.", cause);
  }
}

/// Whether this path leads to that open file.
bool names(const fs::path& path, const FileHandle& file) {
  struct stat here {};
  struct stat there {};
  return ::fstat(file.get(), &here) == 0 && ::lstat(path.c_str(), &there) == 0 &&
         here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

Error errno_error(const fs::path& path, const std::string& action) {
  return file_error(errno, name_of(path), action);
}

Error too_large(const std::string& name, Bytes limit) {
  return make_error(ErrorKind::kTooLarge, name,
                    "The file is larger than the limit of " + to_string(limit),
                    "Check that it is the right file.");
}

Status require_regular(const FileHandle& file, const std::string& name) {
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return file_error(errno, name, "look at the file");
  if (S_ISREG(info.st_mode)) return {};
  return make_error(ErrorKind::kInvalid, name, "This is not a regular file",
                    S_ISDIR(info.st_mode) ? "It is a folder: give a file." : "Give a plain file.");
}

Result<std::string> read_checked(const FileHandle& file, Bytes limit, const std::string& name) {
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return file_error(errno, name, "look at the file");
  const auto size = static_cast<std::uint64_t>(std::max<off_t>(info.st_size, 0));
  if (size > limit.value) return too_large(name, limit);
  std::string content;
  content.resize(size + 1);  // one more, so that a growing file is noticed
  std::size_t used = 0;
  for (;;) {
    if (used == content.size()) content.resize(content.size() * 2);
    const ssize_t count =
        ::pread(file.get(), content.data() + used, content.size() - used, static_cast<off_t>(used));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error(errno, name, "read the file");
    if (count == 0) break;
    used += static_cast<std::size_t>(count);
    if (used > limit.value) return too_large(name, limit);
  }
  content.resize(used);
  return content;
}

Status write_whole(int fd, std::string_view content, const fs::path& path) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error(path, "write the file");
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Status sync_folder(const fs::path& folder) {
  const FileHandle handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle.is_open()) return errno_error(folder, "open the folder");
  if (::fsync(handle.get()) != 0) return errno_error(folder, "sync the folder");
  return {};
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = other.release();
  }
  return *this;
}

void FileHandle::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<FileHandle> open_file(const fs::path& path) {
  // O_NONBLOCK, so that opening a named pipe does not wait for a writer.
  FileHandle file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) return errno_error(path, "open the file");
  MEDPERF_CHECK(require_regular(file, name_of(path)));
  return file;
}

Result<std::string> read_file(const fs::path& path, Bytes limit) {
  MEDPERF_TRY(const FileHandle file, open_file(path));
  return read_checked(file, limit, name_of(path));
}

Result<FileHandle> open_beneath(const fs::path& root, const fs::path& relative) {
  const FileHandle folder(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) return errno_error(root, "open the folder");
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  long fd = -1;
  do {
    fd = ::syscall(SYS_openat2, folder.get(), relative.c_str(), &how, sizeof(how));
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  if (fd < 0 && errno == ENOSYS) {
    return make_error(ErrorKind::kUnavailable, name_of(relative),
                      "This kernel has no openat2, which keeps paths inside their folder",
                      "Use Linux 5.6 or newer.");
  }
  FileHandle file(static_cast<int>(fd));
  if (!file.is_open()) return errno_error(relative, "open the file");
  MEDPERF_CHECK(require_regular(file, name_of(relative)));
  return file;
}

Result<std::string> read_file_beneath(const fs::path& root, const fs::path& relative, Bytes limit) {
  MEDPERF_TRY(const FileHandle file, open_beneath(root, relative));
  return read_checked(file, limit, name_of(relative));
}

Result<std::string> read_all(const FileHandle& file, Bytes limit, const std::string& name) {
  return read_checked(file, limit, name);
}

Status write_file_atomically(const fs::path& path, std::string_view content, FileMode mode) {
  std::string pattern = path.native() + ".XXXXXX.part";
  FileHandle file(::mkostemps(pattern.data(), 5, O_CLOEXEC));  // made with mode 0600
  if (!file.is_open()) return errno_error(path, "create a file in this folder");
  auto abandon = [&](Error error) {
    ::unlink(pattern.c_str());
    return error;
  };
  if (Status written = write_whole(file.get(), content, path); !written.ok())
    return abandon(std::move(written).error());
  if (::fchmod(file.get(), static_cast<mode_t>(mode)) != 0)
    return abandon(errno_error(path, "set the mode of the file"));
  if (::fsync(file.get()) != 0) return abandon(errno_error(path, "sync the file"));
  if (::rename(pattern.c_str(), path.c_str()) != 0)
    return abandon(errno_error(path, "put the file in place"));
  return sync_folder(folder_of(path));
}

Status make_private_folder(const fs::path& path) {
  std::error_code ignored;
  if (path.empty() || fs::is_directory(path, ignored)) return {};
  const fs::path parent = path.parent_path();
  if (!parent.empty() && parent != path) MEDPERF_CHECK(make_private_folder(parent));
  if (::mkdir(path.c_str(), 0700) == 0) return {};
  const int code = errno;
  if (code == EEXIST && fs::is_directory(path, ignored)) return {};
  if (code == EEXIST) {
    return make_error(ErrorKind::kConflict, name_of(path), "There is a file where a folder must be",
                      "Move the file away.");
  }
  return file_error(code, name_of(path), "make the folder");
}

Status remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return file_error(error.value(), name_of(path), "remove the folder");
  return {};
}

Result<Bytes> free_space(const fs::path& path) {
  struct statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0) return errno_error(path, "ask for the free space");
  return Bytes{static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize};
}

namespace {

/// Whether an entry is a file to list (true) or a folder to go into (false); an error for any
/// other.
Result<bool> is_listed(const fs::directory_entry& entry, Links links) {
  std::error_code error;
  const fs::file_status status = entry.symlink_status(error);
  if (error) return file_error(error.value(), name_of(entry.path()), "look at");
  const bool link = fs::is_symlink(status);
  std::error_code nowhere;  // a link to what is not there is listed: reading it says so
  const bool to_folder = link && links == Links::kFollow && entry.is_directory(nowhere);
  if (fs::is_directory(status)) return false;
  if (fs::is_regular_file(status) || (link && links == Links::kFollow && !to_folder)) return true;
  std::string what = "This is neither a regular file nor a folder";
  if (link) what = "This is a symbolic link, which is not followed";
  if (to_folder) what = "This is a symbolic link to a folder, which is not followed";
  return make_error(ErrorKind::kRefused, name_of(entry.path()), what,
                    "Put a plain file in its place or remove it.");
}

}  // namespace

Result<std::vector<fs::path>> list_files(const fs::path& folder, std::size_t limit) {
  return list_files(folder, Links::kRefuse, limit);
}

Result<std::vector<fs::path>> list_files(const fs::path& folder, Links links, std::size_t limit) {
  std::error_code error;
  std::vector<fs::path> files;
  std::size_t entries = 0;
  const fs::recursive_directory_iterator end;
  for (fs::recursive_directory_iterator at(folder, error); !error && at != end;
       at.increment(error)) {
    if (++entries > limit) {
      return make_error(ErrorKind::kTooLarge, name_of(folder),
                        "The folder holds more than " + std::to_string(limit) + " entries",
                        "Check that it is the right folder.");
    }
    MEDPERF_TRY(const bool listed, is_listed(*at, links));
    if (listed) files.push_back(at->path().lexically_relative(folder));
  }
  if (error) return file_error(error.value(), name_of(folder), "list the folder");
  std::sort(files.begin(), files.end(),
            [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
  return files;
}

Result<FileLock> FileLock::try_acquire(const fs::path& path) {
  return try_lock(path, LOCK_EX);
}

Result<FileLock> FileLock::try_share(const fs::path& path) {
  return try_lock(path, LOCK_SH);
}

// Who held it alone may have removed the file while this one opened it: a lock on a file without a
// name keeps nobody out.
Result<FileLock> FileLock::try_lock(const fs::path& path, int operation) {
  for (;;) {
    FileHandle file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.is_open()) return errno_error(path, "open the lock file");
    while (::flock(file.get(), operation | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno != EWOULDBLOCK) return errno_error(path, "lock the file");
      return make_error(ErrorKind::kBusy, name_of(path), "Another process is using this",
                        "Wait until it has ended, or stop it.");
    }
    if (names(path, file)) return FileLock(std::move(file));
  }
}

bool FileLock::holds(const fs::path& path) const {
  return file_.is_open() && names(path, file_);
}

bool FileLock::try_alone() {
  return file_.is_open() && ::flock(file_.get(), LOCK_EX | LOCK_NB) == 0;
}

void FileLock::release() {
  if (file_.is_open()) ::flock(file_.get(), LOCK_UN);
  file_.close();
}

}  // namespace medperf
