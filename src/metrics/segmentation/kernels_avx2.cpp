// Kernels for machines with AVX2 (x86-64 since about 2013). Run only where simd.h finds it.
#include "metrics/segmentation/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define MEDPERF_TARGET __attribute__((target("avx2,bmi,bmi2,popcnt")))

namespace medperf::metrics::kernels {
namespace {

MEDPERF_TARGET inline __m256i load256(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

MEDPERF_TARGET inline std::uint64_t mask8(__m256i bytes) {
  return static_cast<std::uint64_t>(static_cast<unsigned>(_mm256_movemask_epi8(bytes)));
}

MEDPERF_TARGET inline std::uint64_t equal(const std::uint8_t* labels, std::uint8_t label) {
  const __m256i wanted = _mm256_set1_epi8(static_cast<char>(label));
  return mask8(_mm256_cmpeq_epi8(load256(labels), wanted)) |
         mask8(_mm256_cmpeq_epi8(load256(labels + 32), wanted)) << 32;
}

MEDPERF_TARGET inline std::uint64_t equal(const std::uint16_t* labels, std::uint16_t label) {
  const __m256i wanted = _mm256_set1_epi16(static_cast<short>(label));
  std::uint64_t result = 0;
  for (int i = 0; i < 2; ++i) {
    const __m256i low = _mm256_cmpeq_epi16(load256(labels + 32 * i), wanted);
    const __m256i high = _mm256_cmpeq_epi16(load256(labels + 32 * i + 16), wanted);
    // The instruction packs within halves of the register: put the quarters in order.
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xd8);
    result |= mask8(packed) << (32 * i);
  }
  return result;
}

MEDPERF_TARGET inline std::uint64_t equal(const std::uint32_t* labels, std::uint32_t label) {
  const __m256i wanted = _mm256_set1_epi32(static_cast<int>(label));
  std::uint64_t result = 0;
  for (int i = 0; i < 8; ++i) {
    const __m256i same = _mm256_cmpeq_epi32(load256(labels + 8 * i), wanted);
    const auto bits = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(same)));
    result |= std::uint64_t{bits} << (8 * i);
  }
  return result;
}

MEDPERF_TARGET inline bool is_clear(const void* words) {
  const auto* const from = static_cast<const char*>(words);
  const __m256i any = _mm256_or_si256(load256(from), load256(from + 32));
  return _mm256_testz_si256(any, any) != 0;
}

template <typename T>
MEDPERF_TARGET inline bool any_labelled(const T* one, const T* other) {
  __m256i any = _mm256_setzero_si256();
  constexpr std::size_t kLanes = 32 / sizeof(T);
  for (std::size_t i = 0; i < 64; i += kLanes) {
    any = _mm256_or_si256(any, _mm256_or_si256(load256(one + i), load256(other + i)));
  }
  return _mm256_testz_si256(any, any) == 0;
}

template <typename T>
MEDPERF_TARGET inline std::uint64_t labelled(const T* one, const T* other) {
  return ~(equal(one, T{0}) & equal(other, T{0}));
}

#include "metrics/segmentation/kernels.inc"

}  // namespace

const Kernels kAvx2 = {MEDPERF_LABEL_KERNELS(std::uint8_t),
                       MEDPERF_LABEL_KERNELS(std::uint16_t),
                       MEDPERF_LABEL_KERNELS(std::uint32_t),
                       {surface, nearest_shells, assign_shells, dilate, search_rows, count_words}};

}  // namespace medperf::metrics::kernels
#endif
