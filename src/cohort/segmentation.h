#pragma once
// Segmentations of a cohort: every pair of label maps to the chosen metrics of the chosen regions.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cohort/cohort_result.h"
#include "cohort/label_pair.h"
#include "metrics/segmentation/label_volume.h"
#include "metrics/segmentation/rules_json.h"

namespace medperf::cohort {

struct SegmentationOptions {
  std::vector<metrics::Region> regions;
  std::vector<std::string> metrics;  ///< ids; empty: default_segmentation_metrics()
  std::vector<double> tau_mm;        ///< for nsd, surfel-nsd and lesion-nsd, one column each
  std::string lesion_policy;         ///< id, for the lesion-* metrics
  std::optional<metrics::LesionPolicy> own_lesion_policy;  ///< of the benchmark, instead of an id
  metrics::InstanceRules instances;                        ///< for the panoptic metrics
  imaging::GridRule grid_rule = imaging::GridRule::kRefuse;
  std::optional<std::array<double, 3>> spacing_mm;  ///< of files that have none
  Bytes largest_map = kLargestMap;
  Links links = Links::kRefuse;  ///< follow those that a person names only
  int threads = 1;               ///< cases at the same time

  LabelMapRules map_rules(bool needs_spacing) const {
    return {spacing_mm, needs_spacing, largest_map, links, {}};
  }
};

/// The region under which figures of whole instance maps stand.
inline constexpr std::string_view kInstancesRegion = "instances";

/// The policy of the options, or null pointer.
const metrics::LesionPolicy* lesion_policy_of(const SegmentationOptions& options);

/// The ids that can be asked for, sorted.
std::vector<std::string_view> segmentation_metrics();
/// Dice, HD95, and NSD when a tolerance is given: overlap and boundary, as Metrics Reloaded advises
/// for structures that are not tiny or thin.
std::vector<std::string> default_segmentation_metrics(bool with_tau);

/// "WT=1,2,4" as a region. Errors: invalid (form, no label, label 0, a number that is no label).
Result<metrics::Region> parse_region(std::string_view text);

/// Called after each case, never by two threads at once.
using Progress = std::function<void(std::size_t done, std::size_t all)>;

/// One case that cannot be read or measured is a case with a failure; the others go on. The answer
/// does not depend on `threads`. Memory: the two volumes of `threads` cases.
/// Errors: invalid for options that no case could be measured with (no region, an unknown metric,
/// a metric without its tolerance or policy); interrupted when a stop was asked for.
Result<CohortResult> measure_segmentations(std::span<const CaseFiles> cases,
                                           const SegmentationOptions& options,
                                           const Progress& progress = {});

}  // namespace medperf::cohort
