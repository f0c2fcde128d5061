#include "metrics/statistics/tau2.h"

#include <algorithm>
#include <cmath>

#include "metrics/statistics/distributions.h"
#include "metrics/statistics/root.h"

namespace medperf::metrics {
namespace {

/// Restricted log-likelihood less its constants.
double restricted_likelihood(std::span<const Study> studies, double tau2) {
  const WeightedStudies at = weigh(studies, tau2);
  return -0.5 * (at.log_volume + std::log(at.sum) + at.q);
}

/// Its derivative in tau2.
double restricted_score(std::span<const Study> studies, double tau2) {
  const WeightedStudies at = weigh(studies, tau2);
  return 0.5 * (at.q_squared - at.sum + at.sum_squares / at.sum);
}

/// The highest point of the restricted likelihood, which may have several peaks: the best of a grid
/// over all magnitudes that the data can support, then bisection of the score between its
/// neighbours.
double reml_tau2(std::span<const Study> studies) {
  double lowest = studies[0].effect;
  double highest = lowest;
  double largest_variance = 0;
  for (const Study& study : studies) {
    lowest = std::min(lowest, study.effect);
    highest = std::max(highest, study.effect);
    largest_variance = std::max(largest_variance, study.variance);
  }
  const double spread = (highest - lowest) * (highest - lowest);
  const double top = 2 * (spread + largest_variance);
  constexpr int kPoints = 400;
  constexpr double kDecades = 14;
  const auto grid = [&](int i) {
    return i == 0 ? 0 : top * std::pow(10.0, kDecades * (static_cast<double>(i) / kPoints - 1));
  };
  int best = 0;
  double best_value = restricted_likelihood(studies, 0);
  for (int i = 1; i <= kPoints; ++i) {
    const double value = restricted_likelihood(studies, grid(i));
    if (value > best_value) {
      best = i;
      best_value = value;
    }
  }
  const double low = grid(std::max(0, best - 1));
  const double high = grid(std::min(kPoints, best + 1));
  if (restricted_score(studies, low) <= 0) return low;
  if (restricted_score(studies, high) >= 0) return high;
  return bisect([&](double t) { return restricted_score(studies, t); }, low, high);
}

double dersimonian_laird_tau2(std::span<const Study> studies) {
  const WeightedStudies common = weigh(studies, 0);
  const double c = common.sum - common.sum_squares / common.sum;
  const auto df = static_cast<double>(studies.size() - 1);
  return c > 0 ? std::max(0.0, (common.q - df) / c) : 0;
}

/// The tau2 at which the generalised Q, which falls as tau2 grows, is `target`; 0 if it never is.
double tau2_of_q(std::span<const Study> studies, double target) {
  const auto excess = [&](double t) { return weigh(studies, t).q - target; };
  if (excess(0) <= 0) return 0.0;
  double high = studies[0].variance;
  while (excess(high) > 0) high *= 2;
  return bisect(excess, 0, high);
}

}  // namespace

WeightedStudies weigh(std::span<const Study> studies, double tau2) {
  WeightedStudies result;
  double weighted_sum = 0;
  for (const Study& study : studies) {
    const double w = 1 / (study.variance + tau2);
    result.sum += w;
    result.sum_squares += w * w;
    weighted_sum += w * study.effect;
    result.log_volume -= std::log(w);
  }
  result.mean = weighted_sum / result.sum;
  for (const Study& study : studies) {
    const double w = 1 / (study.variance + tau2);
    const double deviation = study.effect - result.mean;
    result.q += w * deviation * deviation;
    result.q_squared += w * w * deviation * deviation;
  }
  return result;
}

double estimate_tau2(std::span<const Study> studies, TauEstimator estimator) {
  if (studies.size() < 2) return 0;
  switch (estimator) {
    case TauEstimator::kDerSimonianLaird:
      return dersimonian_laird_tau2(studies);
    case TauEstimator::kPauleMandel:
      return tau2_of_q(studies, static_cast<double>(studies.size() - 1));
    case TauEstimator::kReml:
      break;
  }
  return reml_tau2(studies);
}

Interval tau2_profile(std::span<const Study> studies, double level, bool& empty) {
  const auto df = static_cast<double>(studies.size() - 1);
  const Interval interval{tau2_of_q(studies, chi2_quantile(0.5 + level / 2, df)),
                          tau2_of_q(studies, chi2_quantile(0.5 - level / 2, df))};
  empty = interval.high == 0;
  return interval;
}

}  // namespace medperf::metrics
