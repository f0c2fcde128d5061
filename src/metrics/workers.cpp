#include "metrics/workers.h"

#include <exception>
#include <utility>

namespace medperf::metrics {
namespace {

/// Looks for a while before it sleeps: rounds of a pair follow each other within microseconds, and
/// to be woken takes longer than many a round, on virtual machines above all. Others who want to
/// run go first.
template <typename Condition>
void look_for(Condition condition) {
  constexpr int kLooks = 200;  // some 0.1 ms
  for (int i = 0; i < kLooks && !condition(); ++i) std::this_thread::yield();
}

}  // namespace

Workers::Workers(int threads) {
  for (int i = 1; i < threads; ++i) threads_.emplace_back([this, i] { serve(i); });
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  begin_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Workers::run(std::ptrdiff_t pieces, const Piece& piece) {
  if (threads_.empty() || pieces < 2) {
    for (std::ptrdiff_t i = 0; i < pieces; ++i) piece(i, 0);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    piece_ = &piece;
    next_ = 0;
    pieces_ = pieces;
    busy_ = static_cast<int>(threads_.size());
    ++round_;
  }
  begin_.notify_all();
  take(0);
  look_for([this] { return busy_ == 0; });
  std::unique_lock lock(mutex_);
  end_.wait(lock, [this] { return busy_ == 0; });
  piece_ = nullptr;
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void Workers::serve(int worker) {
  std::size_t seen = 0;
  while (true) {
    look_for([&] { return stop_ || round_ != seen; });
    {
      std::unique_lock lock(mutex_);
      begin_.wait(lock, [&] { return stop_ || round_ != seen; });
      if (stop_) return;
      seen = round_;
    }
    take(worker);
    const std::lock_guard lock(mutex_);
    if (--busy_ == 0) end_.notify_one();
  }
}

void Workers::take(int worker) {
  std::unique_lock lock(mutex_);
  while (next_ < pieces_) {
    const std::ptrdiff_t mine = next_++;
    const Piece& piece = *piece_;
    lock.unlock();
    try {
      piece(mine, worker);
      lock.lock();
    } catch (...) {
      lock.lock();
      if (!failure_) failure_ = std::current_exception();
      next_ = pieces_;
    }
  }
}

}  // namespace medperf::metrics
