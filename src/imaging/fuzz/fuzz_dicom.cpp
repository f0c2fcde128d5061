#include <cstddef>
#include <cstdint>
#include <string_view>

#include "imaging/dicom.h"
#include "imaging/dicom_scan.h"

extern "C" medperf::imaging::DicomModuleFunction medperf_parse_dicom_1;

// Any bytes as a DICOM file: scanned, read by DCMTK, made a volume or a label map.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace medperf::imaging;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const DicomLimits limits{.pixels = medperf::mebibytes(1), .elements = 10'000};
  if (!scan_dicom(bytes, limits)) return 0;
  medperf::Result<DicomImage> image = medperf::make_error(medperf::ErrorKind::kBug, {}, "none");
  medperf_parse_dicom_1(bytes, limits, image);
  if (!image) return 0;
  if (image->pixels.size() !=
      image->frames.size() * image->rows * image->columns * size_of(image->type)) {
    __builtin_trap();
  }
  const auto volume = series_to_volume({&*image, 1});
  if (volume && !check_geometry(volume->geometry)) __builtin_trap();
  // Frames may be said to lie anywhere: what is between them is held against a limit.
  const medperf::Bytes limit = medperf::mebibytes(16);
  const DicomImage* const one = &*image;
  const auto grid = segmentation_grid({&one, 1}, limit);
  if (!grid) return 0;
  SegmentSets sets(70'000);
  const auto labels = segmentation_to_labels(*image, grid->geometry, &sets, limit);
  if (labels && labels->elements.size() > limit.value) __builtin_trap();
  return 0;
}
