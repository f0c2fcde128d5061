#include "cohort/region_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/encoding.h"
#include "metrics/segmentation/bit_mask.h"
#include "metrics/segmentation/components.h"
#include "metrics/segmentation/lesion_wise.h"
#include "metrics/segmentation/pair_metrics.h"
#include "metrics/segmentation/panoptic.h"
#include "metrics/segmentation/surfel.h"
#include "metrics/vocabulary.h"

namespace medperf::cohort {
namespace {

using metrics::Estimate;
using metrics::RegionMetrics;

constexpr std::array<std::string_view, 2> kSides = {"prediction", "reference"};
constexpr std::array<std::string_view, 4> kVoxels = {"tp", "fp", "fn", "tn"};
constexpr std::array<std::string_view, 3> kLesions = {"found", "missed", "invented"};

constexpr std::array kMetrics = {
    RegionMetric{"assd", Engine::kSurface},
    RegionMetric{"component-count", Engine::kComponents, false, kSides},
    RegionMetric{"dice", Engine::kOverlap},
    RegionMetric{"hd", Engine::kSurface},
    RegionMetric{"hd95", Engine::kSurface},
    RegionMetric{"hd95-pooled", Engine::kSurface},
    RegionMetric{"iou", Engine::kOverlap},
    RegionMetric{"lesion-count", Engine::kLesion, false, kLesions},
    RegionMetric{"lesion-dice", Engine::kLesion},
    RegionMetric{"lesion-f1", Engine::kLesion},
    RegionMetric{"lesion-hd95", Engine::kLesion},
    RegionMetric{"lesion-nsd", Engine::kLesion, true},
    RegionMetric{"lesion-precision", Engine::kLesion},
    RegionMetric{"lesion-sensitivity", Engine::kLesion},
    RegionMetric{"masd", Engine::kSurface},
    RegionMetric{"nsd", Engine::kSurface, true},
    RegionMetric{"panoptic-quality", Engine::kPanoptic},
    RegionMetric{"recognition-quality", Engine::kPanoptic},
    RegionMetric{"relative-volume-difference", Engine::kOverlap},
    RegionMetric{"segmentation-quality", Engine::kPanoptic},
    RegionMetric{"surfel-asd-prediction", Engine::kSurfel},
    RegionMetric{"surfel-asd-reference", Engine::kSurfel},
    RegionMetric{"surfel-hd", Engine::kSurfel},
    RegionMetric{"surfel-hd95", Engine::kSurfel},
    RegionMetric{"surfel-nsd", Engine::kSurfel, true},
    RegionMetric{"volume", Engine::kVolume, false, kSides},
    RegionMetric{"volume-similarity", Engine::kOverlap},
    RegionMetric{"voxel-count", Engine::kOverlap, false, kVoxels},
    RegionMetric{"voxel-precision", Engine::kOverlap},
    RegionMetric{"voxel-sensitivity", Engine::kOverlap},
    RegionMetric{"voxel-specificity", Engine::kOverlap},
};

/// A number that was counted or measured, not estimated.
Estimate plain(double value, std::string_view convention) {
  Estimate estimate;
  estimate.value = value;
  estimate.convention = convention;
  return estimate;
}

Estimate voxel_count(std::string_view part, const metrics::Overlap& counts) {
  const std::int64_t voxels = part == "tp"   ? counts.tp
                              : part == "fp" ? counts.fp
                              : part == "fn" ? counts.fn
                                             : counts.tn;
  return plain(static_cast<double>(voxels), metrics::find_metric("voxel-count")->convention);
}

Estimate lesion_count(std::string_view part, const metrics::LesionTable& table,
                      const metrics::LesionPolicy& policy) {
  const std::int64_t lesions = part == "found"    ? table.tp()
                               : part == "missed" ? table.fn()
                                                  : table.fp();
  return plain(static_cast<double>(lesions), policy.id);
}

Estimate from_pair(std::string_view id, const RegionMetrics& of, std::size_t tau) {
  if (id == "assd") return of.assd;
  if (id == "dice") return of.dice;
  if (id == "hd") return of.hd;
  if (id == "hd95") return of.hd95;
  if (id == "hd95-pooled") return of.hd95_pooled;
  if (id == "iou") return of.iou;
  if (id == "masd") return of.masd;
  if (id == "nsd") return of.nsd.at(tau);
  if (id == "relative-volume-difference") return of.relative_volume_difference;
  if (id == "volume-similarity") return of.volume_similarity;
  if (id == "voxel-precision") return of.precision;
  if (id == "voxel-sensitivity") return of.sensitivity;
  return of.specificity;
}

Estimate from_lesions(std::string_view id, const metrics::LesionTable& table,
                      const metrics::LesionPolicy& policy, std::size_t tau) {
  if (id == "lesion-dice") return metrics::lesion_wise_dice(table, policy);
  if (id == "lesion-f1") return metrics::lesion_f1(table, policy);
  if (id == "lesion-hd95") return metrics::lesion_wise_hd95(table, policy);
  if (id == "lesion-nsd") return metrics::lesion_wise_surface_dice(table, policy, tau);
  if (id == "lesion-precision") return metrics::lesion_precision(table, policy);
  return metrics::lesion_sensitivity(table, policy);
}

Estimate from_surfels(std::string_view id, const metrics::SurfelDistances& distances,
                      double tau_mm) {
  if (id == "surfel-asd-prediction") return metrics::surfel_average_from_prediction(distances);
  if (id == "surfel-asd-reference") return metrics::surfel_average_from_reference(distances);
  if (id == "surfel-hd") return metrics::surfel_hausdorff(distances, 100);
  if (id == "surfel-hd95") return metrics::surfel_hausdorff(distances, 95);
  return metrics::surfel_surface_dice(distances, tau_mm);
}

Estimate from_panoptic(std::string_view id, const metrics::PanopticQuality& quality) {
  if (id == "panoptic-quality") return quality.panoptic_quality;
  if (id == "recognition-quality") return quality.recognition_quality;
  return quality.segmentation_quality;
}

/// What has been computed of one pair so far, each kind when first asked for.
class PairFigures {
 public:
  PairFigures(const metrics::LabelVolume& prediction, const metrics::LabelVolume& reference,
              const SegmentationOptions& options, bool surfaces)
      : prediction_(prediction), reference_(reference), options_(options), surfaces_(surfaces) {}

  Result<Estimate> figure(const Column& column, std::size_t region, std::size_t tau) {
    if (overlaps_.empty() && !options_.regions.empty()) MEDPERF_CHECK(measure_all());
    if (column.region == kInstancesRegion && options_.instances.whole_maps) {
      return instances(column);
    }
    switch (find_region_metric(column.metric)->engine) {
      case Engine::kOverlap:
        if (column.metric == "voxel-count") {
          return voxel_count(column.part, overlaps_[region].overlap.counts);
        }
        [[fallthrough]];
      case Engine::kSurface:
        return from_pair(column.metric, overlaps_[region], tau);
      case Engine::kVolume:
        return plain(column.part == "prediction" ? overlaps_[region].prediction_ml
                                                 : overlaps_[region].reference_ml,
                     metrics::kVolumeConvention);
      case Engine::kComponents:
        return components(column.part == "prediction" ? prediction_ : reference_, region);
      case Engine::kSurfel:
        return from_surfels(column.metric, surfels(region), column.tau_mm.value_or(1));
      case Engine::kLesion:
        return lesions(column, region, tau);
      case Engine::kPanoptic:
        break;
    }
    return panoptic(column, region);
  }

  /// After figure().
  std::vector<metrics::Overlap> overlaps() const {
    std::vector<metrics::Overlap> counts;
    for (const RegionMetrics& one : overlaps_) counts.push_back(one.overlap.counts);
    return counts;
  }

 private:
  struct Of {
    std::optional<metrics::SurfelDistances> surfels;
    std::optional<metrics::LesionTable> lesions;
    std::optional<metrics::PanopticQuality> panoptic;
  };

  Status measure_all() {
    metrics::PairOptions options;
    options.tau_mm = options_.tau_mm;
    options.surfaces = surfaces_;
    MEDPERF_TRY(overlaps_,
                metrics::evaluate_pair(prediction_, reference_, options_.regions, options));
    of_.resize(overlaps_.size());
    return {};
  }

  metrics::BitMask mask(const metrics::LabelVolume& volume, std::size_t region) const {
    const metrics::RegionOverlap& overlap = overlaps_[region].overlap;
    return metrics::pack(volume, options_.regions[region],
                         overlap.prediction_box.united(overlap.reference_box));
  }

  const metrics::SurfelDistances& surfels(std::size_t region) {
    auto& found = of_[region].surfels;
    if (!found) {
      found = metrics::surfel_distances(mask(prediction_, region), mask(reference_, region),
                                        reference_.spacing(), reference_.dimensions());
    }
    return *found;
  }

  Result<Estimate> lesions(const Column& column, std::size_t region, std::size_t tau) {
    const metrics::LesionPolicy& policy = *lesion_policy_of(options_);
    auto& found = of_[region].lesions;
    if (!found) {
      const metrics::Region& one = options_.regions[region];
      MEDPERF_TRY(auto tables, metrics::lesion_tables(prediction_, reference_, {&one, 1},
                                                      policy.rules, options_.tau_mm));
      found = std::move(tables.front());
    }
    if (column.metric == "lesion-count") return lesion_count(column.part, *found, policy);
    return from_lesions(column.metric, *found, policy, tau);
  }

  Estimate components(const metrics::LabelVolume& volume, std::size_t region) const {
    const metrics::Components found(mask(volume, region), metrics::Neighbours::k26);
    return plain(static_cast<double>(found.size()), metrics::kComponentConvention);
  }

  Result<Estimate> panoptic(const Column& column, std::size_t region) {
    auto& found = of_[region].panoptic;
    if (!found) {
      MEDPERF_TRY(found,
                  metrics::panoptic_of_components(
                      mask(prediction_, region), mask(reference_, region), reference_.dimensions(),
                      options_.instances.connectivity, options_.instances.match));
    }
    return from_panoptic(column.metric, *found);
  }

  Result<Estimate> instances(const Column& column) {
    if (!instances_) {
      MEDPERF_TRY(instances_, metrics::panoptic_of_instances(prediction_, reference_,
                                                             options_.instances.match));
    }
    return from_panoptic(column.metric, *instances_);
  }

  const metrics::LabelVolume& prediction_;
  const metrics::LabelVolume& reference_;
  const SegmentationOptions& options_;
  bool surfaces_;
  std::vector<RegionMetrics> overlaps_;
  std::vector<Of> of_;
  std::optional<metrics::PanopticQuality> instances_;
};

Status check_metric(const std::string& id, const SegmentationOptions& options) {
  const RegionMetric* const metric = find_region_metric(id);
  if (metric == nullptr) {
    std::string known;
    for (const std::string_view one : segmentation_metrics()) {
      known += (known.empty() ? "" : ", ") + std::string(one);
    }
    return make_error(ErrorKind::kInvalid, "metric",
                      "there is no segmentation metric " + printable(id, 60),
                      "Choose from " + known + ".");
  }
  if (metric->needs_tau && options.tau_mm.empty()) {
    return make_error(ErrorKind::kInvalid, "metric", id + " needs a tolerance",
                      "Give it in mm (--tau), as the benchmark fixes it.");
  }
  if (metric->engine == Engine::kLesion && lesion_policy_of(options) == nullptr) {
    std::string known;
    for (const auto& policy : metrics::lesion_policies()) known += fmt::format(" {}", policy.id);
    return make_error(ErrorKind::kInvalid, "metric", id + " needs the rules of a benchmark",
                      "Name them (--lesion-policy):" + known + ".");
  }
  return {};
}

/// The columns of whole instance maps; their metrics are taken out of those of regions.
Result<std::vector<Column>> take_whole_maps(std::vector<std::string>& ids) {
  const auto rest = std::stable_partition(ids.begin(), ids.end(), [](const std::string& id) {
    return find_region_metric(id)->engine != Engine::kPanoptic;
  });
  if (rest == ids.end()) {
    return make_error(ErrorKind::kInvalid, "metric", "none of the metrics is of instances",
                      "Ask for panoptic-quality, recognition-quality or segmentation-quality, or "
                      "say nothing of instance maps.");
  }
  std::vector<Column> columns;
  for (auto id = rest; id != ids.end(); ++id) {
    columns.push_back({*id, std::string(kInstancesRegion), std::nullopt});
  }
  ids.erase(rest, ids.end());
  return columns;
}

}  // namespace

bool needs_spacing_of(Engine engine) {
  return engine != Engine::kOverlap && engine != Engine::kComponents && engine != Engine::kPanoptic;
}

std::span<const RegionMetric> region_metrics() {
  return kMetrics;
}

const RegionMetric* find_region_metric(std::string_view id) {
  const auto* const found = std::find_if(kMetrics.begin(), kMetrics.end(),
                                         [id](const RegionMetric& one) { return one.id == id; });
  return found != kMetrics.end() ? found : nullptr;
}

Result<std::vector<Column>> columns_of(const SegmentationOptions& options) {
  std::vector<std::string> ids = options.metrics;
  if (ids.empty()) ids = default_segmentation_metrics(!options.tau_mm.empty());
  for (const std::string& id : ids) MEDPERF_CHECK(check_metric(id, options));
  std::vector<Column> of_instances;
  if (options.instances.whole_maps) {
    MEDPERF_TRY(of_instances, take_whole_maps(ids));
  }
  if (options.regions.empty() && !ids.empty()) {
    return make_error(ErrorKind::kInvalid, "region", "no region is given",
                      "Say which labels are compared, e.g. --region WT=1,2,4 or --labels 1,2.");
  }
  std::vector<Column> columns;
  for (const metrics::Region& region : options.regions) {
    MEDPERF_CHECK(metrics::check_region(region));
    for (const std::string& id : ids) {
      const RegionMetric& metric = *find_region_metric(id);
      if (!metric.parts.empty()) {
        for (const std::string_view part : metric.parts) {
          columns.push_back({id, region.name, std::nullopt, std::string(part)});
        }
      } else if (metric.needs_tau) {
        for (const double tau_mm : options.tau_mm) columns.push_back({id, region.name, tau_mm});
      } else {
        columns.push_back({id, region.name, std::nullopt});
      }
    }
  }
  columns.insert(columns.end(), of_instances.begin(), of_instances.end());
  return columns;
}

Result<PairMeasures> measure_pair(const metrics::LabelVolume& prediction,
                                  const metrics::LabelVolume& reference,
                                  const SegmentationOptions& options,
                                  std::span<const Column> columns) {
  const bool surfaces = std::any_of(columns.begin(), columns.end(), [](const Column& column) {
    return find_region_metric(column.metric)->engine == Engine::kSurface;
  });
  PairFigures figures(prediction, reference, options, surfaces);
  PairMeasures measures;
  for (const Column& column : columns) {
    const auto region =
        std::find_if(options.regions.begin(), options.regions.end(),
                     [&column](const metrics::Region& one) { return one.name == column.region; });
    std::size_t tau = 0;
    if (column.tau_mm) {
      tau = static_cast<std::size_t>(
          std::find(options.tau_mm.begin(), options.tau_mm.end(), *column.tau_mm) -
          options.tau_mm.begin());
    }
    MEDPERF_TRY(
        const Estimate value,
        figures.figure(column, static_cast<std::size_t>(region - options.regions.begin()), tau));
    measures.values.push_back(value);
  }
  measures.overlaps = figures.overlaps();
  return measures;
}

}  // namespace medperf::cohort
