#include "metrics/classification/checks.h"

#include <cmath>

namespace medperf::metrics {

std::string case_name(std::size_t position) {
  return "case " + std::to_string(position + 1);
}

Status check_finite_scores(std::span<const ScoredCase> cases) {
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (!std::isfinite(cases[i].score)) {
      return make_error(ErrorKind::kInvalid, case_name(i), "its score is not a finite number",
                        "Give every case a score; higher means more likely positive.");
    }
  }
  return {};
}

Status check_probabilities(std::span<const ScoredCase> cases) {
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (!(cases[i].score >= 0 && cases[i].score <= 1)) {
      return make_error(ErrorKind::kInvalid, case_name(i),
                        "its score is not a probability in [0, 1]",
                        "Give the probability of being positive, not a logit or a distance.");
    }
  }
  return {};
}

Status check_level(double level) {
  if (level > 0 && level < 1) return {};
  return make_error(ErrorKind::kInvalid, "level", "it is not between 0 and 1",
                    "0.95 is the default.");
}

}  // namespace medperf::metrics
