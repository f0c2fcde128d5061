#pragma once
// The variance between sites: estimators and the Q-profile interval.

#include <span>

#include "metrics/estimate.h"
#include "metrics/statistics/study.h"

namespace medperf::metrics {

/// How the variance between sites is estimated: restricted maximum likelihood (default),
/// DerSimonian-Laird (moments, one step) or Paule-Mandel (the generalised Q equals its expectation;
/// the same as empirical Bayes). The last two are for comparison.
enum class TauEstimator { kReml, kDerSimonianLaird, kPauleMandel };

/// What a given tau2 implies: weights 1 / (v + tau2), their mean and Q.
struct WeightedStudies {
  double sum = 0;          ///< of weights
  double sum_squares = 0;  ///< of squared weights
  double mean = 0;
  double q = 0;           ///< sum of w (y - mean)^2
  double q_squared = 0;   ///< sum of w^2 (y - mean)^2
  double log_volume = 0;  ///< sum of log(v + tau2)
};
/// Preconditions (of all functions here): at least one study, variances positive and finite.
/// O(k).
WeightedStudies weigh(std::span<const Study> studies, double tau2);

/// >= 0; 0 for a single study. REML: the highest point over the whole range, found on a grid over
/// all magnitudes and refined by bisection of the score. Sources: Viechtbauer, J Educ Behav Stat 30
/// (2005) 261; DerSimonian, Laird, Controlled Clinical Trials 7 (1986) 177; Paule, Mandel, J Res
/// Natl Bur Stand 87 (1982) 377.
double estimate_tau2(std::span<const Study> studies, TauEstimator estimator);

/// All tau2 for which the generalised Q is not extreme at `level`; needs two studies. `empty` is
/// set when no tau2 >= 0 qualifies, and the interval is then the point 0. Source: Viechtbauer, Stat
/// Med 26 (2007) 37.
Interval tau2_profile(std::span<const Study> studies, double level, bool& empty);

}  // namespace medperf::metrics
