#pragma once
// DICOM: series of slices and enhanced multi-frame images to volumes, segmentations to label maps.
// Coordinates are LPS as in the files. Files are read through DCMTK, which is in a module of its
// own (module/) that is loaded when the first file is read; programs start without it.

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "imaging/dicom_image.h"
#include "imaging/volume.h"

namespace medperf::imaging {

/// Reads one file given as bytes: scan_dicom first, then DCMTK. Errors: those of scan_dicom;
/// invalid (no grey image, no position, orientation or spacing); too_large; unavailable (the
/// module, DCMTK's package or its dictionary is missing).
Result<DicomImage> parse_dicom(std::string_view bytes, const DicomLimits& limits = {});

/// One volume of all frames of the images, sorted along the normal of their planes (rows x
/// columns), which becomes axis k. Rules:
/// - one series, one size, one orientation and pixel spacing (1e-4), one frame of reference;
/// - positions in one line along the normal, else the volume is sheared (a tilted gantry);
/// - steps between slices equal within 1 % (at least 0.01 mm): a slice that is missing, two at one
///   place (phases, echoes) and uneven steps are told apart;
/// - a single slice takes SpacingBetweenSlices or SliceThickness as its spacing, with a remark;
/// - value = RescaleSlope x stored + RescaleIntercept of each frame. Slope 1 everywhere: the stored
///   type when the intercepts are 0, else i16 or i32; any other slope: f64.
/// Errors: invalid, saying which rule was broken.
Result<Volume> series_to_volume(std::span<const DicomImage> images);

/// All files of a folder (a file named DICOMDIR is passed over) as one series.
Result<Volume> read_dicom_series(const std::filesystem::path& folder,
                                 const DicomLimits& limits = {});

/// The grid of a segmentation's own frames: every place between the outermost, one slice apart
/// (frames that are all background are often left out of the file). The step is
/// SpacingBetweenSlices, else SliceThickness, else the smallest step between two frames.
Result<Geometry> segmentation_grid(const DicomImage& segmentation);

/// A binary segmentation as a label map: segment numbers, 0 elsewhere, u8 or u16. On `grid` (that
/// of the segmented series), whose slices all frames must lie on, or on its own. Errors: invalid
/// when two segments share a voxel (it then is no label map: take the masks), when frames lie
/// beside the grid's slices, when the file is no segmentation.
Result<Volume> segmentation_to_labels(const DicomImage& segmentation,
                                      const std::optional<Geometry>& grid = std::nullopt);

struct SegmentMask {
  DicomSegment segment;
  Volume mask;  ///< u8, 0 and 1
};
/// One mask for each segment, in the order of their numbers; they may overlap.
Result<std::vector<SegmentMask>> segmentation_to_masks(
    const DicomImage& segmentation, const std::optional<Geometry>& grid = std::nullopt);

/// Reads a file with parse_dicom.
Result<DicomImage> read_dicom(const std::filesystem::path& path, const DicomLimits& limits = {});

}  // namespace medperf::imaging
