#pragma once
// One slice of a case with both contours.

#include <string>

#include "base/result.h"
#include "metrics/segmentation/label_volume.h"

namespace medperf::cohort::report {

struct Overlay {
  int slice = 0;  ///< z, from 0: the one with the most voxels of which only one side holds
  std::int64_t differing = 0;  ///< voxels of that slice
  int reduction = 1;           ///< voxels a pixel is wide and high; a side is lit where any is
  bool contours = true;        ///< false: too ragged to be drawn, the shades alone tell
  std::string svg;             ///< both label maps in grey (PNG), the contours over them
};

/// A picture of a region around its structures, at most 400 pixels wide and high and of a few
/// hundred kilobytes, whatever the label maps hold. `name` is what the picture shows, for those who
/// do not see it. Errors: invalid when the grids differ; not_found when the region is in neither.
Result<Overlay> draw_overlay(const metrics::LabelVolume& prediction,
                             const metrics::LabelVolume& reference, const metrics::Region& region,
                             const std::string& name);

}  // namespace medperf::cohort::report
