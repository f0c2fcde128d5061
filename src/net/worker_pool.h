#pragma once
// Threads that run handlers, so that a slow one does not hold up the I/O thread.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace medperf::net {

/// A fixed number of threads that take tasks in order. Thread-safe.
class WorkerPool {
 public:
  using Task = std::function<void()>;
  explicit WorkerPool(int threads);
  ~WorkerPool() { stop(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  void add(Task task);
  /// Waits for the tasks that run; drops those that have not begun.
  void stop();

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable added_;
  std::deque<Task> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace medperf::net
