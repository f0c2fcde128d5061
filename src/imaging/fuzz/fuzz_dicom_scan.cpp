#include <cstddef>
#include <cstdint>
#include <string_view>

#include "imaging/dicom_scan.h"

// Any bytes through the walk that guards the DICOM library: it must end, and stay within them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)medperf::imaging::scan_dicom(bytes, {.elements = 10'000});
  return 0;
}
