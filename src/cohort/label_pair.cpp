#include "cohort/label_pair.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "imaging/dicom.h"

namespace medperf::cohort {
namespace {

using imaging::DicomImage;
using imaging::Geometry;
using imaging::GridRule;
using imaging::SegmentSets;
using imaging::Volume;

constexpr std::string_view kPrediction = "the prediction";
constexpr std::string_view kReference = "the reference";

/// The highest label that a map may have, from its type where that says it well enough.
std::int32_t highest_label(const LabelFile& file) {
  if (const auto* const image = std::get_if<DicomImage>(&file)) {
    std::uint16_t highest = 0;
    for (const imaging::DicomFrame& frame : image->frames) {
      highest = std::max(highest, frame.segment);
    }
    return highest;
  }
  const auto& volume = std::get<Volume>(file);
  if (volume.type != imaging::ElementType::kI32) {
    return (std::int32_t{1} << (8 * imaging::size_of(volume.type))) - 1;
  }
  const auto voxels = volume.as<std::int32_t>();
  return *std::max_element(voxels.begin(), voxels.end());
}

/// The volume with empty slices before and behind it, where `longer` has more than its grid.
Volume with_more_slices(Volume&& volume, const Geometry& longer) {
  const std::size_t added = longer.size[2] - volume.geometry.size[2];
  if (added == 0) return std::move(volume);
  const double before = std::round(longer.index_of(volume.geometry.origin_mm)[2]);
  const std::size_t plane = longer.size[0] * longer.size[1] * imaging::size_of(volume.type);
  Volume out = imaging::make_volume(longer, volume.type);
  std::memcpy(out.elements.data() + static_cast<std::size_t>(before) * plane,
              std::as_const(volume).elements.data(), volume.elements.size());
  out.remarks = std::move(volume.remarks);
  out.remarks.push_back(fmt::format(
      "{} empty slices were added, for the other map has something outside of the grid", added));
  return out;
}

/// A grid as long along its slices as to hold another. Error: too_large when they lie so far apart
/// that no slices between them could be counted.
Result<Geometry> covering(const Geometry& grid, const Geometry& other) {
  double first = 0;
  double last = static_cast<double>(grid.size[2] - 1);
  for (const bool i : {false, true}) {
    for (const bool j : {false, true}) {
      for (const bool k : {false, true}) {
        const auto end = [&](std::size_t axis, bool far) {
          return far ? static_cast<double>(other.size[axis] - 1) : 0.0;
        };
        const double at = grid.index_of(other.position_mm(end(0, i), end(1, j), end(2, k)))[2];
        first = std::min(first, std::floor(at));
        last = std::max(last, std::ceil(at));
      }
    }
  }
  constexpr double kFarthest = 1e9;  // slices: fits every type, and no limit on memory
  if (!(last - first <= kFarthest)) {
    return make_error(ErrorKind::kTooLarge, {},
                      fmt::format("the two maps lie {:.3g} slices apart", last - first));
  }
  Geometry longer = grid;
  longer.origin_mm = grid.position_mm(0, 0, first);
  longer.size[2] = static_cast<std::size_t>(last - first) + 1;
  return longer;
}

/// The labels of a segmentation on a grid, which all its frames lie on.
Result<Volume> on_grid(const DicomImage& image, const imaging::SegmentationGrid& grid,
                       SegmentSets& sets, const Bytes& limit) {
  MEDPERF_TRY(Volume volume, imaging::segmentation_to_labels(image, grid.geometry, &sets, limit));
  volume.remarks = grid.remarks;
  return volume;
}

/// By itself: every slice between its outermost frames.
Result<Volume> on_own_grid(const DicomImage& image, SegmentSets& sets, const Bytes& limit) {
  const DicomImage* const one = &image;
  MEDPERF_TRY(const auto grid, imaging::segmentation_grid({&one, 1}, limit));
  return on_grid(image, grid, sets, limit);
}

/// Two segmentations: on the grid that both lie on, if there is one.
Status join_segmentations(const DicomImage& prediction, const DicomImage& reference, GridRule rule,
                          const Bytes& limit, LabelPair& pair) {
  const std::array both{&prediction, &reference};
  const auto grid = imaging::segmentation_grid(both, limit);
  if (grid) {
    MEDPERF_TRY(pair.prediction, on_grid(prediction, *grid, pair.sets, limit));
    MEDPERF_TRY(pair.reference, on_grid(reference, *grid, pair.sets, limit));
    return {};
  }
  if (rule == GridRule::kRefuse) return grid.error();
  MEDPERF_TRY(Volume first, on_own_grid(prediction, pair.sets, limit));
  const DicomImage* const second = &reference;
  MEDPERF_TRY(auto own, imaging::segmentation_grid({&second, 1}, limit));
  MEDPERF_TRY(own.geometry, covering(own.geometry, first.geometry));
  MEDPERF_TRY(pair.reference, on_grid(reference, own, pair.sets, limit));
  MEDPERF_TRY(pair.prediction, imaging::bring_to_grid(std::move(first), own.geometry, rule,
                                                      kPrediction, kReference));
  return {};
}

/// A segmentation and a map that has a grid.
Status join_with_volume(const DicomImage& image, Volume&& volume, bool predicted, GridRule rule,
                        const Bytes& limit, LabelPair& pair) {
  Volume& segmented = predicted ? pair.prediction : pair.reference;
  Volume& other = predicted ? pair.reference : pair.prediction;
  const auto longer = imaging::grid_with_frames(volume.geometry, image, limit);
  if (longer) {
    MEDPERF_TRY(segmented, on_grid(image, {*longer, {}}, pair.sets, limit));
    other = with_more_slices(std::move(volume), *longer);
    return {};
  }
  if (rule == GridRule::kRefuse) return longer.error();
  if (predicted) {
    MEDPERF_TRY(Volume own, on_own_grid(image, pair.sets, limit));
    MEDPERF_TRY(segmented, imaging::bring_to_grid(std::move(own), volume.geometry, rule,
                                                  kPrediction, kReference));
    other = std::move(volume);
    return {};
  }
  const DicomImage* const one = &image;
  MEDPERF_TRY(auto own, imaging::segmentation_grid({&one, 1}, limit));
  MEDPERF_TRY(own.geometry, covering(own.geometry, volume.geometry));
  MEDPERF_TRY(segmented, on_grid(image, own, pair.sets, limit));
  MEDPERF_TRY(other, imaging::bring_to_grid(std::move(volume), own.geometry, rule, kPrediction,
                                            kReference));
  return {};
}

Result<LabelPair> join(LabelFile&& prediction, LabelFile&& reference, GridRule rule,
                       const Bytes& limit) {
  LabelPair pair;
  auto* const first = std::get_if<DicomImage>(&prediction);
  auto* const second = std::get_if<DicomImage>(&reference);
  if (first == nullptr && second == nullptr) {
    pair.reference = std::get<Volume>(std::move(reference));
    MEDPERF_TRY(pair.prediction,
                imaging::bring_to_grid(std::get<Volume>(std::move(prediction)),
                                       pair.reference.geometry, rule, kPrediction, kReference));
    return pair;
  }
  const std::int32_t highest = std::max(highest_label(prediction), highest_label(reference));
  constexpr auto kSets = static_cast<std::int32_t>(SegmentSets::kMost);
  if (highest >= std::numeric_limits<std::int32_t>::max() - kSets - 1) {
    return make_error(ErrorKind::kInvalid, {},
                      fmt::format("a map with label {} cannot be compared with segments", highest),
                      "Number the labels as the segments are.");
  }
  pair.sets = SegmentSets(std::max(highest, 0) + 1);
  if (first != nullptr && second != nullptr) {
    MEDPERF_CHECK(join_segmentations(*first, *second, rule, limit, pair));
  } else if (first != nullptr) {
    MEDPERF_CHECK(
        join_with_volume(*first, std::get<Volume>(std::move(reference)), true, rule, limit, pair));
  } else {
    MEDPERF_CHECK(join_with_volume(*second, std::get<Volume>(std::move(prediction)), false, rule,
                                   limit, pair));
  }
  return pair;
}

}  // namespace

std::vector<metrics::Region> LabelPair::regions(std::span<const metrics::Region> asked) const {
  std::vector<metrics::Region> found(asked.begin(), asked.end());
  if (sets.empty()) return found;
  for (metrics::Region& region : found) region.labels = sets.region_of(region.labels);
  return found;
}

Result<LabelPair> read_label_pair(const std::filesystem::path& prediction,
                                  const std::filesystem::path& reference, imaging::GridRule rule,
                                  const LabelMapRules& rules) {
  MEDPERF_TRY(LabelFile second, read_label_file(reference, rules));
  LabelMapRules of_prediction = rules;
  const auto* const grid = std::get_if<imaging::Volume>(&second);
  if (rule == imaging::GridRule::kRefuse && grid != nullptr) {
    of_prediction.accept = [grid](const imaging::Geometry& found) {
      return imaging::require_same_grid(found, grid->geometry, kPrediction, kReference);
    };
  }
  MEDPERF_TRY(LabelFile first, read_label_file(prediction, of_prediction));
  auto pair = join(std::move(first), std::move(second), rule, rules.limit);
  if (!pair) return advised(std::move(pair).error()).at(printable(prediction.string()));
  return pair;
}

Result<metrics::LabelVolume> view_of(const imaging::Volume& labels) {
  const imaging::Geometry& g = labels.geometry;
  for (const std::size_t extent : g.size) {
    if (extent > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
      return make_error(ErrorKind::kTooLarge, {}, fmt::format("an axis has {} voxels", extent));
    }
  }
  metrics::LabelVolume::Labels view;
  switch (labels.type) {
    case imaging::ElementType::kU8:
      view = labels.as<std::uint8_t>();
      break;
    case imaging::ElementType::kU16:
      view = labels.as<std::uint16_t>();
      break;
    case imaging::ElementType::kI16:
      view = labels.as<std::int16_t>();
      break;
    case imaging::ElementType::kI32:
      view = labels.as<std::int32_t>();
      break;
    default:
      return make_error(ErrorKind::kInvalid, {},
                        fmt::format("a label map is not held as {}", to_string(labels.type)));
  }
  const metrics::Extent size{static_cast<int>(g.size[0]), static_cast<int>(g.size[1]),
                             static_cast<int>(g.size[2])};
  MEDPERF_TRY(auto volume, metrics::LabelVolume::view(
                               view, size, {g.spacing_mm[0], g.spacing_mm[1], g.spacing_mm[2]}));
  static_assert(imaging::OccupiedBlocks::kBytes == metrics::LabelVolume::kPart);
  if (labels.type == imaging::ElementType::kU8) {
    volume.set_labelled_parts(labels.elements.occupied());
  }
  return volume;
}

}  // namespace medperf::cohort
