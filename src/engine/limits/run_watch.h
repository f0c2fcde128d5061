#pragma once
// What stands beside a running container: the writer of its log, and the watch over its time and
// disk.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/files.h"
#include "base/ids.h"
#include "engine/run_spec.h"

namespace medperf::engine {

/// Writes a container's output as it comes, up to a limit; keeps the last 4 KiB. One thread.
class RunLog {
 public:
  static constexpr Bytes kLimit = mebibytes(16);
  /// An empty path writes nothing.
  static Result<RunLog> open(const fs::path& path);
  void write(std::string_view piece);
  /// The last 4 KiB, safe for a terminal, lines kept.
  std::string tail() const;

 private:
  explicit RunLog(FileHandle file) : file_(std::move(file)) {}
  FileHandle file_;
  std::uint64_t written_ = 0;
  std::string tail_;
};

/// Bytes below the folders (or files), following no links; each entry counts at least 4 KiB, so
/// that a flood of empty files is seen too.
Bytes size_of(const std::vector<fs::path>& places);

/// A thread that calls `stop`, until finish(), once the wall time is over or too much was written.
class RunWatch {
 public:
  RunWatch(const RunSpec& spec, std::function<void()> stop);
  ~RunWatch() { finish(); }
  RunWatch(const RunWatch&) = delete;
  RunWatch& operator=(const RunWatch&) = delete;
  void finish();
  bool timed_out() const { return timed_out_; }
  bool output_exceeded() const { return output_exceeded_; }

 private:
  void watch();

  Limits limits_;
  std::vector<fs::path> outputs_;
  std::function<void()> stop_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  bool timed_out_ = false;
  bool output_exceeded_ = false;
  std::thread thread_;
};

}  // namespace medperf::engine
