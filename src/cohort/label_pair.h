#pragma once
// A predicted and a reference label map from files, on one grid: what segmentation metrics take.

#include <filesystem>

#include "base/result.h"
#include "cohort/label_map.h"
#include "imaging/resample.h"
#include "imaging/volume.h"
#include "metrics/segmentation/label_volume.h"

namespace medperf::cohort {

struct LabelPair {
  imaging::Volume prediction;
  imaging::Volume reference;
};

/// Reads two label maps (see read_label_map). A prediction on another grid is refused, or resampled
/// onto the reference's when `rule` says so. Peak memory is that of the two maps and one packed
/// file. Errors: those of read_label_map and bring_to_grid; `where` names the file.
Result<LabelPair> read_label_pair(const std::filesystem::path& prediction,
                                  const std::filesystem::path& reference,
                                  imaging::GridRule rule = imaging::GridRule::kRefuse,
                                  const PlainImageRule& plain = {});

/// The volume as the metrics see it: its labels, size and spacing. The volume must outlive the
/// view. Errors: invalid when the voxels are not u8, u16, i16 or i32 (see imaging::to_labels).
Result<metrics::LabelVolume> view_of(const imaging::Volume& labels);

}  // namespace medperf::cohort
