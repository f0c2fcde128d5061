#pragma once
// A predicted and a reference label map from files, on one grid: what segmentation metrics take.

#include <filesystem>
#include <span>
#include <vector>

#include "base/result.h"
#include "cohort/label_map.h"
#include "imaging/resample.h"
#include "imaging/segment_sets.h"
#include "imaging/volume.h"
#include "metrics/segmentation/label_volume.h"

namespace medperf::cohort {

struct LabelPair {
  imaging::Volume prediction;
  imaging::Volume reference;
  /// Labels of voxels that several DICOM segments share; empty for all other maps.
  imaging::SegmentSets sets{0};

  /// The regions by the labels of these volumes: measuring takes these, never the ones asked for.
  std::vector<metrics::Region> regions(std::span<const metrics::Region> asked) const;
};

/// Reads two label maps (see read_label_file) onto one grid, the reference's. A DICOM segmentation
/// has no grid but slices: beside a map whose slices its frames lie on it takes that map's grid,
/// two segmentations take the one that both lie on; slices that only one has are background in the
/// other. Any other prediction on another grid is refused, or resampled onto the reference's when
/// `rule` says so. No labelled voxel of the prediction is left out. Peak memory is that of the two
/// maps and one packed file. Errors: those of read_label_file and bring_to_grid; `where` names the
/// file.
Result<LabelPair> read_label_pair(const std::filesystem::path& prediction,
                                  const std::filesystem::path& reference,
                                  imaging::GridRule rule = imaging::GridRule::kRefuse,
                                  const LabelMapRules& rules = {});

/// The volume as the metrics see it: its labels, size and spacing. The volume must outlive the
/// view. Errors: invalid when the voxels are not u8, u16, i16 or i32 (see imaging::to_labels).
Result<metrics::LabelVolume> view_of(const imaging::Volume& labels);

}  // namespace medperf::cohort
