#pragma once
// The figures of one pair of label maps, by the ids of the vocabulary.

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cohort/cohort_result.h"
#include "cohort/segmentation.h"

namespace medperf::cohort {

/// What a metric needs to be computed.
enum class Engine { kOverlap, kVolume, kSurface, kSurfel, kLesion, kComponents, kPanoptic };
/// Whether the size of a voxel matters to it.
bool needs_spacing_of(Engine engine);

struct RegionMetric {
  std::string_view id;
  Engine engine;
  bool needs_tau = false;
  std::span<const std::string_view> parts = {};  ///< several figures a case, a column each
};
/// Sorted by id.
std::span<const RegionMetric> region_metrics();
const RegionMetric* find_region_metric(std::string_view id);

/// The columns of the options: for each region each metric, for each tau or part where it has them.
/// Errors: those of measure_segmentations.
Result<std::vector<Column>> columns_of(const SegmentationOptions& options);

/// What was found of a pair.
struct PairMeasures {
  std::vector<metrics::Estimate> values;   ///< one for each column
  std::vector<metrics::Overlap> overlaps;  ///< one for each region
};
/// Only what some column asks for is computed; overlaps always.
Result<PairMeasures> measure_pair(const metrics::LabelVolume& prediction,
                                  const metrics::LabelVolume& reference,
                                  const SegmentationOptions& options,
                                  std::span<const Column> columns);

}  // namespace medperf::cohort
