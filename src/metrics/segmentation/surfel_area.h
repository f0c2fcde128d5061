#pragma once
// Size of the piece of surface that passes between the voxels around one corner of the grid.

#include <array>

#include "metrics/segmentation/label_volume.h"

namespace medperf::metrics {

/// Area in mm2 for each of the 256 ways in which the eight voxels around a corner lie inside or
/// outside a mask; bit dx + 2 dy + 4 dz of the code is the voxel on that side. Code and complement
/// have the same area, codes 0 and 255 none.
///
/// The surface is that of marching cubes with all vertices halfway between inside and outside:
/// voxels of the smaller kind (of equally many: those inside) are grouped by shared faces, each
/// group is cut off by the loop of its midpoints, and the loop is filled with triangles.
/// Lorensen, Cline, Computer Graphics 21 (1987) 163; Nikolov et al., J Med Internet Res 23 (2021)
/// e26151.
std::array<double, 256> surfel_areas_mm2(const SpacingMm& spacing);

/// Length in mm for each of the 16 ways in which the four pixels around a corner lie inside or
/// outside a mask of one slice; bit dx + 2 dy.
std::array<double, 16> contour_lengths_mm(const SpacingMm& spacing);

}  // namespace medperf::metrics
