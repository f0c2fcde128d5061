#pragma once
// What the hub counts about itself, in the text format of Prometheus. Labels are names of endpoints
// and status codes only: no ids, names or addresses of anybody.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "hub/api/endpoint.h"

namespace medperf::hub {

/// Counts of one process since its start. Thread-safe, without locks.
class Metrics {
 public:
  explicit Metrics(Timestamp started);
  /// One answered request; `endpoint` is null when no endpoint had its path or method.
  void count(const Endpoint* endpoint, int status, std::chrono::steady_clock::duration took);
  /// One of them was answered from memory (AnswerMemory).
  void count_given_again() { given_again_.fetch_add(1, std::memory_order_relaxed); }
  /// Everything, with what the process, its database and its log say of themselves. `connections`:
  /// open now.
  std::string text(std::size_t connections) const;

  /// Upper ends of the histogram's buckets, in seconds.
  static constexpr std::array<double, 12> kBuckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                      0.05,   0.1,   0.25,   0.5,   1,    5};
  /// Each has a counter of its own; any other status is counted as "other".
  static constexpr std::array<int, 20> kStatuses = {200, 201, 202, 204, 301, 304, 400,
                                                    401, 403, 404, 405, 408, 409, 412,
                                                    413, 415, 428, 429, 500, 503};

 private:
  struct Counts {
    std::array<std::atomic<std::uint64_t>, kStatuses.size() + 1> statuses{};
    std::array<std::atomic<std::uint64_t>, kBuckets.size() + 1> buckets{};
    std::atomic<std::uint64_t> microseconds{0};
  };
  void add_requests(std::string& text) const;
  void add_durations(std::string& text) const;
  std::string_view name_of(std::size_t index) const;

  const Timestamp started_;
  std::atomic<std::uint64_t> given_again_{0};
  std::vector<std::unique_ptr<Counts>> operations_;  ///< by endpoint; the last: no endpoint
};

}  // namespace medperf::hub
