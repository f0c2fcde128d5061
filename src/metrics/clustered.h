#pragma once
// Several cases of one patient.

#include "metrics/estimate.h"

namespace medperf::metrics {

namespace flag {
/// Cases of one patient are alike, so there is no interval that takes cases as independent.
inline constexpr std::string_view kPatientsRepeat = "patients_repeat";
}  // namespace flag

/// Takes away what takes cases as independent: standard error and interval.
inline void leave_out_interval(Estimate& estimate) {
  estimate.se.reset();
  estimate.interval.reset();
  if (estimate.flag.empty()) estimate.flag = flag::kPatientsRepeat;
}

}  // namespace medperf::metrics
