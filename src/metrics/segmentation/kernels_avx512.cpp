// Kernels for machines with AVX-512 (F, BW, VL, DQ, CD, VPOPCNTDQ). Run only where simd.h finds it.
#include "metrics/segmentation/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define MEDPERF_TARGET   \
  __attribute__((target( \
      "avx512f,avx512bw,avx512vl,avx512dq,avx512cd,avx512vpopcntdq,bmi,bmi2,popcnt,lzcnt")))

namespace medperf::metrics::kernels {
namespace {

MEDPERF_TARGET inline std::uint64_t equal(const std::uint8_t* labels, std::uint8_t label) {
  return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(labels),
                                _mm512_set1_epi8(static_cast<char>(label)));
}

MEDPERF_TARGET inline std::uint64_t equal(const std::uint16_t* labels, std::uint16_t label) {
  const __m512i wanted = _mm512_set1_epi16(static_cast<short>(label));
  std::uint64_t result = 0;
  for (int i = 0; i < 2; ++i) {
    const __mmask32 bits = _mm512_cmpeq_epi16_mask(_mm512_loadu_si512(labels + 32 * i), wanted);
    result |= std::uint64_t{bits} << (32 * i);
  }
  return result;
}

MEDPERF_TARGET inline std::uint64_t equal(const std::uint32_t* labels, std::uint32_t label) {
  const __m512i wanted = _mm512_set1_epi32(static_cast<int>(label));
  std::uint64_t result = 0;
  for (int i = 0; i < 4; ++i) {
    const __mmask16 bits = _mm512_cmpeq_epi32_mask(_mm512_loadu_si512(labels + 16 * i), wanted);
    result |= std::uint64_t{bits} << (16 * i);
  }
  return result;
}

MEDPERF_TARGET inline bool is_clear(const void* words) {
  const __m512i all = _mm512_loadu_si512(words);
  return _mm512_test_epi64_mask(all, all) == 0;
}

template <typename T>
MEDPERF_TARGET inline bool any_labelled(const T* one, const T* other) {
  __m512i any = _mm512_setzero_si512();
  constexpr std::size_t kLanes = 64 / sizeof(T);
  for (std::size_t i = 0; i < 64; i += kLanes) {
    any = _mm512_or_si512(
        any, _mm512_or_si512(_mm512_loadu_si512(one + i), _mm512_loadu_si512(other + i)));
  }
  return _mm512_test_epi64_mask(any, any) != 0;
}

template <typename T>
MEDPERF_TARGET inline std::uint64_t labelled(const T* one, const T* other) {
  return ~(equal(one, T{0}) & equal(other, T{0}));
}

#include "metrics/segmentation/kernels.inc"

}  // namespace

const Kernels kAvx512 = {
    MEDPERF_LABEL_KERNELS(std::uint8_t),
    MEDPERF_LABEL_KERNELS(std::uint16_t),
    MEDPERF_LABEL_KERNELS(std::uint32_t),
    {surface, nearest_shells, assign_shells, dilate, search_rows, count_words}};

}  // namespace medperf::metrics::kernels
#endif
