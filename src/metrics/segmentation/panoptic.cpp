#include "metrics/segmentation/panoptic.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "metrics/convention.h"
#include "metrics/segmentation/assignment.h"
#include "metrics/segmentation/overlap.h"

namespace medperf::metrics {
namespace {

/// What matching needs to know: the voxels of each instance, and those that pairs share.
struct Instances {
  std::map<std::int32_t, std::int64_t> predicted;
  std::map<std::int32_t, std::int64_t> referenced;
  std::vector<ComponentOverlap> shared;  ///< a: reference, b: prediction
};

std::vector<WeightedPair> candidates(const Instances& instances, double iou_above) {
  std::vector<WeightedPair> pairs;
  for (const ComponentOverlap& pair : instances.shared) {
    const std::int64_t either =
        instances.referenced.at(pair.a) + instances.predicted.at(pair.b) - pair.voxels;
    const double iou = static_cast<double>(pair.voxels) / static_cast<double>(either);
    if (iou > iou_above) pairs.push_back({pair.a, pair.b, iou});
  }
  return pairs;
}

std::vector<WeightedPair> greedy(std::vector<WeightedPair> pairs) {
  std::sort(pairs.begin(), pairs.end(), [](const WeightedPair& a, const WeightedPair& b) {
    if (a.weight != b.weight) return a.weight > b.weight;
    return a.left != b.left ? a.left < b.left : a.right < b.right;
  });
  std::set<std::int32_t> left;
  std::set<std::int32_t> right;
  std::vector<WeightedPair> chosen;
  for (const WeightedPair& pair : pairs) {
    if (left.contains(pair.left) || right.contains(pair.right)) continue;
    left.insert(pair.left);
    right.insert(pair.right);
    chosen.push_back(pair);
  }
  std::sort(chosen.begin(), chosen.end(),
            [](const WeightedPair& a, const WeightedPair& b) { return a.left < b.left; });
  return chosen;
}

void fill_qualities(PanopticQuality& result, std::string_view convention) {
  for (Estimate* const estimate :
       {&result.segmentation_quality, &result.recognition_quality, &result.panoptic_quality}) {
    estimate->convention = convention;
  }
  const std::int64_t predicted = result.tp + result.fp;
  const std::int64_t referenced = result.tp + result.fn;
  if (predicted == 0 || referenced == 0) {
    const auto reason = predicted != 0    ? flag::kReferenceEmpty
                        : referenced != 0 ? flag::kPredictionEmpty
                                          : flag::kBothEmpty;
    result.segmentation_quality.flag = reason;
    result.recognition_quality.flag = reason;
    result.panoptic_quality.flag = reason;
    if (predicted + referenced == 0) return;
  }
  result.recognition_quality.value =
      static_cast<double>(2 * result.tp) / static_cast<double>(predicted + referenced);
  result.panoptic_quality.value = 0;
  if (result.tp == 0) {
    if (result.segmentation_quality.flag.empty()) result.segmentation_quality.flag = kNoMatch;
    return;
  }
  double sum = 0;
  for (const InstanceMatch& match : result.matches) sum += match.iou;
  result.segmentation_quality.value = sum / static_cast<double>(result.tp);
  result.panoptic_quality.value =
      *result.segmentation_quality.value * *result.recognition_quality.value;
}

PanopticQuality quality_of(const Instances& instances, const PanopticRules& rules,
                           std::string_view source) {
  const auto pairs = candidates(instances, rules.iou_above);
  const bool optimal = rules.matching == Matching::kOptimal;
  PanopticQuality result;
  for (const WeightedPair& pair : optimal ? largest_assignment(pairs) : greedy(pairs)) {
    result.matches.push_back({pair.right, pair.left, pair.weight});
  }
  result.tp = static_cast<std::int64_t>(result.matches.size());
  result.fp = static_cast<std::int64_t>(instances.predicted.size()) - result.tp;
  result.fn = static_cast<std::int64_t>(instances.referenced.size()) - result.tp;
  const auto convention = optimal ? kPanopticOptimalConvention : kPanopticGreedyConvention;
  result.convention = fmt::format("{}>{}/{}", convention, rules.iou_above, source);
  fill_qualities(result, kept_convention(result.convention));
  return result;
}

Status check(const PanopticRules& rules) {
  if (rules.iou_above >= 0 && rules.iou_above < 1) return {};
  return make_error(ErrorKind::kInvalid, "panoptic threshold",
                    "the IoU that a match must exceed lies outside [0, 1)");
}

std::map<std::int32_t, std::int64_t> sizes(const Components& components) {
  std::map<std::int32_t, std::int64_t> result;
  for (std::size_t i = 0; i < components.size(); ++i) {
    result[static_cast<std::int32_t>(i)] = components[i].voxels;
  }
  return result;
}

/// Counts voxels of pairs of labels, a run of equal pairs at a time.
template <typename A, typename B>
Instances count_pairs(std::span<const A> reference, std::span<const B> prediction) {
  std::unordered_map<std::uint64_t, std::int64_t> pairs;
  const auto key = [](std::int32_t a, std::int32_t b) {
    return std::uint64_t{static_cast<std::uint32_t>(a)} << 32 | static_cast<std::uint32_t>(b);
  };
  for (std::size_t i = 0; i < reference.size();) {
    std::size_t end = i + 1;
    while (end < reference.size() && reference[end] == reference[i] &&
           prediction[end] == prediction[i]) {
      ++end;
    }
    if (reference[i] != 0 || prediction[i] != 0) {
      pairs[key(reference[i], prediction[i])] += static_cast<std::int64_t>(end - i);
    }
    i = end;
  }
  Instances result;
  for (const auto& [labels, voxels] : pairs) {
    const auto a = static_cast<std::int32_t>(static_cast<std::uint32_t>(labels >> 32));
    const auto b = static_cast<std::int32_t>(static_cast<std::uint32_t>(labels));
    if (a != 0) result.referenced[a] += voxels;
    if (b != 0) result.predicted[b] += voxels;
    if (a != 0 && b != 0) result.shared.push_back({a, b, voxels});
  }
  return result;
}

}  // namespace

Result<PanopticQuality> panoptic_of_components(const BitMask& prediction, const BitMask& reference,
                                               Dimensions dimensions, Neighbours neighbours,
                                               const PanopticRules& rules) {
  MEDPERF_CHECK(check(rules));
  const Components predicted(prediction, neighbours);
  const Components referenced(reference, neighbours);
  const Instances instances{sizes(predicted), sizes(referenced), overlaps(referenced, predicted)};
  return quality_of(instances, rules,
                    fmt::format("components-{}", neighbour_count(neighbours, dimensions)));
}

Result<std::vector<PanopticQuality>> panoptic_of_regions(const LabelVolume& prediction,
                                                         const LabelVolume& reference,
                                                         std::span<const Region> regions,
                                                         Neighbours neighbours,
                                                         const PanopticRules& rules) {
  MEDPERF_TRY(const auto boxes, overlap_of_regions(prediction, reference, regions));
  std::vector<PanopticQuality> result;
  for (std::size_t i = 0; i < regions.size(); ++i) {
    MEDPERF_TRY(auto one,
                panoptic_of_components(pack(prediction, regions[i], boxes[i].prediction_box),
                                       pack(reference, regions[i], boxes[i].reference_box),
                                       reference.dimensions(), neighbours, rules));
    result.push_back(std::move(one));
  }
  return result;
}

Result<PanopticQuality> panoptic_of_instances(const LabelVolume& prediction,
                                              const LabelVolume& reference,
                                              const PanopticRules& rules) {
  MEDPERF_CHECK(check(rules));
  MEDPERF_CHECK(same_grid(prediction, reference));
  const Instances instances =
      std::visit([](const auto& a, const auto& b) { return count_pairs(a, b); }, reference.labels(),
                 prediction.labels());
  return quality_of(instances, rules, "instances");
}

}  // namespace medperf::metrics
