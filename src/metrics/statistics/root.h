#pragma once
// Roots of functions of one number, internal to this room.

#include <functional>

namespace medperf::metrics {

/// The point in [low, high] where `value` changes sign, to the last bit that doubles resolve.
/// Precondition: value(low) and value(high) do not have the same sign (zero counts as either).
double bisect(const std::function<double(double)>& value, double low, double high);

/// The same with fewer calls where the function is smooth: false position with halving (Dowell,
/// Jarratt, BIT 11 (1971) 168), to a distance of `tolerance`. `at_low`, `at_high`: its values
/// there.
double false_position(const std::function<double(double)>& value, double low, double at_low,
                      double high, double at_high, double tolerance);

}  // namespace medperf::metrics
