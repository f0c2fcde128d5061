#pragma once
// What a file of any format that is read here holds of a label map.

#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <variant>

#include "base/ids.h"
#include "base/linked_files.h"
#include "base/result.h"
#include "imaging/dicom_image.h"
#include "imaging/volume.h"

namespace medperf::cohort {

/// The largest label map that a cohort reads unless told otherwise: 512 x 512 x 512 voxels as
/// 64-bit numbers. Two of them may be in memory for each case that is measured at the same time.
inline constexpr Bytes kLargestMap = mebibytes(1024);

struct LabelMapRules {
  /// Along x, y, z, for files that do not say how large their voxels are (PNG, NPY).
  std::optional<std::array<double, 3>> spacing_mm = std::nullopt;
  bool needs_spacing = true;  ///< false: only counts of voxels are wanted, 1 mm will do
  Bytes limit = kLargestMap;  ///< of the unpacked file, and of the map
  Links links = Links::kRefuse;
  /// Asked for the grid of a NIfTI file before its voxels are read: an error is the answer then.
  std::function<Status(const imaging::Geometry&)> accept = {};
};

/// Labels on a grid, or the frames of a DICOM segmentation, which are on the grid of whatever they
/// are compared with.
using LabelFile = std::variant<imaging::Volume, imaging::DicomImage>;

/// By the ending of the name: NIfTI (.nii, .nii.gz, .hdr, .img), PNG (grey values are labels), NPY
/// (2-D y, x or 3-D z, y, x), a folder (a DICOM series whose values are labels) and anything else
/// as a DICOM segmentation (segment numbers are labels). Errors: those of the readers; invalid for
/// a plain image without a spacing where one is needed, and for a file of another ending that is no
/// DICOM. `where` names the file.
Result<LabelFile> read_label_file(const std::filesystem::path& path,
                                  const LabelMapRules& rules = {});

/// The error, with how to raise the limit when it is too_large.
Error advised(Error error);

}  // namespace medperf::cohort
