#include "metrics/workers.h"

#include <sched.h>

#include <algorithm>
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

/// Where this thread has landed on `processor`, it goes `steps` further among those that this
/// process may use, and may leave that one again. Left alone, a pair of threads often shares one
/// processor for many milliseconds while another is idle.
void leave(int processor, int steps) {
  cpu_set_t allowed;
  if (::sched_getcpu() != processor || ::sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
    return;
  int left = steps % std::max(CPU_COUNT(&allowed), 1);
  if (left == 0) return;
  int at = processor;
  while (left > 0) {
    at = (at + 1) % CPU_SETSIZE;
    if (CPU_ISSET(at, &allowed)) --left;
  }
  cpu_set_t there;
  CPU_ZERO(&there);
  CPU_SET(at, &there);
  if (::sched_setaffinity(0, sizeof(there), &there) == 0)
    ::sched_setaffinity(0, sizeof(allowed), &allowed);
}

}  // namespace

Workers::Workers(int threads) : caller_(::sched_getcpu()) {
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
    caller_ = ::sched_getcpu();
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
  leave(caller_, worker);
  while (true) {
    look_for([&] { return stop_ || round_ != seen; });
    {
      std::unique_lock lock(mutex_);
      begin_.wait(lock, [&] { return stop_ || round_ != seen; });
      if (stop_) return;
      seen = round_;
    }
    leave(caller_, worker);
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
