#include "crypto/sha256_blocks.h"

#include <array>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace medperf::crypto {

void Sha256State::write(unsigned char* digest) const {
  // Where A ... H lie in the words.
  constexpr std::array<std::size_t, 8> kPlaces = {3, 2, 7, 6, 1, 0, 5, 4};
  for (const std::size_t place : kPlaces) {
    for (int shift = 24; shift >= 0; shift -= 8)
      *digest++ = static_cast<unsigned char>(words[place] >> shift);
  }
}

#if defined(__x86_64__)

// Always inlined: a function of other instructions than its caller's would stay a call.
#define MEDPERF_SHA [[gnu::target("sha,sse4.1")]]
#define MEDPERF_SHA_INLINE [[gnu::target("sha,sse4.1"), gnu::always_inline]] inline

namespace {

// FIPS 180-4, section 4.2.2.
alignas(16) constexpr std::uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
constexpr int kSteps = 16;          // of four rounds each
constexpr int kLastScheduled = 12;  // from here on, no further words are needed

/// One message's registers while its block is worked on.
struct Lane {
  __m128i abef, cdgh;
  __m128i words[4];  ///< the sixteen newest words of the schedule
};

MEDPERF_SHA_INLINE void load(Lane& lane, const unsigned char* block) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  for (int i = 0; i < 4; ++i) {
    const auto* from = reinterpret_cast<const __m128i*>(block) + i;
    lane.words[i] = _mm_shuffle_epi8(_mm_loadu_si128(from), big_endian);
  }
}

template <int kStep>
MEDPERF_SHA_INLINE void step(Lane& lane) {
  constexpr int kHere = kStep & 3;
  __m128i& here = lane.words[kHere];
  const __m128i& next = lane.words[(kHere + 1) & 3];
  const __m128i& after = lane.words[(kHere + 2) & 3];
  const __m128i& last = lane.words[(kHere + 3) & 3];
  const auto* constants = reinterpret_cast<const __m128i*>(kRound) + kStep;
  const __m128i sum = _mm_add_epi32(here, _mm_load_si128(constants));
  lane.cdgh = _mm_sha256rnds2_epu32(lane.cdgh, lane.abef, sum);
  lane.abef = _mm_sha256rnds2_epu32(lane.abef, lane.cdgh, _mm_shuffle_epi32(sum, 0x0e));
  if constexpr (kStep < kLastScheduled) {
    const __m128i old = _mm_sha256msg1_epu32(here, next);
    here = _mm_sha256msg2_epu32(_mm_add_epi32(old, _mm_alignr_epi8(last, after, 4)), last);
  }
}

template <int kStep = 0>
MEDPERF_SHA_INLINE void steps(Lane& lane) {
  step<kStep>(lane);
  if constexpr (kStep + 1 < kSteps) steps<kStep + 1>(lane);
}

template <int kStep = 0>
MEDPERF_SHA_INLINE void steps(Lane& first, Lane& second) {
  step<kStep>(first);
  step<kStep>(second);
  if constexpr (kStep + 1 < kSteps) steps<kStep + 1>(first, second);
}

MEDPERF_SHA_INLINE __m128i* register_of(Sha256State& state, int number) {
  return reinterpret_cast<__m128i*>(state.words) + number;
}

}  // namespace

bool has_sha256_blocks() {
  static const bool has = [] {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    constexpr unsigned kExtended = 7, kSha = 1U << 29;
    return __get_cpuid_count(kExtended, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & kSha) != 0 &&
           __builtin_cpu_supports("sse4.1") != 0;
  }();
  return has;
}

MEDPERF_SHA void sha256_blocks(Sha256State& state, const unsigned char* data, std::size_t blocks) {
  Lane lane;
  __m128i abef = *register_of(state, 0), cdgh = *register_of(state, 1);
  for (; blocks > 0; --blocks, data += kSha256Block) {
    lane.abef = abef;
    lane.cdgh = cdgh;
    load(lane, data);
    steps(lane);
    abef = _mm_add_epi32(abef, lane.abef);
    cdgh = _mm_add_epi32(cdgh, lane.cdgh);
  }
  *register_of(state, 0) = abef;
  *register_of(state, 1) = cdgh;
}

MEDPERF_SHA void sha256_blocks(Sha256State& first, const unsigned char* first_data,
                               Sha256State& second, const unsigned char* second_data,
                               std::size_t blocks) {
  Lane a, b;
  __m128i a_abef = *register_of(first, 0), a_cdgh = *register_of(first, 1);
  __m128i b_abef = *register_of(second, 0), b_cdgh = *register_of(second, 1);
  for (; blocks > 0; --blocks, first_data += kSha256Block, second_data += kSha256Block) {
    a.abef = a_abef;
    a.cdgh = a_cdgh;
    b.abef = b_abef;
    b.cdgh = b_cdgh;
    load(a, first_data);
    load(b, second_data);
    steps(a, b);
    a_abef = _mm_add_epi32(a_abef, a.abef);
    a_cdgh = _mm_add_epi32(a_cdgh, a.cdgh);
    b_abef = _mm_add_epi32(b_abef, b.abef);
    b_cdgh = _mm_add_epi32(b_cdgh, b.cdgh);
  }
  *register_of(first, 0) = a_abef;
  *register_of(first, 1) = a_cdgh;
  *register_of(second, 0) = b_abef;
  *register_of(second, 1) = b_cdgh;
}

#else

bool has_sha256_blocks() {
  return false;
}
void sha256_blocks(Sha256State&, const unsigned char*, std::size_t) {}
void sha256_blocks(Sha256State&, const unsigned char*, Sha256State&, const unsigned char*,
                   std::size_t) {}

#endif

}  // namespace medperf::crypto
