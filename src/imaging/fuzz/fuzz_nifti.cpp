#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "imaging/nifti.h"

// Any bytes as a NIfTI file: what is read as a volume is written and read again as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace medperf::imaging;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const NiftiOptions options{.limit = medperf::mebibytes(1), .frame = 0};
  auto volume = parse_nifti(bytes, options);
  if (volume) {
    if (volume->elements.size() > options.limit.value) __builtin_trap();
    if (!check_geometry(volume->geometry)) __builtin_trap();
    const auto written = write_nifti(*volume, NiftiPacking::kNone);
    if (written) {
      const auto again = parse_nifti(*written);
      // Geometry may not survive the rounding to 32-bit floats; the voxels do.
      if (again &&
          (again->type != volume->type ||
           !std::equal(again->elements.data(), again->elements.data() + again->elements.size(),
                       volume->elements.data()))) {
        __builtin_trap();
      }
    }
    const auto small = parse_nifti_labels(bytes, options);
    if (small && small->elements.size() > options.limit.value) __builtin_trap();
    const auto labels = to_labels(std::move(*volume));
    if (small && (!labels || labels->type != small->type)) __builtin_trap();
    if (labels &&
        labels->elements.size() != labels->geometry.voxel_count() * size_of(labels->type)) {
      __builtin_trap();
    }
  }
  (void)parse_nifti_pair(bytes.substr(0, std::min<std::size_t>(size, 348)), bytes, options);
  return 0;
}
