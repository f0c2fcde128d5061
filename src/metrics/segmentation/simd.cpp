#include "metrics/segmentation/simd.h"

#include <array>
#include <cstddef>

namespace medperf::metrics {
namespace {

constexpr std::array kLevels = {Simd::kBaseline, Simd::kAvx2, Simd::kAvx512};

std::size_t count_levels() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
  if (!avx2) return 1;
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512cd") &&
                      __builtin_cpu_supports("avx512vpopcntdq");
  return avx512 ? 3 : 2;
#else
  return 1;
#endif
}

}  // namespace

std::string_view to_string(Simd simd) {
  switch (simd) {
    case Simd::kBaseline:
      return "baseline";
    case Simd::kAvx2:
      return "avx2";
    case Simd::kAvx512:
      return "avx512";
  }
  return "baseline";
}

std::span<const Simd> available_simd() {
  static const std::size_t count = count_levels();
  return std::span(kLevels).first(count);
}

Simd best_simd() {
  return available_simd().back();
}

}  // namespace medperf::metrics
