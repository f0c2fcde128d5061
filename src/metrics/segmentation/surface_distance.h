#pragma once
// Distances between the surfaces of two masks: from every surface voxel of one to the nearest of
// the other, exact, in millimetres.

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/segmentation/bit_mask.h"
#include "metrics/segmentation/label_volume.h"
#include "metrics/segmentation/simd.h"
#include "metrics/workers.h"

namespace medperf::metrics {

struct DistanceCount {
  double squared_mm2;
  std::int64_t voxels;
};

/// The distances from the surface voxels of one mask to the surface of the other, as counts: voxels
/// of a grid have few different distances. Empty when either surface is.
struct DirectedDistances {
  std::int64_t surface_voxels = 0;  ///< of the mask that is measured from
  std::vector<DistanceCount>
      counted;  ///< ascending, each distance once; they sum to surface_voxels
};

struct SurfaceDistances {
  DirectedDistances to_reference;   ///< from the prediction's surface
  DirectedDistances to_prediction;  ///< from the reference's surface
};

/// Two surfaces (surface_of) in the same box with padding kSurfacePadding.
inline constexpr int kSurfacePadding = 3;
struct SurfacePair {
  const BitMask* prediction;
  const BitMask* reference;
};

/// How nearest voxels are found. All ways give the same distances (the transform to a few units of
/// the last place).
enum class DistanceMethod {
  kAutomatic,  ///< search, and the transform for what is too far to be worth searching
  kSearchOnly,
  kTransformOnly,  ///< for all but the voxels next to the other surface
};

struct DistanceOptions {
  DistanceMethod method = DistanceMethod::kAutomatic;
  Simd simd = best_simd();
};

/// Distances for each pair. First the neighbours within three voxels, for 64 voxels at a time; then
/// the rows around each voxel that is left; then blocks of eight voxels; then a distance transform,
/// when those would take longer. The way, and so the result, depends on the masks only, never on
/// the number of threads. O(words of the boxes + surface voxels) for surfaces that are close; never
/// worse than O(voxels of the boxes).
std::vector<SurfaceDistances> surface_distances(std::span<const SurfacePair> pairs,
                                                const SpacingMm& spacing, Workers& workers,
                                                const DistanceOptions& options = {});

/// Of one pair of masks (not surfaces) in any boxes of the same image.
SurfaceDistances surface_distances(const BitMask& prediction, const BitMask& reference,
                                   const SpacingMm& spacing, Dimensions dimensions,
                                   const DistanceOptions& options = {});

}  // namespace medperf::metrics
