#include "metrics/regression/measured_pair.h"

#include <cmath>
#include <string>

namespace medperf::metrics {

Status check_finite_pairs(std::span<const MeasuredPair> cases) {
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (!std::isfinite(cases[i].reference) || !std::isfinite(cases[i].predicted)) {
      return make_error(ErrorKind::kInvalid, "case " + std::to_string(i + 1),
                        "a value is not a finite number",
                        "Leave cases without a value out and count them.");
    }
  }
  return {};
}

}  // namespace medperf::metrics
