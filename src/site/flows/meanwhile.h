#pragma once
// Something that is looked at again and again while runs go on.

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include "base/ids.h"

namespace medperf::site {

/// Calls `look` in a thread of its own, at once and then after each pause, until stop().
class Meanwhile {
 public:
  static constexpr Seconds kPause{1.0};

  explicit Meanwhile(std::function<void()> look, Seconds pause = kPause);
  ~Meanwhile();
  Meanwhile(const Meanwhile&) = delete;
  Meanwhile& operator=(const Meanwhile&) = delete;
  /// Waits for the look that goes on. What it threw is thrown here.
  void stop();

 private:
  void work();

  std::function<void()> look_;
  Seconds pause_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::exception_ptr thrown_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace medperf::site
