#pragma once
// A few threads that share out numbered pieces of work, several times in a row.

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace medperf::metrics {

/// The calling thread and threads - 1 more. Which thread does which piece is not fixed: results
/// must not depend on it (write to the piece's own place, or add whole numbers).
class Workers {
 public:
  /// One piece: its number, and the number of the thread that does it (0 .. count() - 1).
  using Piece = std::function<void(std::ptrdiff_t piece, int worker)>;

  /// Below 1 counts as 1. With one, nothing is started and run() is a plain loop.
  explicit Workers(int threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int count() const { return static_cast<int>(threads_.size()) + 1; }

  /// Calls piece(i, worker) for 0 <= i < pieces, lower numbers begun first, and returns when all
  /// are done. An exception of a piece is thrown here, after the others have ended. Not reentrant.
  void run(std::ptrdiff_t pieces, const Piece& piece);

 private:
  void serve(int worker);
  void take(int worker);

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable begin_;
  std::condition_variable end_;
  // All written under mutex_; pieces are large, so that taking one costs nothing beside doing it.
  const Piece* piece_ = nullptr;
  std::ptrdiff_t next_ = 0;
  std::ptrdiff_t pieces_ = 0;
  // These may also be looked at without it.
  std::atomic<int> busy_ = 0;
  std::atomic<std::size_t> round_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<int> caller_;  ///< the processor that run() was called on last
  std::exception_ptr failure_;
};

}  // namespace medperf::metrics
