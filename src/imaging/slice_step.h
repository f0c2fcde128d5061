#pragma once
// How far the slices of a DICOM volume are apart. Positions decide; what the file states of it
// counts where there are no two positions, and is held against them where there are.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "imaging/dicom_image.h"

namespace medperf::imaging {

/// Of a slice without a neighbour: SpacingBetweenSlices, else SliceThickness, with a remark.
/// Errors: invalid when it states neither.
Result<double> lone_step(const DicomFrame& frame, std::vector<std::string>& remarks);

/// Of slices of which some may be missing, since segmentations leave out those without a voxel:
/// SpacingBetweenSlices when all places are whole steps of it apart, else the greatest step of
/// which they are. `places_mm` (of all frames, along the normal) are sorted; those less than
/// 0.001 mm apart are one. A step other than SliceThickness, which is no distance of slices
/// (PS3.3 C.7.6.2.1.1), is said in a remark.
/// Errors: invalid when SpacingBetweenSlices contradicts the places, when these are uneven, and
/// when they are too few to tell slices far apart from thin ones of which those between are left
/// out.
Result<double> sparse_step(std::span<const DicomFrame* const> frames,
                           std::span<const double> places_mm, std::vector<std::string>& remarks);

}  // namespace medperf::imaging
