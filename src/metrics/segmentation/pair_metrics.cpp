#include "metrics/segmentation/pair_metrics.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "metrics/segmentation/bit_mask.h"
#include "metrics/segmentation/surface_metrics.h"
#include "metrics/workers.h"

namespace medperf::metrics {
namespace {

/// Slices that are packed as one piece of work.
constexpr int kSlices = 16;

struct Volumes {
  const LabelVolume& prediction;
  const LabelVolume& reference;
};

Status check_taus(const PairOptions& options) {
  for (const double tau_mm : options.tau_mm) {
    if (std::isfinite(tau_mm) && tau_mm > 0) continue;
    return make_error(ErrorKind::kInvalid, "tau", "the tolerance is " + std::to_string(tau_mm),
                      "Give the tolerance of NSD in mm, above 0.");
  }
  return {};
}

std::size_t bytes_of(const LabelVolume& volume) {
  return std::visit([](auto span) { return span.size_bytes(); }, volume.labels());
}

RegionMetrics overlap_metrics(const RegionOverlap& overlap, const SpacingMm& spacing) {
  RegionMetrics metrics;
  metrics.overlap = overlap;
  metrics.prediction_ml = volume_ml(overlap.counts.predicted(), spacing);
  metrics.reference_ml = volume_ml(overlap.counts.referenced(), spacing);
  metrics.dice = dice(overlap.counts);
  metrics.iou = intersection_over_union(overlap.counts);
  metrics.sensitivity = voxel_sensitivity(overlap.counts);
  metrics.precision = voxel_precision(overlap.counts);
  metrics.specificity = voxel_specificity(overlap.counts);
  metrics.volume_similarity = volume_similarity(overlap.counts);
  metrics.relative_volume_difference = relative_volume_difference(overlap.counts);
  return metrics;
}

void add_surface_metrics(const SurfaceDistances& distances, const PairOptions& options,
                         RegionMetrics& metrics) {
  metrics.hd = hausdorff(distances);
  metrics.hd95 = hausdorff95(distances);
  metrics.hd95_pooled = hausdorff95_pooled(distances);
  metrics.assd = average_symmetric_surface_distance(distances);
  metrics.masd = mean_average_surface_distance(distances);
  for (const double tau_mm : options.tau_mm) {
    metrics.nsd.push_back(normalised_surface_distance(distances, tau_mm));
  }
}

/// The masks of one region, and the surfaces that take their place.
struct RegionMasks {
  RegionMasks(std::size_t number, const Box& box)
      : region(number), prediction(box, kSurfacePadding), reference(box, kSurfacePadding) {}
  std::size_t region;
  BitMask prediction;
  BitMask reference;
};

/// Bytes of the masks and surfaces of a box.
std::size_t mask_bytes(const Box& box) {
  const Extent e = box.extent();
  const std::int64_t row = (e.x + 2 * kSurfacePadding + 63) / 64;
  return static_cast<std::size_t>(row * (e.y + 2 * kSurfacePadding) * (e.z + 2 * kSurfacePadding)) *
         8 * 4;
}

/// Regions whose masks are held at the same time: those from `first` on that fit into the budget.
std::size_t batch_end(std::span<const Box> boxes, std::size_t first, std::size_t budget) {
  std::size_t bytes = mask_bytes(boxes[first]);
  std::size_t end = first + 1;
  while (end < boxes.size() && bytes + mask_bytes(boxes[end]) <= budget) {
    bytes += mask_bytes(boxes[end++]);
  }
  return end;
}

/// Packs all masks of a batch, a few slices of one mask being one piece of work.
void pack_batch(const Volumes& volumes, std::span<const Region> regions,
                std::vector<RegionMasks>& batch, Workers& workers, Simd simd) {
  struct Piece {
    const LabelVolume* volume;
    BitMask* mask;
    std::size_t region;
    int first;
  };
  std::vector<Piece> pieces;
  for (RegionMasks& one : batch) {
    for (int z = 0; z < one.prediction.extent().z; z += kSlices) {
      pieces.push_back({&volumes.prediction, &one.prediction, one.region, z});
      pieces.push_back({&volumes.reference, &one.reference, one.region, z});
    }
  }
  workers.run(static_cast<std::ptrdiff_t>(pieces.size()), [&](std::ptrdiff_t i, int) {
    const Piece& piece = pieces[static_cast<std::size_t>(i)];
    pack_slices(*piece.volume, regions[piece.region], piece.first,
                std::min(piece.first + kSlices, piece.mask->extent().z), *piece.mask, simd);
  });
}

void measure_batch(const Volumes& volumes, std::span<const Region> regions,
                   std::vector<RegionMasks>& batch, Workers& workers, const PairOptions& options,
                   std::vector<RegionMetrics>& result) {
  const Simd simd = options.distances.simd;
  pack_batch(volumes, regions, batch, workers, simd);
  const auto masks = static_cast<std::ptrdiff_t>(batch.size()) * 2;
  workers.run(masks, [&](std::ptrdiff_t i, int) {
    RegionMasks& one = batch[static_cast<std::size_t>(i / 2)];
    BitMask& mask = i % 2 == 0 ? one.prediction : one.reference;
    mask = surface_of(std::move(mask), volumes.prediction.dimensions(), simd);
  });
  std::vector<SurfacePair> pairs;
  for (const RegionMasks& one : batch) pairs.push_back({&one.prediction, &one.reference});
  const auto distances =
      surface_distances(pairs, volumes.reference.spacing(), workers, options.distances);
  workers.run(static_cast<std::ptrdiff_t>(batch.size()), [&](std::ptrdiff_t i, int) {
    const auto at = static_cast<std::size_t>(i);
    add_surface_metrics(distances[at], options, result[batch[at].region]);
  });
}

}  // namespace

Result<std::vector<RegionMetrics>> evaluate_pair(const LabelVolume& prediction,
                                                 const LabelVolume& reference,
                                                 std::span<const Region> regions,
                                                 const PairOptions& options) {
  MEDPERF_CHECK(check_taus(options));
  Workers workers(options.threads);
  MEDPERF_TRY(const std::vector<RegionOverlap> overlaps,
              overlap_of_regions(prediction, reference, regions, workers, options.distances.simd));
  std::vector<RegionMetrics> result;
  std::vector<Box> boxes;
  for (const RegionOverlap& one : overlaps) {
    result.push_back(overlap_metrics(one, reference.spacing()));
    boxes.push_back(one.prediction_box.united(one.reference_box));
  }
  if (!options.surfaces) return result;
  const std::size_t budget = (bytes_of(prediction) + bytes_of(reference)) / 4;
  for (std::size_t first = 0; first < boxes.size();) {
    const std::size_t end = batch_end(boxes, first, budget);
    std::vector<RegionMasks> batch;
    for (std::size_t i = first; i < end; ++i) batch.emplace_back(i, boxes[i]);
    measure_batch({prediction, reference}, regions, batch, workers, options, result);
    first = end;
  }
  return result;
}

}  // namespace medperf::metrics
