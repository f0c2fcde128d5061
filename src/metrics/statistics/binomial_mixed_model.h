#pragma once
// A proportion over sites in one stage: the binomial counts themselves with a random site effect,
// without the normal approximation and without a continuity rule.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "metrics/estimate.h"

namespace medperf::metrics {

inline constexpr std::string_view kBinomialMixedConvention = "one-stage-binomial-ml-logit-t";

namespace flag {
/// No event at any site, or nothing but events: the logit of the pooled figure is infinite.
inline constexpr std::string_view kAllOrNothing = "all_or_nothing";
}  // namespace flag

/// A site's events of total, for example true positives of positives.
struct BinomialCount {
  std::int64_t events = 0;
  std::int64_t total = 0;  ///< > 0
};

struct BinomialMixedModel {
  /// The typical site's proportion; `se` is on the logit scale. Interval: t with k - 1 degrees of
  /// freedom on the logit scale, normal for k = 1. Undefined: flag all_or_nothing.
  Estimate estimate;
  std::size_t k = 0;
  double effect = 0;          ///< logit of the value
  double tau2 = 0;            ///< variance of the sites' logits
  double log_likelihood = 0;  ///< with the binomial coefficients
};

/// Maximum likelihood of events_i ~ Bin(total_i, expit(mu + u_i)), u_i ~ N(0, tau2). Each site's
/// integral is a trapezoidal sum around its peak, exact to about 1e-12 for tau up to 3; the peak of
/// the profile likelihood in tau is searched on a grid over tau in [0.001, 10] and refined. The
/// standard error is from the observed information of (mu, tau); with tau2 = 0 that of the plain
/// binomial. Errors: invalid for no site, counts out of range, more than 10^9 cases a site, level
/// outside (0, 1). Sources: Stijnen, Hamza, Oezdemir, Stat Med 29 (2010) 3046; Hamza, van
/// Houwelingen, Stijnen, J Clin Epidemiol 61 (2008) 41.
Result<BinomialMixedModel> pool_binomial(std::span<const BinomialCount> sites, double level = 0.95);

}  // namespace medperf::metrics
