#pragma once
// What one DICOM file holds, as far as volumes need it: decoded pixels and where each frame lies.
// Plain data between the module that reads files with DCMTK and the code that makes volumes.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "imaging/geometry.h"
#include "imaging/volume.h"

namespace medperf::imaging {

struct DicomLimits {
  Bytes pixels = mebibytes(4096);    ///< decoded, of one file
  std::size_t elements = 1'000'000;  ///< data elements of one file
  std::size_t depth = 24;            ///< sequences within sequences
};

/// One plane of pixels in the patient. Directions are unit vectors in LPS, as DICOM has them.
struct DicomFrame {
  Vector3 position_mm{};    ///< the centre of the first pixel
  Vector3 along_row{};      ///< in which the column index grows: axis i
  Vector3 along_column{};   ///< in which the row index grows: axis j
  double spacing_i_mm = 0;  ///< between columns (the second number of PixelSpacing)
  double spacing_j_mm = 0;
  std::optional<double> between_slices_mm;  ///< SpacingBetweenSlices
  std::optional<double> thickness_mm;       ///< SliceThickness
  double slope = 1;                         ///< value = slope x stored + intercept
  double intercept = 0;
  std::uint16_t segment = 0;  ///< SEG: ReferencedSegmentNumber
};

struct DicomSegment {
  std::uint16_t number = 0;
  std::string label;  ///< free text of whoever made it
};

/// A file: one frame, or the frames of an enhanced multi-frame image or a segmentation.
struct DicomImage {
  bool segmentation = false;
  std::string series_uid;
  std::string frame_of_reference_uid;
  std::size_t columns = 0;
  std::size_t rows = 0;
  ElementType type = ElementType::kU16;  ///< of the stored pixels; SEG: u8 with 0 and 1
  std::vector<DicomFrame> frames;
  std::vector<DicomSegment> segments;
  ElementBuffer pixels;  ///< frames x rows x columns
  bool lossy = false;    ///< was packed with loss at some time (LossyImageCompression)
};

/// The function that the module exports; it throws nothing. A changed signature or DicomImage gets
/// another name, so that a module left over from another build is not called.
inline constexpr char kDicomModuleFunction[] = "medperf_parse_dicom_1";
using DicomModuleFunction = void(std::string_view bytes, const DicomLimits& limits,
                                 Result<DicomImage>& out);

}  // namespace medperf::imaging
