#include "hub/api/rate_limit.h"

#include <algorithm>
#include <random>

namespace medperf::hub {

namespace {

constexpr std::size_t kBuckets = 1U << 16U;  // 512 KiB

/// SipHash-2-4 (Aumasson and Bernstein, 2012): a hash whose collisions need the seed.
class SipHash {
 public:
  explicit SipHash(const std::uint64_t (&seed)[2])
      : v_{seed[0] ^ 0x736f6d6570736575U, seed[1] ^ 0x646f72616e646f6dU,
           seed[0] ^ 0x6c7967656e657261U, seed[1] ^ 0x7465646279746573U} {}

  std::uint64_t of(std::string_view text) {
    const std::uint64_t size = text.size();
    for (; text.size() >= 8; text.remove_prefix(8)) add(word(text.substr(0, 8)));
    add(word(text) | size << 56U);
    v_[2] ^= 0xffU;
    for (int i = 0; i < 4; ++i) round();
    return v_[0] ^ v_[1] ^ v_[2] ^ v_[3];
  }

 private:
  static std::uint64_t word(std::string_view bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) {
      value = value << 8U | static_cast<unsigned char>(bytes[i]);
    }
    return value;
  }
  static std::uint64_t turn(std::uint64_t x, unsigned bits) {
    return x << bits | x >> (64U - bits);
  }
  void add(std::uint64_t message) {
    v_[3] ^= message;
    round();
    round();
    v_[0] ^= message;
  }
  void round() {
    v_[0] += v_[1];
    v_[2] += v_[3];
    v_[1] = turn(v_[1], 13) ^ v_[0];
    v_[3] = turn(v_[3], 16) ^ v_[2];
    v_[0] = turn(v_[0], 32);
    v_[2] += v_[1];
    v_[0] += v_[3];
    v_[1] = turn(v_[1], 17) ^ v_[2];
    v_[3] = turn(v_[3], 21) ^ v_[0];
    v_[2] = turn(v_[2], 32);
  }

  std::uint64_t v_[4];
};

}  // namespace

RateLimit::RateLimit(const RateRule& rule) {
  if (rule.per_second <= 0) return;
  step_ = std::max<std::int64_t>(1, static_cast<std::int64_t>(1e6 / rule.per_second));
  depth_ = step_ * std::max<std::int64_t>(1, rule.burst);
  std::random_device device;
  for (auto& part : seed_) part = std::uint64_t{device()} << 32U | device();
  buckets_ = std::make_unique<std::atomic<std::int64_t>[]>(kBuckets);
}

std::optional<Seconds> RateLimit::take(std::string_view key, Timestamp now) {
  if (step_ == 0) return std::nullopt;
  std::atomic<std::int64_t>& bucket = buckets_[SipHash(seed_).of(key) % kBuckets];
  std::int64_t full_at = bucket.load(std::memory_order_relaxed);
  for (;;) {
    // A time further away than an empty bucket's comes from a clock that was set back.
    const bool impossible = full_at > now.microseconds + depth_;
    const std::int64_t from = impossible ? now.microseconds : std::max(full_at, now.microseconds);
    const std::int64_t wait = from + step_ - depth_ - now.microseconds;
    if (wait > 0) return Seconds(static_cast<double>(wait) / 1e6);
    if (bucket.compare_exchange_weak(full_at, from + step_, std::memory_order_relaxed)) {
      return std::nullopt;
    }
  }
}

}  // namespace medperf::hub
