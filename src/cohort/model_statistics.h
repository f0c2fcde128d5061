#pragma once
// Figures of one model as functions of the cases that were drawn; internal to this room.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "cohort/class_tables.h"
#include "metrics/classification/auc.h"
#include "metrics/statistics/bootstrap.h"

namespace medperf::cohort {

inline Result<metrics::ResampleUnits> drawn_units(const Units& units) {
  if (!units.patients_repeat()) {
    return metrics::ResampleUnits::each_case(units.patient_of_case.size());
  }
  return metrics::ResampleUnits::of(units.patient_of_case);
}

// The vectors must outlive the statistic.

inline metrics::Statistic area_of(const std::vector<metrics::ScoredCase>& cases) {
  return [&cases](std::span<const std::uint32_t> rows) -> std::optional<double> {
    std::vector<metrics::ScoredCase> some;
    some.reserve(rows.size());
    for (const std::uint32_t row : rows) some.push_back(cases[row]);
    const auto area = metrics::auc(some);
    return area.ok() ? area->estimate.value : std::nullopt;
  };
}

/// The mean of numbers of cases: accuracy of what is right, or the mean of values.
template <typename Number>
metrics::Statistic mean_of(const std::vector<Number>& values) {
  return [&values](std::span<const std::uint32_t> rows) -> std::optional<double> {
    if (rows.empty()) return std::nullopt;
    double sum = 0;
    for (const std::uint32_t row : rows) sum += static_cast<double>(values[row]);
    return sum / static_cast<double>(rows.size());
  };
}

}  // namespace medperf::cohort
