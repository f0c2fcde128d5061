#pragma once
// Figures made of surface distances. All in millimetres, except the share of NSD.

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "metrics/estimate.h"
#include "metrics/segmentation/surface_distance.h"

namespace medperf::metrics {

inline constexpr std::string_view kHdConvention = "voxel-surface-max-of-directed";
inline constexpr std::string_view kHd95Convention = "voxel-surface-max-of-directed-type7";
inline constexpr std::string_view kHd95PooledConvention = "voxel-surface-pooled-type7";
inline constexpr std::string_view kAssdConvention = "voxel-surface-pooled-mean";
inline constexpr std::string_view kMasdConvention = "voxel-surface-mean-of-directed-means";
inline constexpr std::string_view kNsdConvention = "voxel-surface-count-within-tau";

/// Distances within tau are those up to tau * (1 + kTauSlack): a spacing read as a 32-bit number is
/// not quite the one that was meant.
inline constexpr double kTauSlack = 1e-6;

// Surfaces are voxel centres. With both masks empty, distances are 0 and NSD is 1, flagged
// both_empty; with one empty, distances are undefined and NSD is 0, flagged pred_empty or
// ref_empty.

/// Hausdorff distance: the largest distance of either direction.
Estimate hausdorff(const SurfaceDistances& distances);
/// The larger of the two directed 95th percentiles, linear between order statistics (type 7 of
/// Hyndman, Fan, American Statistician 50 (1996) 361).
Estimate hausdorff95(const SurfaceDistances& distances);
/// The 95th percentile of both directions together: what MedPy and its family call HD95.
Estimate hausdorff95_pooled(const SurfaceDistances& distances);
/// Average symmetric surface distance: the mean over the surface voxels of both masks together.
Estimate average_symmetric_surface_distance(const SurfaceDistances& distances);
/// Mean average surface distance: the mean of the two directed means.
Estimate mean_average_surface_distance(const SurfaceDistances& distances);
/// Normalised surface distance (surface Dice): the share of the surface voxels of both masks that
/// lie within tau of the other. tau_mm is above 0 and finite. Nikolov et al., J Med Internet Res 23
/// (2021) e26151, with counted voxels instead of areas.
Estimate normalised_surface_distance(const SurfaceDistances& distances, double tau_mm);

/// Percentile of one direction, 0 <= share <= 1, type 7; undefined without distances.
std::optional<double> directed_percentile(const DirectedDistances& distances, double share);
/// Mean of one direction; undefined without distances.
std::optional<double> directed_mean(const DirectedDistances& distances);

}  // namespace medperf::metrics
