#include "metrics/segmentation/overlap.h"

#include <cstdlib>

namespace medperf::metrics {
namespace {

Estimate quotient(std::int64_t part, std::int64_t whole, std::string_view convention,
                  const Overlap& overlap) {
  Estimate estimate;
  estimate.convention = convention;
  estimate.flag = empty_flag(overlap);
  if (whole != 0) estimate.value = static_cast<double>(part) / static_cast<double>(whole);
  return estimate;
}

Estimate one_if_both_empty(Estimate estimate) {
  if (estimate.flag == flag::kBothEmpty) estimate.value = 1;
  return estimate;
}

}  // namespace

std::string_view empty_flag(const Overlap& overlap) {
  if (overlap.predicted() == 0) {
    return overlap.referenced() == 0 ? flag::kBothEmpty : flag::kPredictionEmpty;
  }
  return overlap.referenced() == 0 ? flag::kReferenceEmpty : std::string_view{};
}

Estimate dice(const Overlap& o) {
  return one_if_both_empty(quotient(2 * o.tp, 2 * o.tp + o.fp + o.fn, kDiceConvention, o));
}

Estimate intersection_over_union(const Overlap& o) {
  return one_if_both_empty(quotient(o.tp, o.tp + o.fp + o.fn, kIouConvention, o));
}

Estimate voxel_sensitivity(const Overlap& o) {
  return quotient(o.tp, o.referenced(), kVoxelSensitivityConvention, o);
}

Estimate voxel_precision(const Overlap& o) {
  return quotient(o.tp, o.predicted(), kVoxelPrecisionConvention, o);
}

Estimate voxel_specificity(const Overlap& o) {
  Estimate estimate = quotient(o.tn, o.tn + o.fp, kVoxelSpecificityConvention, o);
  if (!estimate.value) estimate.flag = flag::kNoNegatives;
  return estimate;
}

Estimate volume_similarity(const Overlap& o) {
  const std::int64_t sum = 2 * o.tp + o.fp + o.fn;
  // One division: (sum - |FN - FP|) / sum.
  return quotient(sum - std::abs(o.fn - o.fp), sum, kVolumeSimilarityConvention, o);
}

Estimate relative_volume_difference(const Overlap& o) {
  return quotient(o.predicted() - o.referenced(), o.referenced(), kVolumeDifferenceConvention, o);
}

double volume_ml(std::int64_t voxels, const SpacingMm& spacing) {
  return static_cast<double>(voxels) * spacing.voxel_mm3() / 1000;
}

}  // namespace medperf::metrics
