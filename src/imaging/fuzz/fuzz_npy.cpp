#include <cstddef>
#include <cstdint>
#include <string_view>

#include "imaging/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto array = medperf::imaging::parse_npy(bytes, {.data = medperf::mebibytes(1)});
  // What was read must be written and read again as the same array.
  if (array && !medperf::imaging::parse_npy(medperf::imaging::write_npy(*array))) __builtin_trap();
  return 0;
}
