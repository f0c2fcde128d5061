#pragma once
// SHA-256's blocks on the processor's own instructions (SHA-NI), one message or two beside each
// other. A block's rounds wait for each other, so that one message leaves half of the unit idle;
// OpenSSL has no call for two. For sha256_files alone: everything else uses Sha256.

#include <cstddef>
#include <cstdint>

namespace medperf::crypto {

constexpr std::size_t kSha256Block = 64;

/// The state of one message, in the order that the instructions want: A B E F, C D G H, each from
/// the highest word down.
struct Sha256State {
  alignas(16) std::uint32_t words[8] = {0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667,
                                        0x5be0cd19, 0x1f83d9ab, 0xa54ff53a, 0x3c6ef372};
  /// The digest's 32 bytes, once every block is in.
  void write(unsigned char* digest) const;
};

/// Whether this processor has the instructions. Nothing below may be called where it has not.
bool has_sha256_blocks();
void sha256_blocks(Sha256State& state, const unsigned char* data, std::size_t blocks);
/// The same number of blocks of two messages.
void sha256_blocks(Sha256State& first, const unsigned char* first_data, Sha256State& second,
                   const unsigned char* second_data, std::size_t blocks);

}  // namespace medperf::crypto
