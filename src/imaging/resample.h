#pragma once
// Label maps brought onto another grid, by one explicit rule and never silently.

#include <string_view>

#include "base/result.h"
#include "imaging/volume.h"

namespace medperf::imaging {

/// What happens to a label map that does not lie on the reference's grid.
enum class GridRule {
  kRefuse,          ///< an error that names each difference: the default everywhere
  kResampleNearest  ///< nearest neighbour, said in the volume's remarks
};

/// The labels at the centres of the voxels of `grid`, taken from the voxel whose centre is nearest
/// along each axis of `labels`. A centre half way between two (within 1e-6 of a voxel) takes the
/// one with the higher index, as ITK does; a centre outside the labels' grid, which ends half a
/// voxel beyond its outermost centres, is background (0). No label is invented and none averaged;
/// thin structures may vanish on a coarser grid. Adds a remark that it was resampled.
/// O(voxels of both). Errors: invalid when labelled voxels have their centre outside the new grid
/// (left out, a model's false positives would count for nothing), when one is 2-D and the other of
/// several slices, or `labels` is not of an integer type (see to_labels).
Result<Volume> resample_labels(const Volume& labels, const Geometry& grid);

/// `labels` as they are when they lie on `grid` (within kGeometryTolerance), whose numbers they
/// then have; else by the rule. `name` and `grid_name` are for the message, e.g. "prediction" and
/// "reference".
Result<Volume> bring_to_grid(Volume&& labels, const Geometry& grid, GridRule rule,
                             std::string_view name, std::string_view grid_name);

}  // namespace medperf::imaging
