#pragma once
// Intervals of a proportion `events` of `total`.

#include <cstdint>
#include <string_view>

#include "metrics/estimate.h"

namespace medperf::metrics {

inline constexpr std::string_view kWilsonConvention = "wilson";
inline constexpr std::string_view kClopperPearsonConvention = "clopper-pearson";

/// Wilson's score interval without continuity correction. Preconditions: 0 <= events <= total.
/// Undefined (flag no_cases) for total 0. Source: Wilson, JASA 22 (1927) 209.
Estimate wilson(std::int64_t events, std::int64_t total, double level = 0.95);

/// The exact interval: never covers less than `level`, therefore wider.
/// Source: Clopper, Pearson, Biometrika 26 (1934) 404.
Estimate clopper_pearson(std::int64_t events, std::int64_t total, double level = 0.95);

}  // namespace medperf::metrics
