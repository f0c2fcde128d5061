#pragma once
// The distance from each single voxel of a mask to the nearest of another, where it matters which
// voxel it is. (surface_distance.h only counts distances, which is faster.)

#include <cstdint>
#include <functional>

#include "metrics/segmentation/bit_mask.h"

namespace medperf::metrics {

/// Set voxels of one row at one squared distance: for each bit i the voxel (x + i, y, z) of the
/// mask's box. x may be negative; such voxels are never among them.
using VoxelDistance =
    std::function<void(int x, int y, int z, std::uint64_t bits, double squared_mm2)>;

/// Calls found() until every set voxel of `queries` was in one call, in an order that depends on
/// the masks only; voxels of the same distance within reach are in order of their place. Both masks
/// have the same box and padding, at least kSurfacePadding; `targets` has a set voxel. Exact:
/// neighbours within three voxels for 64 voxels at a time, then a search by blocks, then, when that
/// takes longer, a distance transform. Never worse than O(voxels of the box).
void for_each_distance(const BitMask& queries, const BitMask& targets, const SpacingMm& spacing,
                       const VoxelDistance& found);

}  // namespace medperf::metrics
