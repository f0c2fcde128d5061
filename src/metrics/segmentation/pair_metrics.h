#pragma once
// All metrics of all regions of one pair of label volumes.

#include <span>
#include <vector>

#include "base/result.h"
#include "metrics/estimate.h"
#include "metrics/segmentation/label_volume.h"
#include "metrics/segmentation/overlap.h"
#include "metrics/segmentation/surface_distance.h"

namespace medperf::metrics {

struct PairOptions {
  std::vector<double> tau_mm;  ///< tolerances of NSD, each above 0 and finite
  bool surfaces = true;        ///< false: overlap and volumes only
  int threads = 1;             ///< of this pair; many pairs are better shared out whole
  DistanceOptions distances;
};

struct RegionMetrics {
  RegionOverlap overlap;
  double prediction_ml = 0;
  double reference_ml = 0;
  Estimate dice;
  Estimate iou;
  Estimate sensitivity;
  Estimate precision;
  Estimate specificity;
  Estimate volume_similarity;
  Estimate relative_volume_difference;
  // Of surfaces, in mm; empty estimates when PairOptions::surfaces is false.
  Estimate hd;
  Estimate hd95;
  Estimate hd95_pooled;
  Estimate assd;
  Estimate masd;
  std::vector<Estimate> nsd;  ///< as PairOptions::tau_mm
};

/// The metrics of each region, in the order of `regions`. One pass over the volumes counts all
/// overlaps and finds the boxes; then each region is packed to bits within its box and its surfaces
/// are compared there. Needs memory for the bits of some regions at a time, at most about a quarter
/// of the two volumes unless one region alone needs more. The result does not depend on `threads`.
/// Errors: invalid when the grids differ, a region is refused by check_region(), or a tau is not
/// above 0 and finite.
Result<std::vector<RegionMetrics>> evaluate_pair(const LabelVolume& prediction,
                                                 const LabelVolume& reference,
                                                 std::span<const Region> regions,
                                                 const PairOptions& options);

}  // namespace medperf::metrics
