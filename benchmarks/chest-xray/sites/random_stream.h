#pragma once
// Random numbers that are the same with every compiler and library: SplitMix64 and Box-Muller.
// Sources: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014;
// Box and Muller, Annals of Mathematical Statistics 29 (1958) 610.

#include <cmath>
#include <cstdint>
#include <numbers>

namespace cxr {

class RandomStream {
 public:
  explicit RandomStream(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  /// In [0, 1), 53 bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  /// In [0, limit); the bias of the remainder is below 2^-40 for the small limits used here.
  std::uint64_t below(std::uint64_t limit) { return next() % limit; }

  /// Standard normal; two uniforms give two values.
  double normal() {
    if (spare_there_) {
      spare_there_ = false;
      return spare_;
    }
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    const double angle = 2 * std::numbers::pi * uniform();
    spare_ = radius * std::sin(angle);
    spare_there_ = true;
    return radius * std::cos(angle);
  }

 private:
  std::uint64_t state_;
  double spare_ = 0;
  bool spare_there_ = false;
};

}  // namespace cxr
