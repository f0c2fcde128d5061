// rpm's list of packages comes from an image: whatever its bytes are, counting ends and stays
// inside.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/image/rpm_database.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)medperf::engine::count_rpm_packages({reinterpret_cast<const char*>(data), size});
  return 0;
}
