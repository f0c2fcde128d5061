#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "imaging/gzip.h"
#include "imaging/sparse_gzip.h"

// The first two bytes are a size, the rest is a gzip file of that size unpacked: what the decoder
// for sparse data makes of it, the other one makes too, and zero is what it says is zero.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace medperf::imaging;
  if (size < 2) return 0;
  const std::size_t unpacked = data[0] | static_cast<std::size_t>(data[1]) << 8;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  std::vector<std::uint8_t> sparse(unpacked);
  OccupiedBlocks occupied(unpacked);
  if (!gunzip_sparse(bytes, sparse, occupied)) {
    // Refused or not, it writes only where it says.
    for (std::size_t i = 0; i < unpacked; ++i) {
      if (sparse[i] != 0 && !occupied[i / OccupiedBlocks::kBytes]) __builtin_trap();
    }
    return 0;
  }
  std::vector<std::uint8_t> whole(unpacked);
  if (!gunzip(bytes, whole) || whole != sparse) __builtin_trap();
  for (std::size_t i = 0; i < unpacked; ++i) {
    if (sparse[i] != 0 && !occupied[i / OccupiedBlocks::kBytes]) __builtin_trap();
  }
  return 0;
}
