#include "metrics/vocabulary.h"

#include <algorithm>
#include <array>

#include "metrics/classification/auc.h"
#include "metrics/classification/threshold.h"
#include "metrics/segmentation/lesion_policy.h"
#include "metrics/segmentation/overlap.h"
#include "metrics/segmentation/panoptic.h"
#include "metrics/segmentation/surface_metrics.h"
#include "metrics/segmentation/surfel.h"
#include "metrics/statistics/proportion.h"

namespace medperf::metrics {
namespace {

constexpr std::string_view kCounts = "whole-numbers";
constexpr std::string_view kLogitMerge = "random-effects-logit";

// Sorted by id.
constexpr std::array kEntries = {
    MetricEntry{"accuracy", "Accuracy", Direction::kHigher, kWilsonConvention, "1", "none",
                "accuracy.md"},
    MetricEntry{"assd", "Average symmetric surface distance", Direction::kLower, kAssdConvention,
                "mm", "none", "assd.md"},
    MetricEntry{"auroc", "Area under the ROC curve", Direction::kHigher, kAucConvention, "1",
                kLogitMerge, "auroc.md"},
    MetricEntry{"case-count", "Number of cases", Direction::kNone, kCounts, "cases", "sum",
                "counts.md"},
    MetricEntry{"component-count", "Number of connected components", Direction::kNone,
                kComponentConvention, "components", "none", "components.md"},
    MetricEntry{"confusion-count", "Cell of the 2x2 table", Direction::kNone, kCounts, "cases",
                "sum", "counts.md"},
    MetricEntry{"decision-threshold", "Decision threshold", Direction::kNone, "score>=threshold",
                "1", "none", "threshold.md"},
    MetricEntry{"dice", "Dice similarity coefficient", Direction::kHigher, kDiceConvention, "1",
                "none", "dice.md"},
    MetricEntry{"f1", "F1 score", Direction::kHigher, kF1Convention, "1", "none", "f1.md"},
    MetricEntry{"hd", "Hausdorff distance", Direction::kLower, kHdConvention, "mm", "none",
                "hausdorff.md"},
    MetricEntry{"hd95", "95th percentile of the Hausdorff distance", Direction::kLower,
                kHd95Convention, "mm", "none", "hausdorff.md"},
    MetricEntry{"hd95-pooled", "HD95 of both directions together", Direction::kLower,
                kHd95PooledConvention, "mm", "none", "hausdorff.md"},
    MetricEntry{"iou", "Intersection over union (Jaccard)", Direction::kHigher, kIouConvention, "1",
                "none", "dice.md"},
    MetricEntry{"lesion-count", "Found, missed or invented lesions", Direction::kNone,
                kLesionConvention, "lesions", "sum", "lesion-wise.md"},
    MetricEntry{"lesion-dice", "Lesion-wise Dice", Direction::kHigher, kLesionConvention, "1",
                "none", "lesion-wise.md"},
    MetricEntry{"lesion-f1", "F1 score of lesions", Direction::kHigher, kLesionConvention, "1",
                "none", "lesion-wise.md"},
    MetricEntry{"lesion-hd95", "Lesion-wise HD95", Direction::kLower, kLesionConvention, "mm",
                "none", "lesion-wise.md"},
    MetricEntry{"lesion-nsd", "Lesion-wise surface Dice", Direction::kHigher, kLesionConvention,
                "1", "none", "lesion-wise.md"},
    MetricEntry{"lesion-precision", "Precision of lesions", Direction::kHigher, kLesionConvention,
                "1", "none", "lesion-wise.md"},
    MetricEntry{"lesion-sensitivity", "Sensitivity to lesions", Direction::kHigher,
                kLesionConvention, "1", "none", "lesion-wise.md"},
    MetricEntry{"masd", "Mean average surface distance", Direction::kLower, kMasdConvention, "mm",
                "none", "assd.md"},
    MetricEntry{"mcc", "Matthews correlation coefficient", Direction::kHigher, kMccConvention, "1",
                "none", "mcc.md"},
    MetricEntry{"npv", "Negative predictive value", Direction::kHigher, kWilsonConvention, "1",
                "none", "precision.md"},
    MetricEntry{"nsd", "Normalised surface distance at tau", Direction::kHigher, kNsdConvention,
                "1", "none", "nsd.md"},
    MetricEntry{"panoptic-quality", "Panoptic quality (PQ)", Direction::kHigher,
                kPanopticGreedyConvention, "1", "none", "panoptic.md"},
    MetricEntry{"precision", "Precision (positive predictive value)", Direction::kHigher,
                kWilsonConvention, "1", "none", "precision.md"},
    MetricEntry{"recognition-quality", "Recognition quality (RQ)", Direction::kHigher,
                kPanopticGreedyConvention, "1", "none", "panoptic.md"},
    MetricEntry{"relative-volume-difference", "Relative volume difference, signed",
                Direction::kNone, kVolumeDifferenceConvention, "1", "none", "volume.md"},
    MetricEntry{"segmentation-quality", "Segmentation quality (SQ)", Direction::kHigher,
                kPanopticGreedyConvention, "1", "none", "panoptic.md"},
    MetricEntry{"sensitivity", "Sensitivity (recall)", Direction::kHigher, kWilsonConvention, "1",
                kLogitMerge, "sensitivity-specificity.md"},
    MetricEntry{"specificity", "Specificity", Direction::kHigher, kWilsonConvention, "1",
                kLogitMerge, "sensitivity-specificity.md"},
    MetricEntry{"surfel-asd-prediction", "Mean distance of the predicted surface, by area",
                Direction::kLower, kSurfelConvention, "mm", "none", "surfel.md"},
    MetricEntry{"surfel-asd-reference", "Mean distance of the reference surface, by area",
                Direction::kLower, kSurfelConvention, "mm", "none", "surfel.md"},
    MetricEntry{"surfel-hd", "Hausdorff distance of surfels", Direction::kLower, kSurfelConvention,
                "mm", "none", "surfel.md"},
    MetricEntry{"surfel-hd95", "HD95 of surfels, by area", Direction::kLower, kSurfelConvention,
                "mm", "none", "surfel.md"},
    MetricEntry{"surfel-nsd", "Surface Dice of surfels, by area", Direction::kHigher,
                kSurfelConvention, "1", "none", "surfel.md"},
    MetricEntry{"volume", "Volume of a structure", Direction::kNone, kVolumeConvention, "ml",
                "none", "volume.md"},
    MetricEntry{"volume-similarity", "Volume similarity", Direction::kHigher,
                kVolumeSimilarityConvention, "1", "none", "volume.md"},
    MetricEntry{"voxel-count", "Voxels in both masks, in one, or in none", Direction::kNone,
                kCounts, "voxels", "sum", "dice.md"},
    MetricEntry{"voxel-precision", "Precision of voxels", Direction::kHigher,
                kVoxelPrecisionConvention, "1", "none", "voxel-rates.md"},
    MetricEntry{"voxel-sensitivity", "Sensitivity to voxels", Direction::kHigher,
                kVoxelSensitivityConvention, "1", "none", "voxel-rates.md"},
    MetricEntry{"voxel-specificity", "Specificity of voxels", Direction::kHigher,
                kVoxelSpecificityConvention, "1", "none", "voxel-rates.md"},
};

}  // namespace

std::string_view to_string(Direction direction) {
  switch (direction) {
    case Direction::kHigher:
      return "higher";
    case Direction::kLower:
      return "lower";
    case Direction::kNone:
      break;
  }
  return "none";
}

std::span<const MetricEntry> vocabulary() {
  return kEntries;
}

const MetricEntry* find_metric(std::string_view id) {
  const auto* const found = std::lower_bound(
      kEntries.begin(), kEntries.end(), id,
      [](const MetricEntry& entry, std::string_view wanted) { return entry.id < wanted; });
  return found != kEntries.end() && found->id == id ? found : nullptr;
}

}  // namespace medperf::metrics
