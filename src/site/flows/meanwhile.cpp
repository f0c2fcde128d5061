#include "site/flows/meanwhile.h"

#include <utility>

namespace medperf::site {

Meanwhile::Meanwhile(std::function<void()> look, Seconds pause)
    : look_(std::move(look)), pause_(pause) {
  if (look_) thread_ = std::thread([this] { work(); });
}

Meanwhile::~Meanwhile() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Meanwhile::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

void Meanwhile::work() {
  try {
    std::unique_lock lock(mutex_);
    do {
      lock.unlock();
      look_();
      lock.lock();
    } while (!stopped_.wait_for(lock, pause_, [this] { return stop_; }));
  } catch (...) {  // goes to the caller's thread, which reports it as what it is: a fault of ours
    thrown_ = std::current_exception();
  }
}

}  // namespace medperf::site
