#pragma once
// Sensitivity and specificity of a test over sites, together: sites that call more cases positive
// gain the one and lose the other, so the two are pooled as a pair.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/classification/threshold.h"
#include "metrics/estimate.h"

namespace medperf::metrics {

inline constexpr std::string_view kBivariateConvention = "bivariate-reitsma-reml-logit-wald";

struct BivariateAnalysis {
  std::size_t k = 0;
  Estimate sensitivity;  ///< `se` is on the logit scale; interval normal on it
  Estimate specificity;
  double covariance = 0;        ///< of the two pooled logits
  double tau2_sensitivity = 0;  ///< between sites, logit scale
  double tau2_specificity = 0;
  double tau_covariance = 0;  ///< negative where the sites differ in their threshold
  double restricted_log_likelihood = 0;
  std::vector<std::string_view> warnings;  ///< those of meta_analyse, and kBivariateBoundary
};

namespace warning {
/// The sites' covariance matrix is singular: a variance is 0 or the correlation is -1 or 1.
inline constexpr std::string_view kBivariateBoundary = "covariance_at_boundary";
}  // namespace warning

/// Two normal logits a site with known variances 1 / events + 1 / rest (one half added to both
/// cells of a proportion only if one is empty), a common covariance matrix between sites by
/// restricted maximum likelihood. The maximum is searched from several starts over the Cholesky
/// factor, so that the matrix is never indefinite. Errors: invalid for fewer than three sites (the
/// matrix has three numbers), a site without positives or negatives, negative counts, level outside
/// (0, 1). Source: Reitsma, Glas, Rutjes, Scholten, Bossuyt, Zwinderman, J Clin Epidemiol 58 (2005)
/// 982.
Result<BivariateAnalysis> pool_sensitivity_specificity(std::span<const Confusion> sites,
                                                       double level = 0.95);

}  // namespace medperf::metrics
