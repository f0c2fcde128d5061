#pragma once
// Distances between sets of voxels from the definition, point by point: what tests compare with.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "metrics/segmentation/bit_mask.h"

namespace medperf::metrics {

inline constexpr SpacingMm kMillimetre{1, 1, 1};
using Point = std::array<double, 3>;  // mm
using Points = std::vector<Point>;

/// Centres of the set voxels.
inline Points voxels(const BitMask& mask, const SpacingMm& spacing = kMillimetre) {
  Points points;
  for_each_run(mask, [&](int y, int z, int first, int last) {
    for (int x = first; x < last; ++x) {
      points.push_back({x * spacing.x, y * spacing.y, z * spacing.z});
    }
  });
  return points;
}

/// From each point the distance to the nearest of the others.
inline std::vector<double> distances(const Points& from, const Points& to) {
  std::vector<double> result;
  for (const Point& a : from) {
    double nearest = std::numeric_limits<double>::infinity();
    for (const Point& b : to) {
      nearest = std::min(nearest, std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]));
    }
    result.push_back(nearest);
  }
  return result;
}

inline double largest(const std::vector<double>& values) {
  return *std::max_element(values.begin(), values.end());
}

inline double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Linear between order statistics.
inline double interpolated(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(place);
  const auto high = std::min(low + 1, values.size() - 1);
  return values[low] + (place - static_cast<double>(low)) * (values[high] - values[low]);
}

}  // namespace medperf::metrics
