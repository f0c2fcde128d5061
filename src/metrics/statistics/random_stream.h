#pragma once
// Random numbers that are named, not carried along: a stream is found from (seed, number), so the
// work of one replicate or one simulated data set is the same whoever does it and in which order.

#include <array>
#include <cstdint>

namespace medperf::metrics {

/// One stream of the generator xoshiro256++ (Blackman, Vigna, ACM TOMS 47 (2021) 36), its state
/// filled from `seed` and `number` by SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). Two streams
/// overlap with a chance of about 2^-190. Same numbers on every machine.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::uint64_t number);

  /// 64 random bits.
  std::uint64_t bits() {
    const std::uint64_t result = rotate(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }
  /// A multiple of 2^-53 in [0, 1).
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  /// A whole number in [0, bound), each equally likely (no modulo bias). Precondition: bound > 0.
  /// Source: Lemire, ACM TOMACS 29 (2019) 3, for bounds up to 2^32.
  std::uint64_t below(std::uint64_t bound) {
    if (bound > std::uint64_t{1} << 32) return below_large(bound);
    std::uint64_t product = (bits() >> 32) * bound;
    if ((product & 0xffffffffU) < bound) {
      const std::uint64_t least = (std::uint64_t{1} << 32) % bound;
      while ((product & 0xffffffffU) < least) product = (bits() >> 32) * bound;
    }
    return product >> 32;
  }

 private:
  std::uint64_t below_large(std::uint64_t bound);
  static std::uint64_t rotate(std::uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace medperf::metrics
