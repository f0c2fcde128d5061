#include "metrics/segmentation/surface_metrics.h"

#include <algorithm>
#include <cmath>
#include <optional>

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

double largest(const DirectedDistances& distances) {
  if (!distances.far_mm2.empty()) {
    return *std::max_element(distances.far_mm2.begin(), distances.far_mm2.end());
  }
  return distances.near.back().squared_mm2;
}

std::int64_t near_count(const DirectedDistances& distances) {
  std::int64_t count = 0;
  for (const DistanceCount& one : distances.near) count += one.voxels;
  return count;
}

double sum(const DirectedDistances& distances) {
  double total = 0;
  for (const DistanceCount& one : distances.near) {
    total += static_cast<double>(one.voxels) * std::sqrt(one.squared_mm2);
  }
  for (const double squared : distances.far_mm2) total += std::sqrt(squared);
  return total;
}

std::int64_t within(const DirectedDistances& distances, double limit_mm) {
  std::int64_t count = 0;
  for (const DistanceCount& one : distances.near) {
    if (std::sqrt(one.squared_mm2) <= limit_mm) count += one.voxels;
  }
  for (const double squared : distances.far_mm2) {
    count += std::sqrt(squared) <= limit_mm ? 1 : 0;
  }
  return count;
}

/// The order statistic of rank `rank` and the next one, squared: ranks begin at 0. `far` is put in
/// another order.
std::pair<double, double> neighbours_in_order(std::span<const DistanceCount> near,
                                              std::vector<double>& far, std::int64_t rank) {
  std::int64_t end = 0;
  for (std::size_t i = 0; i < near.size(); ++i) {
    end += near[i].voxels;
    if (rank >= end) continue;
    if (rank + 1 < end) return {near[i].squared_mm2, near[i].squared_mm2};
    if (i + 1 < near.size()) return {near[i].squared_mm2, near[i + 1].squared_mm2};
    if (far.empty()) return {near[i].squared_mm2, near[i].squared_mm2};
    return {near[i].squared_mm2, *std::min_element(far.begin(), far.end())};
  }
  const auto at = far.begin() + (rank - end);
  std::nth_element(far.begin(), at, far.end());
  if (at + 1 == far.end()) return {*at, *at};
  return {*at, *std::min_element(at + 1, far.end())};
}

double percentile(std::span<const DistanceCount> near, std::vector<double> far, std::int64_t count,
                  double share) {
  const double position = static_cast<double>(count - 1) * share;
  const double below = std::floor(position);
  const auto [low, high] = neighbours_in_order(near, far, static_cast<std::int64_t>(below));
  const double low_mm = std::sqrt(low);
  return low_mm + (std::sqrt(high) - low_mm) * (position - below);
}

std::vector<DistanceCount> merged(std::span<const DistanceCount> a,
                                  std::span<const DistanceCount> b) {
  std::vector<DistanceCount> all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  std::sort(all.begin(), all.end(), [](const DistanceCount& one, const DistanceCount& other) {
    return one.squared_mm2 < other.squared_mm2;
  });
  return all;
}

}  // namespace

std::optional<double> directed_percentile(const DirectedDistances& distances, double share) {
  const std::int64_t near = near_count(distances);
  const std::int64_t count = near + static_cast<std::int64_t>(distances.far_mm2.size());
  if (count == 0) return std::nullopt;
  // The far distances matter from the last near one on: that is where the next may be far.
  const bool only_near = static_cast<double>(count - 1) * share < static_cast<double>(near - 1);
  return percentile(distances.near, only_near ? std::vector<double>{} : distances.far_mm2, count,
                    share);
}

std::optional<double> directed_mean(const DirectedDistances& distances) {
  const std::int64_t count =
      near_count(distances) + static_cast<std::int64_t>(distances.far_mm2.size());
  if (count == 0) return std::nullopt;
  return sum(distances) / static_cast<double>(count);
}

Estimate hausdorff(const SurfaceDistances& distances) {
  Estimate estimate = distance_estimate(distances, kHdConvention);
  if (estimate.flag.empty()) {
    estimate.value =
        std::sqrt(std::max(largest(distances.to_reference), largest(distances.to_prediction)));
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
    DirectedDistances both;
    both.near = merged(distances.to_reference.near, distances.to_prediction.near);
    both.far_mm2 = distances.to_reference.far_mm2;
    both.far_mm2.insert(both.far_mm2.end(), distances.to_prediction.far_mm2.begin(),
                        distances.to_prediction.far_mm2.end());
    estimate.value = directed_percentile(both, kNinetyFifth);
  }
  return estimate;
}

Estimate average_symmetric_surface_distance(const SurfaceDistances& distances) {
  Estimate estimate = distance_estimate(distances, kAssdConvention);
  if (estimate.flag.empty()) {
    const std::int64_t voxels =
        distances.to_reference.surface_voxels + distances.to_prediction.surface_voxels;
    estimate.value =
        (sum(distances.to_reference) + sum(distances.to_prediction)) / static_cast<double>(voxels);
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
