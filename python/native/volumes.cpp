#include "metrics_c.h"

#include <cstddef>
#include <string>
#include <vector>

#include "base/json.h"
#include "guarded.h"
#include "metrics/segmentation/lesion_wise.h"
#include "metrics/segmentation/pair_metrics.h"
#include "metrics/segmentation/panoptic.h"
#include "metrics/segmentation/rules_json.h"
#include "metrics/segmentation/surfel.h"

namespace {

using namespace medperf;
using namespace medperf::python;

void write(const metrics::Estimate& found, medperf_estimate& to) {
  const metrics::Estimate from = metrics::finite(found);
  to = {};
  to.has_value = from.value ? 1 : 0;
  to.value = from.value.value_or(0);
  to.has_se = from.se ? 1 : 0;
  to.se = from.se.value_or(0);
  to.has_interval = from.interval ? 1 : 0;
  if (from.interval) {
    to.low = from.interval->low;
    to.high = from.interval->high;
  }
  copy(from.flag, to.flag, MEDPERF_NAME);
  copy(from.convention, to.convention, MEDPERF_NAME);
}

template <typename T>
metrics::LabelVolume::Labels span_of(const void* data, std::size_t count) {
  return std::span<const T>(static_cast<const T*>(data), count);
}

Result<metrics::LabelVolume> view_of(const medperf_pair& pair, const void* data) {
  const metrics::Extent size{pair.size[0], pair.size[1], pair.size[2]};
  const auto count = static_cast<std::size_t>(size.voxels());
  metrics::LabelVolume::Labels labels = span_of<std::uint8_t>(data, count);
  if (pair.label_type == 1) labels = span_of<std::uint16_t>(data, count);
  if (pair.label_type == 2) labels = span_of<std::int16_t>(data, count);
  if (pair.label_type == 3) labels = span_of<std::int32_t>(data, count);
  return metrics::LabelVolume::view(labels, size,
                                    {pair.spacing_mm[0], pair.spacing_mm[1], pair.spacing_mm[2]});
}

std::vector<metrics::Region> regions_of(const medperf_pair& pair) {
  std::vector<metrics::Region> regions;
  const std::int32_t* label = pair.labels;
  for (std::int32_t i = 0; i < pair.regions; ++i) {
    regions.push_back({"region " + std::to_string(i), {label, label + pair.region_sizes[i]}});
    label += pair.region_sizes[i];
  }
  return regions;
}

Status segmentation(const medperf_pair& pair, medperf_estimate* figures, int64_t* counts) {
  MEDPERF_TRY(const auto prediction, view_of(pair, pair.prediction));
  MEDPERF_TRY(const auto reference, view_of(pair, pair.reference));
  metrics::PairOptions options;
  options.tau_mm.assign(pair.tau_mm, pair.tau_mm + pair.taus);
  options.surfaces = pair.surfaces != 0;
  options.threads = pair.threads;
  MEDPERF_TRY(const auto all,
              metrics::evaluate_pair(prediction, reference, regions_of(pair), options));
  for (const metrics::RegionMetrics& one : all) {
    for (const metrics::Estimate* figure :
         {&one.dice, &one.iou, &one.sensitivity, &one.precision, &one.specificity,
          &one.volume_similarity, &one.relative_volume_difference, &one.hd, &one.hd95,
          &one.hd95_pooled, &one.assd, &one.masd}) {
      write(*figure, *figures++);
    }
    for (std::size_t i = 0; i < options.tau_mm.size(); ++i) {
      write(i < one.nsd.size() ? one.nsd[i] : metrics::Estimate{}, *figures++);
    }
    const metrics::Overlap& overlap = one.overlap.counts;
    for (const std::int64_t count : {overlap.tp, overlap.fp, overlap.fn, overlap.tn}) {
      *counts++ = count;
    }
  }
  return {};
}

Status surfels(const medperf_pair& pair, medperf_estimate* figures) {
  MEDPERF_TRY(const auto prediction, view_of(pair, pair.prediction));
  MEDPERF_TRY(const auto reference, view_of(pair, pair.reference));
  MEDPERF_TRY(const auto all,
              metrics::surfel_distances_of_regions(prediction, reference, regions_of(pair)));
  for (const metrics::SurfelDistances& one : all) {
    write(metrics::surfel_hausdorff(one, 100), *figures++);
    write(metrics::surfel_hausdorff(one, 95), *figures++);
    write(metrics::surfel_average_from_reference(one), *figures++);
    write(metrics::surfel_average_from_prediction(one), *figures++);
    for (std::int32_t i = 0; i < pair.taus; ++i) {
      write(metrics::surfel_surface_dice(one, pair.tau_mm[i]), *figures++);
    }
  }
  return {};
}

/// By its id, or a policy of the benchmark's own as JSON.
Result<metrics::LesionPolicy> policy_of(std::string_view text) {
  if (text.starts_with('{')) {
    MEDPERF_TRY(const Json document, parse_json(text));
    auto own = metrics::read_lesion_policy(document);
    if (!own) return std::move(own).error().at("policy");
    return own;
  }
  if (const auto* const named = metrics::find_lesion_policy(text)) return *named;
  std::string known;
  for (const auto& one : metrics::lesion_policies()) known += " " + std::string(one.id);
  return make_error(ErrorKind::kInvalid, "policy", "there is no policy of this id",
                    "Choose one of:" + known + ".");
}

Status lesions(const medperf_pair& pair, std::string_view text, medperf_estimate* figures,
               int64_t* counts) {
  MEDPERF_TRY(const metrics::LesionPolicy policy, policy_of(text));
  MEDPERF_TRY(const auto prediction, view_of(pair, pair.prediction));
  MEDPERF_TRY(const auto reference, view_of(pair, pair.reference));
  const std::span<const double> taus(pair.tau_mm, static_cast<std::size_t>(pair.taus));
  MEDPERF_TRY(const auto all,
              metrics::lesion_tables(prediction, reference, regions_of(pair), policy.rules, taus));
  for (const metrics::LesionTable& one : all) {
    write(metrics::lesion_wise_dice(one, policy), *figures++);
    write(metrics::lesion_wise_hd95(one, policy), *figures++);
    write(metrics::lesion_sensitivity(one, policy), *figures++);
    write(metrics::lesion_precision(one, policy), *figures++);
    write(metrics::lesion_f1(one, policy), *figures++);
    for (std::size_t i = 0; i < taus.size(); ++i) {
      write(metrics::lesion_wise_surface_dice(one, policy, i), *figures++);
    }
    for (const std::int64_t count : {one.tp(), one.fp(), one.fn()}) *counts++ = count;
  }
  return {};
}

Status panoptic(const medperf_pair& pair, std::string_view text, medperf_estimate* figures,
                int64_t* counts) {
  MEDPERF_TRY(const Json document, parse_json(text));
  MEDPERF_TRY(const metrics::InstanceRules rules, metrics::read_instance_rules(document));
  MEDPERF_TRY(const auto prediction, view_of(pair, pair.prediction));
  MEDPERF_TRY(const auto reference, view_of(pair, pair.reference));
  std::vector<metrics::PanopticQuality> all;
  if (rules.whole_maps) {
    MEDPERF_TRY(auto one, metrics::panoptic_of_instances(prediction, reference, rules.match));
    all.push_back(std::move(one));
  } else {
    MEDPERF_TRY(all, metrics::panoptic_of_regions(prediction, reference, regions_of(pair),
                                                  rules.connectivity, rules.match));
  }
  for (const metrics::PanopticQuality& one : all) {
    write(one.segmentation_quality, *figures++);
    write(one.recognition_quality, *figures++);
    write(one.panoptic_quality, *figures++);
    for (const std::int64_t count : {one.tp, one.fp, one.fn}) *counts++ = count;
  }
  return {};
}

}  // namespace

int medperf_segmentation(const medperf_pair* pair, medperf_estimate* figures, int64_t* counts,
                         char* error, int32_t error_size) {
  return guarded(error, error_size, [&] { return segmentation(*pair, figures, counts); });
}

int medperf_surfels(const medperf_pair* pair, medperf_estimate* figures, char* error,
                    int32_t error_size) {
  return guarded(error, error_size, [&] { return surfels(*pair, figures); });
}

int medperf_lesions(const medperf_pair* pair, const char* policy, medperf_estimate* figures,
                    int64_t* counts, char* error, int32_t error_size) {
  return guarded(error, error_size, [&] { return lesions(*pair, policy, figures, counts); });
}

int medperf_panoptic(const medperf_pair* pair, const char* rules, medperf_estimate* figures,
                     int64_t* counts, char* error, int32_t error_size) {
  return guarded(error, error_size, [&] { return panoptic(*pair, rules, figures, counts); });
}
