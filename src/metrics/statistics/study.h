#pragma once
// One site's figure, brought to the scale on which sites are pooled.

#include <cstdint>

#include "base/result.h"

namespace medperf::metrics {

/// The scale on which sites are pooled. Areas, proportions and means of overlaps such as Dice
/// belong on the logit scale; distances and other unbounded means on the identity scale.
enum class Scale { kIdentity, kLogit };

/// One site on the working scale.
struct Study {
  double effect = 0;
  double variance = 0;     ///< > 0
  bool corrected = false;  ///< the continuity rule was applied
};

/// A site's AUC. On the logit scale the variance is (SE / (AUC (1 - AUC)))^2.
/// Continuity rule, for SE 0 or an AUC of 0 or 1: the AUC is taken as a proportion of m cases,
/// where m is the size of the smaller class, with one half added to both cells if one of them is
/// empty. Errors: invalid (outside [0, 1], negative SE, or m unknown where the rule needs it).
Result<Study> auc_study(double value, double se, std::int64_t n_positive, std::int64_t n_negative,
                        Scale scale = Scale::kLogit);
/// A site's proportion. One half is added to both cells only if one of them is empty.
/// Errors: invalid (events outside 0..total, total 0).
Result<Study> proportion_study(std::int64_t events, std::int64_t total,
                               Scale scale = Scale::kLogit);
/// A site's mean of one value per case (Dice, MAE, ...) with the standard error of that mean,
/// sd / sqrt(n). On the logit scale the mean must lie strictly between 0 and 1, and the variance is
/// (SE / (mean (1 - mean)))^2. There is no continuity rule: a site whose cases are all equal has no
/// spread to estimate, and none is invented. Errors: invalid (mean not finite, or 0 or 1 or outside
/// on the logit scale; SE not positive and finite).
Result<Study> mean_study(double mean, double se, Scale scale = Scale::kIdentity);

/// A point of the working scale on the original one: itself, or 1 / (1 + exp(-effect)).
double original_scale(double effect, Scale scale);

}  // namespace medperf::metrics
