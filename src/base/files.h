#pragma once
// Files: read with limits, written whole or not at all, opened without following links.

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace medperf {

namespace fs = std::filesystem;

/// Owns a file descriptor.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int fd) : fd_(fd) {}
  FileHandle(FileHandle&& other) noexcept : fd_(other.release()) {}
  FileHandle& operator=(FileHandle&& other) noexcept;
  ~FileHandle() { close(); }
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void close();

 private:
  int fd_ = -1;
};

/// Reads a whole regular file; follows no final symbolic link. Errors: not_found, too_large,
/// unavailable.
Result<std::string> read_file(const fs::path& path, Bytes limit = mebibytes(64));
/// Opens a regular file for reading; follows no final symbolic link. Errors: not_found,
/// unavailable, refused (a symbolic link), invalid (not a regular file).
Result<FileHandle> open_file(const fs::path& path);
/// Opens a regular file for reading, following no symbolic link in any part of `relative` below
/// `root` (openat2 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS). For what a container wrote.
Result<FileHandle> open_beneath(const fs::path& root, const fs::path& relative);
/// read_file on open_beneath.
Result<std::string> read_file_beneath(const fs::path& root, const fs::path& relative, Bytes limit);
/// Reads an open descriptor from offset 0 to its end.
Result<std::string> read_all(const FileHandle& file, Bytes limit, const std::string& name);

enum class FileMode { kPrivate = 0600, kReadable = 0644 };
/// Writes beside, syncs, renames, syncs the folder: after a crash the file is old or new, never
/// half.
Status write_file_atomically(const fs::path& path, std::string_view content,
                             FileMode mode = FileMode::kPrivate);
/// Makes a folder and its parents with mode 0700 (new ones only).
Status make_private_folder(const fs::path& path);
Status remove_tree(const fs::path& path);
/// Free bytes of the file system holding `path` (for this user).
Result<Bytes> free_space(const fs::path& path);
/// Regular files below a folder, relative paths sorted by bytes; symbolic links are an error
/// (refused).
Result<std::vector<fs::path>> list_files(const fs::path& folder, std::size_t limit = 1'000'000);

/// Holds a lock (flock) on a file while alive; a killed process loses it. The file may be removed
/// by who holds it alone: whoever wants it next makes another.
class FileLock {
 public:
  /// For one holder alone. Errors: busy, when anybody holds it.
  static Result<FileLock> try_acquire(const fs::path& path);
  /// For any number of holders. Errors: busy, when somebody holds it alone.
  static Result<FileLock> try_share(const fs::path& path);
  /// From now on for this holder alone, if nobody else has it. If not, it is lost.
  bool try_alone();
  /// Whether `path` still names the file that is locked.
  bool holds(const fs::path& path) const;
  /// Ends it, for processes too that were given the descriptor.
  void release();
  /// To be given to a process that is to hold it as well.
  int descriptor() const { return file_.get(); }

 private:
  static Result<FileLock> try_lock(const fs::path& path, int operation);
  explicit FileLock(FileHandle file) : file_(std::move(file)) {}
  FileHandle file_;
};

}  // namespace medperf
