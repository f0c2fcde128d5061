#pragma once
// Overlap of a predicted with a reference mask, from the four counts of voxels.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/estimate.h"
#include "metrics/segmentation/label_volume.h"
#include "metrics/segmentation/simd.h"

namespace medperf::metrics {

class Workers;

inline constexpr std::string_view kDiceConvention = "dice-counts-both-empty-1";
inline constexpr std::string_view kIouConvention = "iou-counts-both-empty-1";
inline constexpr std::string_view kVoxelSensitivityConvention = "voxel-sensitivity";
inline constexpr std::string_view kVoxelPrecisionConvention = "voxel-precision";
inline constexpr std::string_view kVoxelSpecificityConvention = "voxel-specificity-whole-grid";
inline constexpr std::string_view kVolumeSimilarityConvention = "volume-similarity-taha-hanbury";
inline constexpr std::string_view kVolumeDifferenceConvention = "relative-to-reference-signed";
inline constexpr std::string_view kVolumeConvention = "voxels-times-spacing";

/// Voxels of the whole grid: in both masks, in the prediction only, in the reference only, in none.
struct Overlap {
  std::int64_t tp = 0;
  std::int64_t fp = 0;
  std::int64_t fn = 0;
  std::int64_t tn = 0;
  std::int64_t predicted() const { return tp + fp; }
  std::int64_t referenced() const { return tp + fn; }
  bool operator==(const Overlap&) const = default;
};

/// Which of the masks are empty, as a flag: both_empty, pred_empty, ref_empty or none.
std::string_view empty_flag(const Overlap& overlap);

// All are one division of whole numbers. With an empty mask they carry empty_flag(), whether the
// value is defined or not.

/// 2TP / (2TP + FP + FN) in [0, 1]; 1 when both masks are empty. Dice, Ecology 26 (1945) 297.
Estimate dice(const Overlap& overlap);
/// TP / (TP + FP + FN) in [0, 1]; 1 when both masks are empty. Jaccard, New Phytol 11 (1912) 37.
Estimate intersection_over_union(const Overlap& overlap);
/// TP / (TP + FN); undefined when the reference is empty.
Estimate voxel_sensitivity(const Overlap& overlap);
/// TP / (TP + FP); undefined when the prediction is empty.
Estimate voxel_precision(const Overlap& overlap);
/// TN / (TN + FP) over the whole grid; undefined (no_negatives) when the reference fills it.
Estimate voxel_specificity(const Overlap& overlap);
/// 1 - |FN - FP| / (2TP + FP + FN) in [0, 1], 1 = equal volumes; undefined when both are empty.
/// Taha, Hanbury, BMC Medical Imaging 15 (2015) 29.
Estimate volume_similarity(const Overlap& overlap);
/// (predicted - reference volume) / reference volume, at least -1; undefined when the reference is
/// empty.
Estimate relative_volume_difference(const Overlap& overlap);
/// Voxels times the volume of one, in millilitres (1 ml = 1000 mm3).
double volume_ml(std::int64_t voxels, const SpacingMm& spacing);

/// What one pass over the pair says of one region.
struct RegionOverlap {
  Overlap counts;
  Box prediction_box;  ///< around the predicted voxels; empty when there are none
  Box reference_box;
};

/// Overlap and boxes of every region, in the order of `regions`, from one pass over both volumes
/// (one for each 64 regions). O(voxels). The result does not depend on `threads`. Volumes of
/// different label types are widened to 32 bits first. Errors: invalid when the grids differ or a
/// region is refused by check_region().
Result<std::vector<RegionOverlap>> overlap_of_regions(const LabelVolume& prediction,
                                                      const LabelVolume& reference,
                                                      std::span<const Region> regions,
                                                      int threads = 1);
/// The same on threads that are there already.
Result<std::vector<RegionOverlap>> overlap_of_regions(const LabelVolume& prediction,
                                                      const LabelVolume& reference,
                                                      std::span<const Region> regions,
                                                      Workers& workers, Simd simd = best_simd());

}  // namespace medperf::metrics
