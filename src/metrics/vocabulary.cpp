#include "metrics/vocabulary.h"

#include <algorithm>
#include <array>

#include "metrics/classification/auc.h"
#include "metrics/classification/calibration.h"
#include "metrics/classification/comparison.h"
#include "metrics/classification/confusion_matrix.h"
#include "metrics/classification/curves.h"
#include "metrics/classification/decision.h"
#include "metrics/classification/multiclass.h"
#include "metrics/classification/multilabel.h"
#include "metrics/classification/probability.h"
#include "metrics/classification/threshold.h"
#include "metrics/pooling/ratio.h"
#include "metrics/regression/agreement.h"
#include "metrics/regression/errors.h"
#include "metrics/regression/icc.h"
#include "metrics/segmentation/lesion_policy.h"
#include "metrics/segmentation/overlap.h"
#include "metrics/segmentation/panoptic.h"
#include "metrics/segmentation/surface_metrics.h"
#include "metrics/segmentation/surfel.h"
#include "metrics/statistics/mean.h"
#include "metrics/statistics/paired.h"
#include "metrics/statistics/proportion.h"
#include "metrics/statistics/quantile_interval.h"
#include "metrics/statistics/ranks.h"

namespace medperf::metrics {
namespace {

constexpr std::string_view kCounts = "whole-numbers";
constexpr std::string_view kLogitMerge = "random-effects-logit";

// Sorted by id.
constexpr std::array kEntries = {
    MetricEntry{"accuracy", "Accuracy", Direction::kHigher, kWilsonConvention, "1", "none",
                "accuracy.md"},
    MetricEntry{"accuracy-difference", "Difference of two models' accuracies", Direction::kNone,
                kMcNemarMidPConvention, "1", "none", "comparison.md"},
    MetricEntry{"assd", "Average symmetric surface distance", Direction::kLower, kAssdConvention,
                "mm", "none", "assd.md"},
    MetricEntry{"auprc", "Area under the precision-recall curve", Direction::kHigher,
                kAveragePrecisionConvention, "1", "none", "auprc.md"},
    MetricEntry{"auprc-trapezoid", "Area under the precision-recall curve, by trapezoids",
                Direction::kHigher, kAuprcTrapezoidConvention, "1", "none", "auprc.md"},
    MetricEntry{"auroc", "Area under the ROC curve", Direction::kHigher, kAucConvention, "1",
                kLogitMerge, "auroc.md"},
    MetricEntry{"auroc-difference", "Difference of two models' areas under the ROC curve",
                Direction::kNone, kPairedAucConvention, "1", "none", "comparison.md"},
    MetricEntry{"auroc-hand-till", "Area under the ROC curve of several classes (Hand, Till)",
                Direction::kHigher, kHandTillConvention, "1", "none", "multiclass.md"},
    MetricEntry{"auroc-macro-labels", "Area under the ROC curve, mean over labels",
                Direction::kHigher, kMacroAurocConvention, "1", "none", "multilabel.md"},
    MetricEntry{"auroc-one-vs-rest", "Area under the ROC curve, each class against the rest",
                Direction::kHigher, kOneVsRestConvention, "1", "none", "multiclass.md"},
    MetricEntry{"auroc-one-vs-rest-weighted",
                "AUROC of each class against the rest, mean by the classes' cases",
                Direction::kHigher, kOneVsRestWeightedConvention, "1", "none", "multiclass.md"},
    MetricEntry{"balanced-accuracy", "Balanced accuracy", Direction::kHigher,
                kBalancedAccuracyConvention, "1", "none", "youden.md"},
    MetricEntry{"bias", "Mean error", Direction::kNone, kBiasConvention, "unit of the value",
                "none", "regression.md"},
    MetricEntry{"brier", "Brier score", Direction::kLower, kBrierConvention, "1", "none",
                "brier.md"},
    MetricEntry{"brier-multiclass", "Brier score, summed over classes", Direction::kLower,
                kMultiBrierConvention, "1", "none", "brier.md"},
    MetricEntry{"calibration-in-the-large", "Calibration in the large", Direction::kNone,
                kCalibrationInterceptConvention, "1", "none", "calibration-slope.md"},
    MetricEntry{"calibration-slope", "Calibration slope", Direction::kNone,
                kCalibrationSlopeConvention, "1", "none", "calibration-slope.md"},
    MetricEntry{"case-count", "Number of cases", Direction::kNone, kCounts, "cases", "sum",
                "counts.md"},
    MetricEntry{"ccc", "Concordance correlation coefficient", Direction::kHigher, kCccConvention,
                "1", "none", "correlation.md"},
    MetricEntry{"component-count", "Number of connected components", Direction::kNone,
                kComponentConvention, "components", "none", "components.md"},
    MetricEntry{"confusion-count", "Cell of the 2x2 table", Direction::kNone, kCounts, "cases",
                "sum", "counts.md"},
    MetricEntry{"decision-threshold", "Decision threshold", Direction::kNone, "score>=threshold",
                "1", "none", "threshold.md"},
    MetricEntry{"dice", "Dice similarity coefficient", Direction::kHigher, kDiceConvention, "1",
                "none", "dice.md"},
    MetricEntry{"dice-micro", "Dice of the pooled voxels of all cases", Direction::kHigher,
                kRatioConvention, "1", "none", "pooling.md"},
    MetricEntry{"ece", "Expected calibration error", Direction::kLower, kEceConvention, "1", "none",
                "calibration-error.md"},
    MetricEntry{"ece-equal-mass", "Expected calibration error, bins of equal size",
                Direction::kLower, kEceMassConvention, "1", "none", "calibration-error.md"},
    MetricEntry{"f1", "F1 score", Direction::kHigher, kF1Convention, "1", "none", "f1.md"},
    MetricEntry{"f1-macro", "F1 score, mean over classes", Direction::kHigher, kMacroF1Convention,
                "1", "none", "multiclass.md"},
    MetricEntry{"f1-macro-labels", "F1 score, mean over labels", Direction::kHigher,
                kMultiLabelMacroF1Convention, "1", "none", "multilabel.md"},
    MetricEntry{"f1-micro", "F1 score of summed counts", Direction::kHigher, kMicroF1Convention,
                "1", "none", "multiclass.md"},
    MetricEntry{"f1-micro-labels", "F1 score of all labels' counts", Direction::kHigher,
                kMultiLabelMicroF1Convention, "1", "none", "multilabel.md"},
    MetricEntry{"f1-weighted", "F1 score, mean over classes by their cases", Direction::kHigher,
                kWeightedF1Convention, "1", "none", "multiclass.md"},
    MetricEntry{"hamming-loss", "Hamming loss", Direction::kLower, kHammingConvention, "1", "none",
                "multilabel.md"},
    MetricEntry{"hd", "Hausdorff distance", Direction::kLower, kHdConvention, "mm", "none",
                "hausdorff.md"},
    MetricEntry{"hd95", "95th percentile of the Hausdorff distance", Direction::kLower,
                kHd95Convention, "mm", "none", "hausdorff.md"},
    MetricEntry{"hd95-pooled", "HD95 of both directions together", Direction::kLower,
                kHd95PooledConvention, "mm", "none", "hausdorff.md"},
    MetricEntry{"icc-1-1", "Intraclass correlation (1,1)", Direction::kHigher, kIcc11Convention,
                "1", "none", "icc.md"},
    MetricEntry{"icc-a-1", "Intraclass correlation (A,1)", Direction::kHigher, kIccA1Convention,
                "1", "none", "icc.md"},
    MetricEntry{"icc-c-1", "Intraclass correlation (C,1)", Direction::kHigher, kIccC1Convention,
                "1", "none", "icc.md"},
    MetricEntry{"iou", "Intersection over union (Jaccard)", Direction::kHigher, kIouConvention, "1",
                "none", "dice.md"},
    MetricEntry{"kappa", "Cohen's kappa", Direction::kHigher, kKappaConvention, "1", "none",
                "kappa.md"},
    MetricEntry{"kappa-linear", "Cohen's kappa, linear weights", Direction::kHigher,
                kLinearKappaConvention, "1", "none", "kappa.md"},
    MetricEntry{"kappa-quadratic", "Cohen's kappa, quadratic weights", Direction::kHigher,
                kQuadraticKappaConvention, "1", "none", "kappa.md"},
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
    MetricEntry{"limits-of-agreement", "Limits of agreement", Direction::kNone, kLimitsConvention,
                "unit of the value", "none", "agreement.md"},
    MetricEntry{"log-loss", "Log loss", Direction::kLower, kLogLossConvention, "nat", "none",
                "log-loss.md"},
    MetricEntry{"lr-negative", "Negative likelihood ratio", Direction::kLower,
                kLikelihoodRatioConvention, "1", "none", "likelihood-ratios.md"},
    MetricEntry{"lr-positive", "Positive likelihood ratio", Direction::kHigher,
                kLikelihoodRatioConvention, "1", "none", "likelihood-ratios.md"},
    MetricEntry{"mae", "Mean absolute error", Direction::kLower, kMaeConvention,
                "unit of the value", "none", "regression.md"},
    MetricEntry{"masd", "Mean average surface distance", Direction::kLower, kMasdConvention, "mm",
                "none", "assd.md"},
    MetricEntry{"mcc", "Matthews correlation coefficient", Direction::kHigher, kMccConvention, "1",
                "none", "mcc.md"},
    MetricEntry{"mcc-multiclass", "Matthews correlation coefficient of several classes",
                Direction::kHigher, kGorodkinConvention, "1", "none", "multiclass.md"},
    MetricEntry{"mce", "Maximum calibration error", Direction::kLower, kMceConvention, "1", "none",
                "calibration-error.md"},
    MetricEntry{"mean", "Mean of a value per case", Direction::kNone, kMeanConvention,
                "unit of the value", "none", "intervals.md"},
    MetricEntry{"mean-difference", "Mean difference of two models on the same cases",
                Direction::kNone, kPairedTConvention, "unit of the value", "none", "paired.md"},
    MetricEntry{"net-benefit", "Net benefit", Direction::kHigher, kNetBenefitConvention, "1",
                "none", "net-benefit.md"},
    MetricEntry{"npv", "Negative predictive value", Direction::kHigher, kWilsonConvention, "1",
                "none", "precision.md"},
    MetricEntry{"nsd", "Normalised surface distance at tau", Direction::kHigher, kNsdConvention,
                "1", "none", "nsd.md"},
    MetricEntry{"observed-expected-ratio", "Observed over expected events", Direction::kNone,
                "ratio-of-sums", "1", "none", "pooling.md"},
    MetricEntry{"panoptic-quality", "Panoptic quality (PQ)", Direction::kHigher,
                kPanopticGreedyConvention, "1", "none", "panoptic.md"},
    MetricEntry{"pearson", "Pearson's correlation", Direction::kHigher, kPearsonConvention, "1",
                "none", "correlation.md"},
    MetricEntry{"precision", "Precision (positive predictive value)", Direction::kHigher,
                kWilsonConvention, "1", "none", "precision.md"},
    MetricEntry{"quantile", "Quantile of a value per case, such as the median", Direction::kNone,
                kQuantileConvention, "unit of the value", "none", "intervals.md"},
    MetricEntry{"r2", "Coefficient of determination", Direction::kHigher, kR2Convention, "1",
                "none", "regression.md"},
    MetricEntry{"rank", "Place among several models", Direction::kLower, kRankPairwiseConvention,
                "place", "none", "ranks.md"},
    MetricEntry{"recognition-quality", "Recognition quality (RQ)", Direction::kHigher,
                kPanopticGreedyConvention, "1", "none", "panoptic.md"},
    MetricEntry{"relative-volume-difference", "Relative volume difference, signed",
                Direction::kNone, kVolumeDifferenceConvention, "1", "none", "volume.md"},
    MetricEntry{"rmse", "Root mean squared error", Direction::kLower, kRmseConvention,
                "unit of the value", "none", "regression.md"},
    MetricEntry{"segmentation-quality", "Segmentation quality (SQ)", Direction::kHigher,
                kPanopticGreedyConvention, "1", "none", "panoptic.md"},
    MetricEntry{"sensitivity", "Sensitivity (recall)", Direction::kHigher, kWilsonConvention, "1",
                kLogitMerge, "sensitivity-specificity.md"},
    MetricEntry{"spearman", "Spearman's rank correlation", Direction::kHigher, kSpearmanConvention,
                "1", "none", "correlation.md"},
    MetricEntry{"specificity", "Specificity", Direction::kHigher, kWilsonConvention, "1",
                kLogitMerge, "sensitivity-specificity.md"},
    MetricEntry{"subset-accuracy", "Subset accuracy", Direction::kHigher, kSubsetAccuracyConvention,
                "1", "none", "multilabel.md"},
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
    MetricEntry{"top-k-accuracy", "Top-k accuracy", Direction::kHigher, kTopKConvention, "1",
                "none", "multiclass.md"},
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
    MetricEntry{"youden", "Youden index", Direction::kHigher, kYoudenConvention, "1", "none",
                "youden.md"},
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

std::optional<double> ideal_of(std::string_view id) {
  if (id == "bias" || id == "calibration-in-the-large" || id == "relative-volume-difference") {
    return 0;
  }
  if (id == "calibration-slope" || id == "observed-expected-ratio") return 1;
  return std::nullopt;
}

}  // namespace medperf::metrics
