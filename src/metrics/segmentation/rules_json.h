#pragma once
// What a benchmark decides about instances and lesions, and how it is written down.

#include "base/json.h"
#include "base/result.h"
#include "metrics/segmentation/lesion_policy.h"
#include "metrics/segmentation/panoptic.h"

namespace medperf::metrics {

/// What the instances of the panoptic metrics are, and when two are one.
struct InstanceRules {
  PanopticRules match;
  Neighbours connectivity = Neighbours::k26;  ///< of the components of a region
  /// The maps are instance maps: every label but 0 is one instance, connected or not, and the
  /// figures are those of the whole map instead of a region's.
  bool whole_maps = false;
  bool operator==(const InstanceRules&) const = default;
};

/// {"iou_above", "matching": "greedy" or "optimal", "connectivity": 6, 18 or 26, "instance_maps"}.
Json to_json(const InstanceRules& rules);
/// The same form; what is missing is the default. Errors: invalid for other keys and values.
Result<InstanceRules> read_instance_rules(const Json& document);

/// {"id", "connectivity", "growth", "growth_voxels", "ignored_mm3", "missed_overlap", "missed_mm",
/// "invented_overlap", "invented_mm", "nothing_overlap", "nothing_mm"}.
Json to_json(const LesionPolicy& policy);
/// A benchmark's own policy, in the same form; its id is the convention of the figures. Needed are
/// id, growth_voxels, ignored_mm3, missed_mm and invented_mm, which have no common value. Errors:
/// invalid for other keys and values, and for the id of a named policy.
Result<LesionPolicy> read_lesion_policy(const Json& document);

}  // namespace medperf::metrics
