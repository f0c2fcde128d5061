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

#include "base/linked_files.h"
#include "base/result.h"
#include "imaging/dicom_image.h"
#include "imaging/segment_sets.h"
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

/// All files of a folder as one series. DICOMDIR and hidden files (as systems leave them behind)
/// are passed over, the latter with a remark; any other file that is no DICOM is an error that
/// names it, since a damaged slice looks the same. `limits.pixels` is on all files together.
Result<Volume> read_dicom_series(const std::filesystem::path& folder,
                                 const DicomLimits& limits = {}, Links links = Links::kRefuse);

/// Reads a file with parse_dicom.
Result<DicomImage> read_dicom(const std::filesystem::path& path, const DicomLimits& limits = {},
                              Links links = Links::kRefuse);

struct SegmentationGrid {
  Geometry geometry;
  std::vector<std::string> remarks;  ///< where the distance of its slices is from
};

/// The grid on which all frames of some segmentations lie: every place between the outermost, one
/// slice apart (frames that are all background are often left out of the file). How far slices are
/// apart: sparse_step. `limit` is on its voxels. Errors: invalid (no segmentation, other planes,
/// uneven or contradicted slices), too_large.
Result<SegmentationGrid> segmentation_grid(std::span<const DicomImage* const> segmentations,
                                           const Bytes& limit = mebibytes(4096));

/// `grid`, with slices added before or behind where frames of the segmentation lie outside of it.
/// Errors: invalid when a frame does not lie on its slices or on one of those that would follow;
/// too_large when it then has more than `limit` voxels.
Result<Geometry> grid_with_frames(const Geometry& grid, const DicomImage& segmentation,
                                  const Bytes& limit = mebibytes(4096));

/// A binary segmentation as a label map on `grid`, on whose slices all frames must lie: segment
/// numbers, 0 elsewhere. Voxels that several segments share have the label of their set, from
/// `sets`; without it they are an error (invalid). As small as the labels allow: u8, u16 or i32.
/// Memory is taken where voxels are. Errors: invalid (frames beside the grid's slices or outside of
/// it, no segmentation), too_large (more bytes than `limit`).
Result<Volume> segmentation_to_labels(const DicomImage& segmentation, const Geometry& grid,
                                      SegmentSets* sets = nullptr,
                                      const Bytes& limit = mebibytes(4096));

}  // namespace medperf::imaging
