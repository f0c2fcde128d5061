#pragma once
// Bisection, internal to this room.

#include <functional>

namespace medperf::metrics {

/// The point in [low, high] where `value` changes sign, to the last bit that doubles resolve.
/// Precondition: value(low) and value(high) do not have the same sign (zero counts as either).
double bisect(const std::function<double(double)>& value, double low, double high);

}  // namespace medperf::metrics
