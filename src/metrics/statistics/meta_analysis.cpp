#include "metrics/statistics/meta_analysis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "metrics/statistics/distributions.h"
#include "metrics/statistics/root.h"

namespace medperf::metrics {
namespace {

double logit(double p) {
  return std::log(p) - std::log1p(-p);
}

double expit(double x) {
  if (x >= 0) return 1 / (1 + std::exp(-x));
  return std::exp(x) / (1 + std::exp(x));
}

double back(double effect, Scale scale) {
  return scale == Scale::kLogit ? expit(effect) : effect;
}

/// What a given tau2 implies: weights 1/(v + tau2), their mean and Q.
struct Weighted {
  double sum = 0;          ///< of weights
  double sum_squares = 0;  ///< of squared weights
  double mean = 0;
  double q = 0;           ///< sum of w (y - mean)^2
  double q_squared = 0;   ///< sum of w^2 (y - mean)^2
  double log_volume = 0;  ///< sum of log(v + tau2)
};

Weighted weigh(std::span<const Study> studies, double tau2) {
  Weighted result;
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

/// Restricted log-likelihood less its constants.
double restricted_likelihood(std::span<const Study> studies, double tau2) {
  const Weighted at = weigh(studies, tau2);
  return -0.5 * (at.log_volume + std::log(at.sum) + at.q);
}

/// Its derivative in tau2.
double restricted_score(std::span<const Study> studies, double tau2) {
  const Weighted at = weigh(studies, tau2);
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

double dersimonian_laird_tau2(const Weighted& common, int df) {
  const double c = common.sum - common.sum_squares / common.sum;
  return c > 0 ? std::max(0.0, (common.q - df) / c) : 0;
}

/// Q-profile: all tau2 for which the generalised Q is not extreme. Q falls as tau2 grows.
Interval tau2_profile(std::span<const Study> studies, double level, bool& empty) {
  const auto df = static_cast<double>(studies.size() - 1);
  const auto solve = [&](double target) {
    const auto excess = [&](double t) { return weigh(studies, t).q - target; };
    if (excess(0) <= 0) return 0.0;
    double high = studies[0].variance;
    while (excess(high) > 0) high *= 2;
    return bisect(excess, 0, high);
  };
  const Interval interval{solve(chi2_quantile(0.5 + level / 2, df)),
                          solve(chi2_quantile(0.5 - level / 2, df))};
  empty = interval.high == 0;
  return interval;
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

std::string_view convention_of(const MetaOptions& options) {
  const bool reml = options.estimator == TauEstimator::kReml;
  if (options.scale == Scale::kLogit) {
    return reml ? "random-effects-reml-logit-hksj" : "random-effects-dl-logit-hksj";
  }
  return reml ? "random-effects-reml-identity-hksj" : "random-effects-dl-identity-hksj";
}

Status check(std::span<const Study> studies, double level) {
  if (studies.empty()) {
    return make_error(ErrorKind::kInvalid, "meta-analysis", "there is no site to pool",
                      "At least one site must have a defined figure.");
  }
  if (!(level > 0 && level < 1)) {
    return make_error(ErrorKind::kInvalid, "level", "it must lie between 0 and 1", "Use 0.95.");
  }
  for (std::size_t i = 0; i < studies.size(); ++i) {
    const Study& study = studies[i];
    if (!std::isfinite(study.effect) || !std::isfinite(study.variance) || study.variance <= 0) {
      return make_error(ErrorKind::kInvalid, "site " + std::to_string(i + 1),
                        "its figure or its variance cannot be pooled",
                        "Make studies with auc_study or proportion_study.");
    }
  }
  return {};
}

Interval around(double centre, double half, Scale scale) {
  return {back(centre - half, scale), back(centre + half, scale)};
}

void add_heterogeneity(std::span<const Study> studies, double level, MetaAnalysis& result) {
  result.q = weigh(studies, 0).q;
  result.df = static_cast<int>(studies.size()) - 1;
  if (result.df == 0) return;
  result.q_p_value = chi2_upper(result.q, result.df);
  result.i2 = result.q > result.df ? (result.q - result.df) / result.q : 0;
  bool empty = false;
  result.tau2_interval = tau2_profile(studies, level, empty);
  if (empty) result.warnings.push_back(warning::kTauIntervalEmpty);
}

void add_intervals(std::span<const Study> studies, const MetaOptions& options, const Weighted& at,
                   MetaAnalysis& result) {
  const double upper = 0.5 + options.level / 2;
  const double z = normal_quantile(upper);
  const auto k = static_cast<double>(studies.size());
  result.wald_se = std::sqrt(1 / at.sum);
  result.wald_interval = around(at.mean, z * result.wald_se, options.scale);
  if (studies.size() == 1) {
    result.se = result.wald_se;
    result.interval = result.wald_interval;
    return;
  }
  // Without the floor the interval can be shorter than the common-effect one when sites agree by
  // luck.
  const double factor = std::max(1.0, at.q / (k - 1));
  result.se = std::sqrt(factor / at.sum);
  result.interval = around(at.mean, t_quantile(upper, k - 1) * result.se, options.scale);
  if (studies.size() >= 3) {
    const double spread = std::sqrt(result.tau2 + result.se * result.se);
    result.prediction = around(at.mean, t_quantile(upper, k - 2) * spread, options.scale);
  }
}

}  // namespace

bool MetaAnalysis::warns(std::string_view what) const {
  return std::find(warnings.begin(), warnings.end(), what) != warnings.end();
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
  Study study;
  study.effect = scale == Scale::kLogit ? logit(value) : value;
  const double working_se = scale == Scale::kLogit ? se / (value * (1 - value)) : se;
  study.variance = working_se * working_se;
  return study;
}

Result<Study> proportion_study(std::int64_t events, std::int64_t total, Scale scale) {
  if (events < 0 || total <= 0 || events > total) {
    return make_error(ErrorKind::kInvalid, "proportion", "the counts are out of range",
                      "The events must lie in 0..total and total must be positive.");
  }
  return proportion_of(static_cast<double>(events), static_cast<double>(total), scale);
}

Result<MetaAnalysis> meta_analyse(std::span<const Study> studies, const MetaOptions& options) {
  MEDPERF_CHECK(check(studies, options.level));
  MetaAnalysis result;
  result.convention = convention_of(options);
  result.k = studies.size();
  if (result.k == 1) result.warnings.push_back(warning::kOneSite);
  if (result.k > 1 && result.k < kSitesForPrediction) result.warnings.push_back(warning::kFewSites);
  if (std::any_of(studies.begin(), studies.end(), [](const Study& s) { return s.corrected; })) {
    result.warnings.push_back(warning::kContinuity);
  }
  add_heterogeneity(studies, options.level, result);

  const Weighted common = weigh(studies, 0);
  result.fixed_value = back(common.mean, options.scale);
  if (result.k > 1) {
    result.tau2 = options.estimator == TauEstimator::kReml
                      ? reml_tau2(studies)
                      : dersimonian_laird_tau2(common, result.df);
  }
  const Weighted at = weigh(studies, result.tau2);
  result.effect = at.mean;
  result.value = back(at.mean, options.scale);
  for (const Study& study : studies) {
    result.weights.push_back(1 / (study.variance + result.tau2) / at.sum);
  }
  add_intervals(studies, options, at, result);
  return result;
}

}  // namespace medperf::metrics
