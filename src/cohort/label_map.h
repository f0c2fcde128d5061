#pragma once
// One label map from a file of any format that is read here.

#include <array>
#include <filesystem>
#include <optional>

#include "base/result.h"
#include "imaging/volume.h"

namespace medperf::cohort {

/// For files that do not say how large their voxels are (PNG, NPY).
struct PlainImageRule {
  std::optional<std::array<double, 3>> spacing_mm;  ///< along x, y, z
  bool needs_spacing = true;  ///< false: only counts of voxels are wanted, 1 mm will do
};

/// By the ending of the name: NIfTI (.nii, .nii.gz, .hdr, .img), PNG (grey values are labels), NPY
/// (2-D y, x or 3-D z, y, x), a folder (a DICOM series whose values are labels) and anything else
/// as a DICOM segmentation (segment numbers are labels). Errors: those of the readers; invalid for
/// a plain image without a spacing where one is needed. `where` names the file.
Result<imaging::Volume> read_label_map(const std::filesystem::path& path,
                                       const PlainImageRule& rule = {});

}  // namespace medperf::cohort
