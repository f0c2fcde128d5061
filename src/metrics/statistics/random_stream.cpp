#include "metrics/statistics/random_stream.h"

#include <bit>

namespace medperf::metrics {
namespace {

std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, std::uint64_t number) {
  // Mixed apart before they meet: seed 1, number 2 is not seed 2, number 1.
  std::uint64_t counter = mixed(mixed(seed + kGolden) + number * kGolden);
  for (auto& word : state_) word = mixed(counter += kGolden);
}

std::uint64_t RandomStream::below_large(std::uint64_t bound) {
  // As many bits as the largest wanted number has, until they are one: two draws at most on
  // average.
  const int spare = std::countl_zero(bound - 1);
  std::uint64_t drawn = bits() >> spare;
  while (drawn >= bound) drawn = bits() >> spare;
  return drawn;
}

}  // namespace medperf::metrics
