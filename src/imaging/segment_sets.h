#pragma once
// Labels for voxels that several segments share, so that overlapping segments are one label map.

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"

namespace medperf::imaging {

/// Each set of two or more segments that some voxel belongs to gets a label of its own, which no
/// segment has. A region, a union of labels, then is the labels themselves and those of the sets
/// that have one of them: every metric of regions works as on separate masks. Both maps of a pair
/// take their labels from one object, since a region is the same labels in both.
class SegmentSets {
 public:
  static constexpr std::size_t kMost = 1 << 16;

  /// Labels of sets are `first` and above: more than any label that a segment or the other map has.
  explicit SegmentSets(std::int32_t first) : first_(first) {}

  bool empty() const { return sets_.empty(); }
  /// The label of what has `label`, a segment's or a set's, and belongs to `segment` too. Errors:
  /// too_large (kMost sets).
  Result<std::int32_t> with(std::int32_t label, std::uint16_t segment);
  /// The labels, and those of the sets that have one of them. Labels from `first` on are none: no
  /// map has them but for sets.
  std::vector<std::int32_t> region_of(std::span<const std::int32_t> labels) const;

 private:
  std::vector<std::uint16_t> members(std::int32_t label) const;

  std::int32_t first_;
  std::vector<std::vector<std::uint16_t>> sets_;  // sorted; set i has the label first_ + i
  std::map<std::vector<std::uint16_t>, std::int32_t> labels_;
  std::map<std::pair<std::int32_t, std::uint16_t>, std::int32_t> with_;
};

}  // namespace medperf::imaging
