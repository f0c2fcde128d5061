#pragma once
// How often one user or one address may ask: token buckets in memory of a fixed size.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "hub/services/context.h"

namespace medperf::hub {

/// Buckets of one kind, each a single number: the time at which it would be full again (the generic
/// cell rate algorithm). A key's bucket is found by a keyed hash, so a caller cannot choose whose
/// bucket to share; two keys that do share one get the rate of one together. Thread-safe.
class RateLimit {
 public:
  explicit RateLimit(const RateRule& rule);
  /// Takes one token; else says how long until there is one.
  std::optional<Seconds> take(std::string_view key, Timestamp now);

 private:
  std::int64_t step_ = 0;   ///< microseconds that a token takes to come; 0: no limit
  std::int64_t depth_ = 0;  ///< microseconds that a whole bucket takes
  std::uint64_t seed_[2] = {};
  std::unique_ptr<std::atomic<std::int64_t>[]> buckets_;
};

/// The limits of one hub process.
struct RateLimits {
  explicit RateLimits(const Limits& limits)
      : address(limits.address_rate), user(limits.user_rate), anonymous(limits.anonymous_rate) {}
  RateLimit address;    ///< requests of one address
  RateLimit user;       ///< requests of one signed-in user
  RateLimit anonymous;  ///< attempts of one address to sign in and the like
};

}  // namespace medperf::hub
