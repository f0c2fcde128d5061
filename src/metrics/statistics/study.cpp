#include "metrics/statistics/study.h"

#include <algorithm>
#include <cmath>

namespace medperf::metrics {
namespace {

double logit(double p) {
  return std::log(p) - std::log1p(-p);
}

/// Area or proportion `events` of `total` (need not be whole) with the continuity rule.
Study proportion_of(double events, double total, Scale scale) {
  Study study;
  study.corrected = events == 0 || events == total;
  if (study.corrected) {
    events += 0.5;
    total += 1;
  }
  const double p = events / total;
  study.effect = scale == Scale::kLogit ? logit(p) : p;
  study.variance = scale == Scale::kLogit ? 1 / events + 1 / (total - events) : p * (1 - p) / total;
  return study;
}

/// A value in (0, 1) with the standard error of the original scale (delta method on the logit).
Study with_standard_error(double value, double se, Scale scale) {
  Study study;
  study.effect = scale == Scale::kLogit ? logit(value) : value;
  const double working_se = scale == Scale::kLogit ? se / (value * (1 - value)) : se;
  study.variance = working_se * working_se;
  return study;
}

}  // namespace

double original_scale(double effect, Scale scale) {
  if (scale == Scale::kIdentity) return effect;
  if (effect >= 0) return 1 / (1 + std::exp(-effect));
  return std::exp(effect) / (1 + std::exp(effect));
}

Result<Study> auc_study(double value, double se, std::int64_t n_positive, std::int64_t n_negative,
                        Scale scale) {
  if (!(value >= 0 && value <= 1) || !(se >= 0) || !std::isfinite(se)) {
    return make_error(ErrorKind::kInvalid, "auc", "the value or its standard error is out of range",
                      "An AUC lies in [0, 1] and its standard error is not negative.");
  }
  if (se == 0 || value == 0 || value == 1) {
    const std::int64_t smaller = std::min(n_positive, n_negative);
    if (smaller <= 0) {
      return make_error(ErrorKind::kInvalid, "auc",
                        "a standard error of 0 cannot be weighted without the class sizes",
                        "Give the number of positive and negative cases.");
    }
    const auto m = static_cast<double>(smaller);
    Study study = proportion_of(value * m, m, scale);
    study.corrected = true;
    return study;
  }
  return with_standard_error(value, se, scale);
}

Result<Study> proportion_study(std::int64_t events, std::int64_t total, Scale scale) {
  if (events < 0 || total <= 0 || events > total) {
    return make_error(ErrorKind::kInvalid, "proportion", "the counts are out of range",
                      "The events must lie in 0..total and total must be positive.");
  }
  return proportion_of(static_cast<double>(events), static_cast<double>(total), scale);
}

Result<Study> mean_study(double mean, double se, Scale scale) {
  if (!std::isfinite(mean) || !std::isfinite(se) || se <= 0) {
    return make_error(ErrorKind::kInvalid, "mean",
                      "the mean or its standard error cannot be pooled",
                      "The mean must be finite and its standard error positive; a site whose cases "
                      "are all equal, or that has a single case, has no standard error.");
  }
  if (scale == Scale::kLogit && !(mean > 0 && mean < 1)) {
    return make_error(ErrorKind::kInvalid, "mean", "it has no logit",
                      "Means of 0, 1 or outside are pooled on the identity scale.");
  }
  return with_standard_error(mean, se, scale);
}

}  // namespace medperf::metrics
