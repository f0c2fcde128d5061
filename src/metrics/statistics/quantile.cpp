#include "metrics/statistics/quantile.h"

#include <cmath>
#include <cstddef>

namespace medperf::metrics {

double quantile_of_sorted(std::span<const double> ascending, double p) {
  const double h = static_cast<double>(ascending.size() - 1) * p;
  const auto below = static_cast<std::size_t>(std::floor(h));
  if (below + 1 >= ascending.size()) return ascending.back();
  const double share = h - std::floor(h);
  return ascending[below] + share * (ascending[below + 1] - ascending[below]);
}

}  // namespace medperf::metrics
