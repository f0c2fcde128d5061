#include <cstddef>
#include <cstdint>
#include <string_view>

#include "imaging/npz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto arrays = medperf::imaging::parse_npz(bytes, {100, medperf::mebibytes(1)});
  if (arrays && arrays->empty()) __builtin_trap();
  return 0;
}
