#include <cstddef>
#include <cstdint>
#include <string_view>

#include "imaging/png.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto image = medperf::imaging::parse_png(bytes, {2000, 1'000'000});
  // What was read must be written and read again as the same pixels.
  if (image) {
    const auto written = medperf::imaging::write_png(*image);
    if (!written) __builtin_trap();
    const auto again = medperf::imaging::parse_png(*written);
    if (!again || again->pixels != image->pixels) __builtin_trap();
  }
  return 0;
}
