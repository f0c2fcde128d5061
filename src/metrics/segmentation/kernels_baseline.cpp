// Kernels for every machine: SSE2 on x86-64, which all of them have, and plain words elsewhere.
#include "metrics/segmentation/kernels.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#define MEDPERF_TARGET

namespace medperf::metrics::kernels {
namespace {

#if defined(__x86_64__)

__m128i load128(const void* from) {
  return _mm_loadu_si128(static_cast<const __m128i*>(from));
}

std::uint64_t mask8(__m128i bytes) {
  return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(bytes)));
}

std::uint64_t equal(const std::uint8_t* labels, std::uint8_t label) {
  const __m128i wanted = _mm_set1_epi8(static_cast<char>(label));
  std::uint64_t result = 0;
  for (int i = 0; i < 4; ++i) {
    result |= mask8(_mm_cmpeq_epi8(load128(labels + 16 * i), wanted)) << (16 * i);
  }
  return result;
}

std::uint64_t equal(const std::uint16_t* labels, std::uint16_t label) {
  const __m128i wanted = _mm_set1_epi16(static_cast<short>(label));
  std::uint64_t result = 0;
  for (int i = 0; i < 4; ++i) {
    const __m128i low = _mm_cmpeq_epi16(load128(labels + 16 * i), wanted);
    const __m128i high = _mm_cmpeq_epi16(load128(labels + 16 * i + 8), wanted);
    result |= mask8(_mm_packs_epi16(low, high)) << (16 * i);
  }
  return result;
}

std::uint64_t equal(const std::uint32_t* labels, std::uint32_t label) {
  const __m128i wanted = _mm_set1_epi32(static_cast<int>(label));
  std::uint64_t result = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t* const from = labels + 16 * i;
    const __m128i low = _mm_packs_epi32(_mm_cmpeq_epi32(load128(from), wanted),
                                        _mm_cmpeq_epi32(load128(from + 4), wanted));
    const __m128i high = _mm_packs_epi32(_mm_cmpeq_epi32(load128(from + 8), wanted),
                                         _mm_cmpeq_epi32(load128(from + 12), wanted));
    result |= mask8(_mm_packs_epi16(low, high)) << (16 * i);
  }
  return result;
}

template <typename T>
bool any_labelled(const T* one, const T* other) {
  __m128i any = _mm_setzero_si128();
  constexpr std::size_t kLanes = 16 / sizeof(T);
  for (std::size_t i = 0; i < 64; i += kLanes) {
    any = _mm_or_si128(any, _mm_or_si128(load128(one + i), load128(other + i)));
  }
  return mask8(_mm_cmpeq_epi8(any, _mm_setzero_si128())) != 0xffff;
}

bool is_clear(const void* words) {
  const auto* const from = static_cast<const char*>(words);
  const __m128i any = _mm_or_si128(_mm_or_si128(load128(from), load128(from + 16)),
                                   _mm_or_si128(load128(from + 32), load128(from + 48)));
  return mask8(_mm_cmpeq_epi8(any, _mm_setzero_si128())) == 0xffff;
}

#else

bool is_clear(const void* words) {
  std::uint64_t all[8];
  __builtin_memcpy(all, words, sizeof all);
  return (all[0] | all[1] | all[2] | all[3] | all[4] | all[5] | all[6] | all[7]) == 0;
}

template <typename T>
std::uint64_t equal(const T* labels, T label) {
  std::uint64_t result = 0;
  for (int i = 0; i < 64; ++i) result |= std::uint64_t{labels[i] == label} << i;
  return result;
}

template <typename T>
bool any_labelled(const T* one, const T* other) {
  T any = 0;
  for (int i = 0; i < 64; ++i) any = static_cast<T>(any | one[i] | other[i]);
  return any != 0;
}

#endif

template <typename T>
std::uint64_t labelled(const T* one, const T* other) {
  return ~(equal(one, T{0}) & equal(other, T{0}));
}

#include "metrics/segmentation/kernels.inc"

}  // namespace

const Kernels kBaseline = {
    MEDPERF_LABEL_KERNELS(std::uint8_t),
    MEDPERF_LABEL_KERNELS(std::uint16_t),
    MEDPERF_LABEL_KERNELS(std::uint32_t),
    {surface, nearest_shells, assign_shells, dilate, search_rows, count_words}};

const Kernels& of(Simd simd) {
#if defined(__x86_64__)
  if (simd == Simd::kAvx512) return kAvx512;
  if (simd == Simd::kAvx2) return kAvx2;
#endif
  (void)simd;
  return kBaseline;
}

}  // namespace medperf::metrics::kernels
