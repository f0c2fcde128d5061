#include "metrics/segmentation/surface_metrics.h"

#include <algorithm>
#include <cmath>

#include "metrics/segmentation/distance_counter.h"

namespace medperf::metrics {
namespace {

constexpr double kNinetyFifth = 95.0 / 100;

std::string_view surface_flag(const SurfaceDistances& distances) {
  const bool none_predicted = distances.to_reference.surface_voxels == 0;
  const bool none_referenced = distances.to_prediction.surface_voxels == 0;
  if (none_predicted) return none_referenced ? flag::kBothEmpty : flag::kPredictionEmpty;
  return none_referenced ? flag::kReferenceEmpty : std::string_view{};
}

/// An estimate with its flag, and its value when a mask is empty: 0 mm for two empty masks.
Estimate distance_estimate(const SurfaceDistances& distances, std::string_view convention) {
  Estimate estimate;
  estimate.convention = convention;
  estimate.flag = surface_flag(distances);
  if (estimate.flag == flag::kBothEmpty) estimate.value = 0;
  return estimate;
}

double sum_mm(const DirectedDistances& distances) {
  double total = 0;
  for (const DistanceCount& one : distances.counted) {
    total += static_cast<double>(one.voxels) * std::sqrt(one.squared_mm2);
  }
  return total;
}

std::int64_t within(const DirectedDistances& distances, double limit_mm) {
  std::int64_t count = 0;
  for (const DistanceCount& one : distances.counted) {
    if (std::sqrt(one.squared_mm2) <= limit_mm) count += one.voxels;
  }
  return count;
}

}  // namespace

std::optional<double> directed_percentile(const DirectedDistances& distances, double share) {
  const auto& counted = distances.counted;
  if (counted.empty()) return std::nullopt;
  const double position = static_cast<double>(distances.surface_voxels - 1) * share;
  const double below = std::floor(position);
  const auto rank = static_cast<std::int64_t>(below);  // of the order statistic below, from 0
  std::int64_t end = 0;
  std::size_t i = 0;
  while (i + 1 < counted.size() && rank >= end + counted[i].voxels) end += counted[i++].voxels;
  end += counted[i].voxels;
  const bool next_is_equal = rank + 1 < end || i + 1 == counted.size();
  const double low_mm = std::sqrt(counted[i].squared_mm2);
  const double high_mm = std::sqrt(counted[next_is_equal ? i : i + 1].squared_mm2);
  return low_mm + (high_mm - low_mm) * (position - below);
}

std::optional<double> directed_mean(const DirectedDistances& distances) {
  if (distances.counted.empty()) return std::nullopt;
  return sum_mm(distances) / static_cast<double>(distances.surface_voxels);
}

Estimate hausdorff(const SurfaceDistances& distances) {
  Estimate estimate = distance_estimate(distances, kHdConvention);
  if (estimate.flag.empty()) {
    estimate.value = std::sqrt(std::max(distances.to_reference.counted.back().squared_mm2,
                                        distances.to_prediction.counted.back().squared_mm2));
  }
  return estimate;
}

Estimate hausdorff95(const SurfaceDistances& distances) {
  Estimate estimate = distance_estimate(distances, kHd95Convention);
  if (estimate.flag.empty()) {
    estimate.value = std::max(*directed_percentile(distances.to_reference, kNinetyFifth),
                              *directed_percentile(distances.to_prediction, kNinetyFifth));
  }
  return estimate;
}

Estimate hausdorff95_pooled(const SurfaceDistances& distances) {
  Estimate estimate = distance_estimate(distances, kHd95PooledConvention);
  if (estimate.flag.empty()) {
    DistanceCounter counter;
    for (const auto* one : {&distances.to_reference, &distances.to_prediction}) {
      for (const DistanceCount& each : one->counted) counter.add(each.squared_mm2, each.voxels);
    }
    const DirectedDistances both{
        distances.to_reference.surface_voxels + distances.to_prediction.surface_voxels,
        counter.ascending()};
    estimate.value = directed_percentile(both, kNinetyFifth);
  }
  return estimate;
}

Estimate average_symmetric_surface_distance(const SurfaceDistances& distances) {
  Estimate estimate = distance_estimate(distances, kAssdConvention);
  if (estimate.flag.empty()) {
    const std::int64_t voxels =
        distances.to_reference.surface_voxels + distances.to_prediction.surface_voxels;
    estimate.value = (sum_mm(distances.to_reference) + sum_mm(distances.to_prediction)) /
                     static_cast<double>(voxels);
  }
  return estimate;
}

Estimate mean_average_surface_distance(const SurfaceDistances& distances) {
  Estimate estimate = distance_estimate(distances, kMasdConvention);
  if (estimate.flag.empty()) {
    estimate.value =
        (*directed_mean(distances.to_reference) + *directed_mean(distances.to_prediction)) / 2;
  }
  return estimate;
}

Estimate normalised_surface_distance(const SurfaceDistances& distances, double tau_mm) {
  Estimate estimate;
  estimate.convention = kNsdConvention;
  estimate.flag = surface_flag(distances);
  if (!estimate.flag.empty()) {
    estimate.value = estimate.flag == flag::kBothEmpty ? 1 : 0;
    return estimate;
  }
  const double limit_mm = tau_mm * (1 + kTauSlack);
  const std::int64_t voxels =
      distances.to_reference.surface_voxels + distances.to_prediction.surface_voxels;
  const std::int64_t near =
      within(distances.to_reference, limit_mm) + within(distances.to_prediction, limit_mm);
  estimate.value = static_cast<double>(near) / static_cast<double>(voxels);
  return estimate;
}

}  // namespace medperf::metrics
