#include "engine/limits/run_watch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "base/encoding.h"

namespace medperf::engine {
namespace {

constexpr std::size_t kTail = 4096;
constexpr auto kLook = std::chrono::seconds(1);
constexpr auto kAgain = std::chrono::milliseconds(300);

std::uint64_t entry_size(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return 0;
  const auto size = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
  return std::max<std::uint64_t>(size, 4096);
}

}  // namespace

Result<RunLog> RunLog::open(const fs::path& path) {
  if (path.empty()) return RunLog(FileHandle());
  if (!path.parent_path().empty()) MEDPERF_CHECK(make_private_folder(path.parent_path()));
  FileHandle file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.is_open()) return RunLog(std::move(file));
  const std::string cause = std::system_category().message(errno);
  return make_error(ErrorKind::kUnavailable, path.native(),
                    "the run's log cannot be written: " + cause, {}, cause);
}

void RunLog::write(std::string_view piece) {
  tail_ += piece;
  if (tail_.size() > 4 * kTail) tail_.erase(0, tail_.size() - kTail);
  if (!file_.is_open()) return;
  const auto room = kLimit.value - written_;
  const auto part =
      piece.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(room, piece.size())));
  (void)!::write(file_.get(), part.data(), part.size());
  written_ += part.size();
  if (part.size() < piece.size()) {
    constexpr std::string_view kCut = "\n[medperf: the rest of the output was dropped]\n";
    (void)!::write(file_.get(), kCut.data(), kCut.size());
    file_.close();
  }
}

std::string RunLog::tail() const {
  std::string_view text = tail_;
  if (text.size() > kTail) text.remove_prefix(text.size() - kTail);
  std::string out;
  for (const auto line : split(text, '\n')) out += printable(line, kTail) + "\n";
  while (out.ends_with("\n\n") || out == "\n") out.pop_back();
  return out;
}

Bytes size_of(const std::vector<fs::path>& places) {
  std::uint64_t sum = 0;
  for (const auto& place : places) {
    sum += entry_size(place);
    std::error_code error;
    auto entry = fs::recursive_directory_iterator(
        place, fs::directory_options::skip_permission_denied, error);
    for (const fs::recursive_directory_iterator end; !error && entry != end;
         entry.increment(error)) {
      sum += entry_size(entry->path());
    }
  }
  return Bytes{sum};
}

RunWatch::RunWatch(const RunSpec& spec, std::function<void()> stop)
    : limits_(spec.limits), stop_(std::move(stop)) {
  for (const auto& mount : spec.mounts) {
    if (mount.writable) outputs_.push_back(mount.host);
  }
  thread_ = std::thread([this] { watch(); });
}

void RunWatch::finish() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void RunWatch::watch() {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(limits_.wall);
  const Bytes before = size_of(outputs_);
  std::unique_lock lock(mutex_);
  while (!done_) {
    wake_.wait_until(lock, std::min(Clock::now() + kLook, deadline), [this] { return done_; });
    if (done_) return;
    lock.unlock();
    timed_out_ = Clock::now() >= deadline;
    output_exceeded_ = !timed_out_ && size_of(outputs_).value > before.value + limits_.output.value;
    if (timed_out_ || output_exceeded_) break;
    lock.lock();
  }
  // Again and again: a container that is just starting cannot be killed yet.
  while (!done_) {
    if (lock.owns_lock()) lock.unlock();
    stop_();
    lock.lock();
    wake_.wait_for(lock, kAgain, [this] { return done_; });
  }
}

}  // namespace medperf::engine
