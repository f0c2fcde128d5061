#include "imaging/segment_sets.h"

#include <fmt/format.h>

#include <algorithm>

namespace medperf::imaging {

std::vector<std::uint16_t> SegmentSets::members(std::int32_t label) const {
  if (label >= first_) return sets_[static_cast<std::size_t>(label - first_)];
  return {static_cast<std::uint16_t>(label)};
}

Result<std::int32_t> SegmentSets::with(std::int32_t label, std::uint16_t segment) {
  if (const auto known = with_.find({label, segment}); known != with_.end()) return known->second;
  std::vector<std::uint16_t> set = members(label);
  const auto place = std::lower_bound(set.begin(), set.end(), segment);
  if (place != set.end() && *place == segment) return label;
  set.insert(place, segment);
  if (const auto known = labels_.find(set); known != labels_.end()) {
    with_[{label, segment}] = known->second;
    return known->second;
  }
  if (sets_.size() == kMost) {
    return make_error(ErrorKind::kTooLarge, {},
                      fmt::format("the segments overlap in more than {} ways", kMost),
                      "Write segments that exclude each other as one file, the others as another.");
  }
  const auto made = static_cast<std::int32_t>(first_ + static_cast<std::int32_t>(sets_.size()));
  labels_[set] = made;
  sets_.push_back(std::move(set));
  with_[{label, segment}] = made;
  return made;
}

std::vector<std::int32_t> SegmentSets::region_of(std::span<const std::int32_t> labels) const {
  std::vector<std::int32_t> region;
  for (const std::int32_t label : labels) {
    if (label < first_) region.push_back(label);
  }
  for (std::size_t i = 0; i < sets_.size(); ++i) {
    if (std::any_of(sets_[i].begin(), sets_[i].end(), [&](std::uint16_t member) {
          return std::find(labels.begin(), labels.end(), member) != labels.end();
        })) {
      region.push_back(first_ + static_cast<std::int32_t>(i));
    }
  }
  // A region has a label; this one is nowhere.
  if (region.empty()) region.push_back(first_ + static_cast<std::int32_t>(sets_.size()));
  return region;
}

}  // namespace medperf::imaging
