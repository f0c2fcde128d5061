#pragma once
// Time is passed in, so that tests can turn it.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace medperf {

/// Microseconds since 1970-01-01T00:00:00Z, the resolution of the v0 contract.
struct Timestamp {
  std::int64_t microseconds = 0;
  auto operator<=>(const Timestamp&) const = default;
};

inline constexpr std::int64_t kMicrosecondsPerDay = 86'400'000'000;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
};

/// The system's UTC clock. Thread-safe.
class SystemClock : public Clock {
 public:
  Timestamp now() const override;
};

/// A clock that tests set. Not thread-safe.
class ManualClock : public Clock {
 public:
  explicit ManualClock(Timestamp start) : now_(start) {}
  Timestamp now() const override { return now_; }
  void advance(std::chrono::microseconds step) { now_.microseconds += step.count(); }

 private:
  Timestamp now_;
};

/// "2026-01-02T03:04:05.123456Z"
std::string to_iso8601(Timestamp time);
/// Parses ISO-8601 UTC with 0 to 6 fraction digits and "Z" or "+00:00".
Result<Timestamp> parse_iso8601(std::string_view text);

}  // namespace medperf
