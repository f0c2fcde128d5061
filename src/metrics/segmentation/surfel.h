#pragma once
// Distances of two surfaces that are made of small pieces, one at each corner of the grid, and
// weighted by their areas. A named alternative to the distances between voxel centres.

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/estimate.h"
#include "metrics/segmentation/bit_mask.h"

namespace medperf::metrics {

inline constexpr std::string_view kSurfelConvention = "surfel-2x2x2";  ///< areas, 3-D
inline constexpr std::string_view kContourConvention = "surfel-2x2";   ///< lengths, one slice

/// How much of a surface lies how far from the other one.
struct AreaByDistance {
  std::vector<double> distance_mm;  ///< ascending, all different
  std::vector<double> area;         ///< of the pieces at that distance; mm2, in one slice mm
  double total_area = 0;
};

/// Both directions. The lists of an empty mask are empty, and then the other's distances are not
/// defined: both lists are empty.
struct SurfelDistances {
  AreaByDistance from_reference;   ///< pieces of the reference, distance to the prediction
  AreaByDistance from_prediction;  ///< and the other way round
  std::string_view convention;
  std::string_view flag;  ///< both_empty, pred_empty, ref_empty or nothing
};

/// A piece of surface lies at every corner of the grid whose eight (in one slice: four) voxels are
/// not all alike; its area is that of surfel_areas_mm2(). Outside the image is background.
/// Distances are between such corners, to the nearest. `image` decides whether there is one slice
/// only; the masks' boxes may differ and must hold all of each mask. Nikolov et al., J Med Internet
/// Res 23 (2021) e26151.
SurfelDistances surfel_distances(const BitMask& prediction, const BitMask& reference,
                                 const SpacingMm& spacing, Dimensions dimensions);

/// Of each region of a pair of label volumes, in their order. Errors: as overlap_of_regions().
Result<std::vector<SurfelDistances>> surfel_distances_of_regions(const LabelVolume& prediction,
                                                                 const LabelVolume& reference,
                                                                 std::span<const Region> regions);

// With an empty mask: the flag, and the value of the metric's page.

/// Larger of the two directed distances within which `percentile` percent of the surface lie: the
/// smallest distance whose cumulated area reaches that share (a step function, no interpolation).
/// percentile in (0, 100]; 100 is the Hausdorff distance. Both empty: 0; one empty: undefined.
Estimate surfel_hausdorff(const SurfelDistances& distances, double percentile);

/// Share in [0, 1] of both surfaces within tau of the other (d <= tau (1 + 1e-6)). Both empty: 1;
/// one empty: 0.
Estimate surfel_surface_dice(const SurfelDistances& distances, double tau_mm);

/// Area-weighted mean distance of one surface from the other. Both empty: 0; one empty: undefined.
Estimate surfel_average_from_reference(const SurfelDistances& distances);
Estimate surfel_average_from_prediction(const SurfelDistances& distances);

/// The corners at which a piece of the mask's surface lies. Corner (x, y, z) is the one before
/// voxel (x, y, z) on every axis; the box holds one corner more than voxels on x, y and, in
/// a volume, z.
BitMask surfel_corners(const BitMask& mask, Dimensions dimensions);

}  // namespace medperf::metrics
