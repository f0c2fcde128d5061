#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/encoding.h"
#include "base/log.h"
#include "ledger/ledger.h"
#include "ledger/line.h"

namespace medperf::ledger {
namespace {

// Others hold it for one line each, but a busy disk may take long over each line.
constexpr auto kLockWait = std::chrono::seconds(60);
constexpr auto kLockStep = std::chrono::milliseconds(5);
constexpr off_t kTailStep = 1 << 16;
// Canonical JSON sorts the keys, so every line begins so.
constexpr std::string_view kLineStart = "{\"actor\":";

/// The file of a log, locked against other processes for as long as this lives.
class LockedLog {
 public:
  static Result<LockedLog> open(const fs::path& path) {
    LockedLog log(path);
    const bool existed = ::access(path.c_str(), F_OK) == 0;
    log.file_ = FileHandle(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!log.file_.is_open()) return log.failed("open the log");
    MEDPERF_CHECK(log.lock());
    if (!existed) MEDPERF_CHECK(log.sync_folder());
    return log;
  }

  /// Finds the last whole line, and cuts off one behind it that a crash left unfinished.
  Result<Position> last_position() {
    MEDPERF_TRY(const auto size, file_size());
    MEDPERF_TRY(const auto tail, read_tail(size));
    const auto end = tail.rfind('\n');
    const std::string_view torn =
        end == std::string::npos ? std::string_view(tail) : std::string_view(tail).substr(end + 1);
    // A file that is no log at all must not lose its end.
    const bool is_start_of_line = torn.substr(0, kLineStart.size()) ==
                                  kLineStart.substr(0, std::min(torn.size(), kLineStart.size()));
    if (!is_start_of_line || torn.size() > kLineLimit.value)
      return damaged("it is not the beginning of a log line");
    Position position;
    if (end != std::string::npos) {
      const std::string_view whole = std::string_view(tail).substr(0, end);
      const auto start = whole.rfind('\n');
      auto found = read_position(start == std::string::npos ? whole : whole.substr(start + 1));
      if (!found.ok()) return damaged(found.error().what);
      position = std::move(*found);
    }
    if (!torn.empty()) {
      MEDPERF_CHECK(cut(size - static_cast<off_t>(torn.size())));
      log::warning("log-torn-line-cut", {{"file", name_}, {"bytes", torn.size()}});
    }
    return position;
  }

  Status append(const std::string& text) {
    MEDPERF_TRY(const auto before, file_size());
    // One call, so that a killed process leaves the whole line or none of it.
    const std::string line = text + "\n";
    ssize_t count = 0;
    do {
      count = ::write(file_.get(), line.data(), line.size());
    } while (count < 0 && errno == EINTR);
    if (count == static_cast<ssize_t>(line.size()) && ::fdatasync(file_.get()) == 0) return {};
    if (count >= 0 && count < static_cast<ssize_t>(line.size())) errno = ENOSPC;
    Error error = failed("write to the log");
    MEDPERF_CHECK(cut(before));
    return error;
  }

 private:
  explicit LockedLog(const fs::path& path)
      : folder_(path.has_parent_path() ? path.parent_path() : fs::path(".")),
        name_(printable(path.native(), 500)) {}

  Error damaged(const std::string& problem) const {
    return make_error(ErrorKind::kCorrupt, name_, "The last line of the log is damaged: " + problem,
                      "Nothing more is written to it. Run: medperf audit verify");
  }

  Error failed(const std::string& action) const {
    const int code = errno;
    const std::string cause = std::system_category().message(code);
    if (code == ENOENT) {
      return make_error(ErrorKind::kNotFound, name_, "Cannot " + action + ": no such folder",
                        "Make the folder first.", cause);
    }
    const std::string advice = code == ENOSPC || code == EDQUOT
                                   ? "The disk is full: free some space and try again."
                                   : "Check the file, its owner and the disk.";
    return make_error(ErrorKind::kUnavailable, name_, "Cannot " + action + ": " + cause, advice,
                      cause);
  }

  Status lock() {
    const auto give_up = std::chrono::steady_clock::now() + kLockWait;
    while (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) return failed("lock the log");
      if (std::chrono::steady_clock::now() > give_up) {
        return make_error(ErrorKind::kBusy, name_, "Another process keeps the log locked",
                          "Wait until it has ended, or stop it.");
      }
      std::this_thread::sleep_for(kLockStep);
    }
    return {};
  }

  Status sync_folder() const {
    const FileHandle folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.is_open() || ::fsync(folder.get()) != 0) return failed("sync the log's folder");
    return {};
  }

  Result<off_t> file_size() const {
    struct stat info {};
    if (::fstat(file_.get(), &info) != 0) return failed("look at the log");
    return info.st_size;
  }

  Status cut(off_t size) const {
    if (::ftruncate(file_.get(), size) != 0) return failed("cut off an unfinished line of the log");
    return {};
  }

  /// The end of the file from the line break before its last whole line on, or all of it.
  Result<std::string> read_tail(off_t size) const {
    const auto most = static_cast<off_t>(2 * kLineLimit.value + 2);
    for (off_t length = std::min(size, kTailStep);; length = std::min({size, length * 4, most})) {
      std::string tail(static_cast<std::size_t>(length), '\0');
      for (std::size_t used = 0; used < tail.size();) {
        const ssize_t count = ::pread(file_.get(), tail.data() + used, tail.size() - used,
                                      size - length + static_cast<off_t>(used));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return failed("read the log");
        used += static_cast<std::size_t>(count);
      }
      const bool whole = std::count(tail.begin(), tail.end(), '\n') >= 2 || length == size;
      if (whole || length == most) return tail;
    }
  }

  fs::path folder_;
  std::string name_;
  FileHandle file_;
};

class FileLedgerOnDisk : public FileLedger {
 public:
  FileLedgerOnDisk(fs::path path, const Clock& clock) : path_(std::move(path)), clock_(clock) {}

  Status append(const Entry& entry) override {
    const std::lock_guard guard(mutex_);
    // Locked, and its end read again, for each line: several processes may take turns.
    MEDPERF_TRY(auto log, LockedLog::open(path_));
    MEDPERF_TRY(const auto last, log.last_position());
    MEDPERF_TRY(const auto line, make_line(last, entry, clock_.now()));
    return log.append(line.text);
  }

 private:
  fs::path path_;
  const Clock& clock_;
  std::mutex mutex_;
};

/// Takes the file in pieces and checks each line as it is complete.
class Checker {
 public:
  explicit Checker(Verification& found) : found_(found) {}

  /// False once a bad line was found.
  bool take(std::string_view piece) {
    while (!piece.empty()) {
      const auto end = piece.find('\n');
      rest_ += piece.substr(0, end);
      if (rest_.size() > kLineLimit.value) return bad("it is too long to be a log line");
      if (end == std::string_view::npos) return true;
      piece.remove_prefix(end + 1);
      auto position = check_line(rest_, last_);
      if (!position.ok()) return bad(position.error().what);
      last_ = std::move(*position);
      found_.lines = last_.n;
      found_.head = last_.hash;
      rest_.clear();
    }
    return true;
  }

  void end() {
    if (!rest_.empty() && found_.first_bad_line == 0)
      bad("it is unfinished: the last write was cut short");
  }

 private:
  bool bad(std::string problem) {
    found_.first_bad_line = last_.n + 1;
    found_.problem = std::move(problem);
    return false;
  }

  Verification& found_;
  Position last_;
  std::string rest_;
};

}  // namespace

Result<std::unique_ptr<FileLedger>> FileLedger::open(const fs::path& file, const Clock& clock) {
  // The end is looked at now, so that a damaged log is known before work begins.
  MEDPERF_TRY(auto log, LockedLog::open(file));
  MEDPERF_CHECK(log.last_position());
  return std::unique_ptr<FileLedger>(std::make_unique<FileLedgerOnDisk>(file, clock));
}

Result<Verification> verify_file(const fs::path& path) {
  MEDPERF_TRY(const FileHandle file, open_file(path));
  Verification found;
  found.head = Position{}.hash;
  Checker checker(found);
  std::vector<char> buffer(std::size_t{1} << 18);
  off_t offset = 0;
  for (;;) {
    const ssize_t count = ::pread(file.get(), buffer.data(), buffer.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const std::string cause = std::system_category().message(errno);
      return make_error(ErrorKind::kUnavailable, printable(path.native(), 500),
                        "Cannot read the log: " + cause, "Check the disk.", cause);
    }
    if (count == 0) break;
    if (!checker.take({buffer.data(), static_cast<std::size_t>(count)})) return found;
    offset += count;
  }
  checker.end();
  return found;
}

}  // namespace medperf::ledger
