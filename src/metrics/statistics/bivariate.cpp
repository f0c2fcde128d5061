#include "metrics/statistics/bivariate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "metrics/statistics/distributions.h"
#include "metrics/statistics/meta_analysis.h"

namespace medperf::metrics {
namespace {

/// A symmetric 2x2 matrix.
struct Matrix {
  double a = 0;  ///< (1, 1)
  double b = 0;  ///< (1, 2)
  double c = 0;  ///< (2, 2)
  double determinant() const { return a * c - b * b; }
  Matrix inverse() const {
    const double d = determinant();
    return {c / d, -b / d, a / d};
  }
};

struct Pair {
  double y1 = 0;
  double y2 = 0;
  double v1 = 0;
  double v2 = 0;
};

/// The lower Cholesky factor (l11, l21, l22) of the covariance matrix between sites.
using Factor = std::array<double, 3>;

Matrix matrix_of(const Factor& l) {
  return {l[0] * l[0], l[0] * l[1], l[1] * l[1] + l[2] * l[2]};
}

struct Fit {
  double likelihood = 0;
  double mean1 = 0;
  double mean2 = 0;
  Matrix covariance;  ///< of the means
};

Fit fit_with(const std::vector<Pair>& pairs, const Matrix& between) {
  Matrix information;
  double s1 = 0;
  double s2 = 0;
  double log_volume = 0;
  for (const Pair& pair : pairs) {
    const Matrix total = {between.a + pair.v1, between.b, between.c + pair.v2};
    const Matrix w = total.inverse();
    information.a += w.a;
    information.b += w.b;
    information.c += w.c;
    s1 += w.a * pair.y1 + w.b * pair.y2;
    s2 += w.b * pair.y1 + w.c * pair.y2;
    log_volume += std::log(total.determinant());
  }
  Fit fit;
  fit.covariance = information.inverse();
  fit.mean1 = fit.covariance.a * s1 + fit.covariance.b * s2;
  fit.mean2 = fit.covariance.b * s1 + fit.covariance.c * s2;
  double squares = 0;
  for (const Pair& pair : pairs) {
    const Matrix w = Matrix{between.a + pair.v1, between.b, between.c + pair.v2}.inverse();
    const double r1 = pair.y1 - fit.mean1;
    const double r2 = pair.y2 - fit.mean2;
    squares += w.a * r1 * r1 + 2 * w.b * r1 * r2 + w.c * r2 * r2;
  }
  const double n = 2 * static_cast<double>(pairs.size()) - 2;
  // With Harville's constant, half the logarithm of |X'X| = k^2, as other programs have it.
  fit.likelihood = std::log(static_cast<double>(pairs.size())) -
                   0.5 * (n * std::log(2 * std::numbers::pi) + log_volume +
                          std::log(information.determinant()) + squares);
  return fit;
}

double height(const std::vector<Pair>& pairs, const Factor& l) {
  return fit_with(pairs, matrix_of(l)).likelihood;
}

/// Nelder and Mead's simplex (Computer Journal 7 (1965) 308), with the usual coefficients.
Factor climb(const std::vector<Pair>& pairs, const Factor& start, double size) {
  constexpr std::size_t kCorners = 4;
  std::array<Factor, kCorners> corners{};
  std::array<double, kCorners> heights{};
  for (std::size_t i = 0; i < kCorners; ++i) {
    corners[i] = start;
    if (i > 0) corners[i][i - 1] += size;
    heights[i] = height(pairs, corners[i]);
  }
  const auto between = [](const Factor& a, const Factor& b, double t) {
    Factor result{};
    for (std::size_t i = 0; i < 3; ++i) result[i] = a[i] + t * (b[i] - a[i]);
    return result;
  };
  for (int step = 0; step < 2000; ++step) {
    std::array<std::size_t, kCorners> order = {0, 1, 2, 3};
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return heights[a] > heights[b]; });
    const std::size_t best = order[0];
    const std::size_t worst = order[3];
    double spread = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      spread = std::max(spread, std::abs(corners[best][i] - corners[worst][i]));
    }
    if (spread < 1e-12) break;
    Factor centre{};
    for (std::size_t j = 0; j < 3; ++j) {
      for (std::size_t i = 0; i < 3; ++i) centre[i] += corners[order[j]][i] / 3;
    }
    Factor candidate = between(corners[worst], centre, 2);
    double value = height(pairs, candidate);
    if (value > heights[best]) {
      const Factor farther = between(corners[worst], centre, 3);
      const double farther_value = height(pairs, farther);
      if (farther_value > value) {
        candidate = farther;
        value = farther_value;
      }
    } else if (value <= heights[order[2]]) {
      candidate = between(corners[worst], centre, value > heights[worst] ? 1.5 : 0.5);
      value = height(pairs, candidate);
    }
    if (value > heights[worst]) {
      corners[worst] = candidate;
      heights[worst] = value;
      continue;
    }
    for (std::size_t j = 1; j < kCorners; ++j) {
      corners[order[j]] = between(corners[best], corners[order[j]], 0.5);
      heights[order[j]] = height(pairs, corners[order[j]]);
    }
  }
  return corners[static_cast<std::size_t>(std::max_element(heights.begin(), heights.end()) -
                                          heights.begin())];
}

/// The best of several starts, each climbed until a fresh simplex gains nothing.
Factor highest(const std::vector<Pair>& pairs, double tau1, double tau2) {
  Factor best{};
  double best_height = -std::numeric_limits<double>::infinity();
  for (const double scale : {0.3, 1.0, 3.0}) {
    for (const double correlation : {-0.7, 0.0, 0.7}) {
      const double first = scale * std::max(tau1, 0.1);
      const double second = scale * std::max(tau2, 0.1);
      Factor at = {first, correlation * second, second * std::sqrt(1 - correlation * correlation)};
      double reached = -std::numeric_limits<double>::infinity();
      for (int round = 0; round < 20; ++round) {
        at = climb(pairs, at, round == 0 ? 0.2 : 0.02);
        const double now = height(pairs, at);
        if (now - reached < 1e-13 * (1 + std::abs(now))) break;
        reached = now;
      }
      if (height(pairs, at) > best_height) {
        best_height = height(pairs, at);
        best = at;
      }
    }
  }
  return best;
}

Estimate estimate_of(double logit, double variance, double level) {
  Estimate estimate;
  estimate.convention = kBivariateConvention;
  const double se = std::sqrt(variance);
  const double half = normal_quantile(0.5 + level / 2) * se;
  estimate.value = original_scale(logit, Scale::kLogit);
  estimate.se = se;
  estimate.interval = Interval{original_scale(logit - half, Scale::kLogit),
                               original_scale(logit + half, Scale::kLogit)};
  return estimate;
}

}  // namespace

Result<BivariateAnalysis> pool_sensitivity_specificity(std::span<const Confusion> sites,
                                                       double level) {
  if (sites.size() < 3 || !(level > 0 && level < 1)) {
    return make_error(ErrorKind::kInvalid, "sensitivity and specificity",
                      "there are fewer than three sites, or the level is wrong",
                      "Pool each of the two by meta_analyse instead.");
  }
  std::vector<Pair> pairs;
  std::vector<Study> first;
  std::vector<Study> second;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    const std::string name = "site " + std::to_string(i + 1);
    auto sensitivity = proportion_study(sites[i].tp, sites[i].tp + sites[i].fn);
    auto specificity = proportion_study(sites[i].tn, sites[i].tn + sites[i].fp);
    if (!sensitivity.ok()) return std::move(sensitivity).error().at(name);
    if (!specificity.ok()) return std::move(specificity).error().at(name);
    pairs.push_back(
        {sensitivity->effect, specificity->effect, sensitivity->variance, specificity->variance});
    first.push_back(*sensitivity);
    second.push_back(*specificity);
  }
  BivariateAnalysis result;
  result.k = sites.size();
  const Factor factor = highest(pairs, std::sqrt(estimate_tau2(first, TauEstimator::kReml)),
                                std::sqrt(estimate_tau2(second, TauEstimator::kReml)));
  const Matrix between = matrix_of(factor);
  const Fit fit = fit_with(pairs, between);
  result.tau2_sensitivity = between.a;
  result.tau2_specificity = between.c;
  result.tau_covariance = between.b;
  result.covariance = fit.covariance.b;
  result.restricted_log_likelihood = fit.likelihood;
  result.sensitivity = estimate_of(fit.mean1, fit.covariance.a, level);
  result.specificity = estimate_of(fit.mean2, fit.covariance.c, level);
  if (result.k < kSitesForPrediction) result.warnings.push_back(warning::kFewSites);
  const auto corrected = [](const Study& study) { return study.corrected; };
  if (std::any_of(first.begin(), first.end(), corrected) ||
      std::any_of(second.begin(), second.end(), corrected)) {
    result.warnings.push_back(warning::kContinuity);
  }
  if (between.determinant() < 1e-6 * std::max(between.a * between.c, 1e-6)) {
    result.warnings.push_back(warning::kBivariateBoundary);
  }
  return result;
}

}  // namespace medperf::metrics
