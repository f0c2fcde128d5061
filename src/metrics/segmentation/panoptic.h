#pragma once
// Panoptic quality: how well instances are found, and how well those that are found are outlined.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/estimate.h"
#include "metrics/segmentation/components.h"

namespace medperf::metrics {

/// The first part of the convention, and what the vocabulary says.
inline constexpr std::string_view kPanopticGreedyConvention = "panoptic-iou-greedy";
inline constexpr std::string_view kPanopticOptimalConvention = "panoptic-iou-optimal";

/// Of the quality of outlines when nothing was matched.
inline constexpr std::string_view kNoMatch = "no_match";

/// Who is matched when several could be, always one to one. Above an IoU of 0.5 nobody has a
/// choice: two such matches of one instance would share voxels.
enum class Matching {
  kGreedy,   ///< highest IoU first; of equal ones the first reference, then the first prediction
  kOptimal,  ///< largest sum of IoU
};

struct PanopticRules {
  double iou_above = 0.5;  ///< a pair may match when its IoU is larger; in [0, 1)
  Matching matching = Matching::kGreedy;
  bool operator==(const PanopticRules&) const = default;
};

/// A predicted and a reference instance that are one. Instances are numbered as Components, or by
/// their label.
struct InstanceMatch {
  std::int32_t prediction = 0;
  std::int32_t reference = 0;
  double iou = 0;
};

struct PanopticQuality {
  std::int64_t tp = 0;                 ///< matches
  std::int64_t fp = 0;                 ///< predicted instances without one
  std::int64_t fn = 0;                 ///< reference instances without one
  std::vector<InstanceMatch> matches;  ///< by reference
  /// All of it, as the figures carry it: "panoptic-iou-greedy>0.5/components-26" or
  /// ".../instances".
  std::string convention;

  Estimate segmentation_quality;  ///< SQ: mean IoU of matches; undefined without
  Estimate recognition_quality;   ///< RQ: TP / (TP + FP/2 + FN/2); undefined without any instance
  Estimate panoptic_quality;      ///< PQ = SQ RQ; 0 without a match, undefined without any instance
};

/// Instances are the connected components of the masks. Errors: invalid for a threshold outside
/// [0, 1). Kirillov et al., CVPR 2019, 9404; Kofler et al., arXiv 2312.02608.
Result<PanopticQuality> panoptic_of_components(const BitMask& prediction, const BitMask& reference,
                                               Dimensions dimensions,
                                               Neighbours neighbours = Neighbours::k26,
                                               const PanopticRules& rules = {});

/// The same for each region of a pair of label volumes, in their order. Errors: as above, and as
/// overlap_of_regions().
Result<std::vector<PanopticQuality>> panoptic_of_regions(const LabelVolume& prediction,
                                                         const LabelVolume& reference,
                                                         std::span<const Region> regions,
                                                         Neighbours neighbours = Neighbours::k26,
                                                         const PanopticRules& rules = {});

/// Every label but 0 is one instance, connected or not. Errors: as above, and grids that differ.
Result<PanopticQuality> panoptic_of_instances(const LabelVolume& prediction,
                                              const LabelVolume& reference,
                                              const PanopticRules& rules = {});

}  // namespace medperf::metrics
