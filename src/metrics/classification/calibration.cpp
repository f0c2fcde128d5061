#include "metrics/classification/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "metrics/classification/checks.h"
#include "metrics/statistics/distributions.h"
#include "metrics/statistics/proportion.h"

namespace medperf::metrics {
namespace {

constexpr int kMaxBins = 100'000;

/// A bin while it is filled.
struct Filling {
  double low = 0;
  double high = 0;
  std::int64_t cases = 0;
  std::int64_t positives = 0;
  double sum = 0;
};

/// The bin k with k / bins <= p < (k + 1) / bins, decided by the edges themselves: p x bins may be
/// rounded across one.
int bin_of(double p, int bins) {
  const auto edge = [bins](int k) { return static_cast<double>(k) / bins; };
  int k = std::clamp(static_cast<int>(p * bins), 0, bins - 1);
  while (k > 0 && p < edge(k)) --k;
  while (k + 1 < bins && p >= edge(k + 1)) ++k;
  return k;
}

std::vector<Filling> equal_width(std::span<const ScoredCase> cases, int bins) {
  std::vector<Filling> filled(static_cast<std::size_t>(bins));
  for (int k = 0; k < bins; ++k) {
    filled[static_cast<std::size_t>(k)].low = static_cast<double>(k) / bins;
    filled[static_cast<std::size_t>(k)].high = static_cast<double>(k + 1) / bins;
  }
  for (const ScoredCase& one : cases) {
    Filling& bin = filled[static_cast<std::size_t>(bin_of(one.score, bins))];
    bin.cases += 1;
    bin.positives += one.positive ? 1 : 0;
    bin.sum += one.score;
  }
  return filled;
}

std::vector<Filling> equal_mass(std::span<const ScoredCase> cases, int bins) {
  std::vector<ScoredCase> ordered(cases.begin(), cases.end());
  std::sort(ordered.begin(), ordered.end(),
            [](const ScoredCase& a, const ScoredCase& b) { return a.score < b.score; });
  const std::size_t n = ordered.size();
  std::vector<Filling> filled;
  std::size_t next = 0;
  for (std::size_t k = 1; k <= static_cast<std::size_t>(bins); ++k) {
    std::size_t end = k * n / static_cast<std::size_t>(bins);
    while (end > 0 && end < n && ordered[end].score == ordered[end - 1].score) ++end;
    if (end <= next) continue;
    Filling bin{ordered[next].score, ordered[end - 1].score, 0, 0, 0};
    for (; next < end; ++next) {
      bin.cases += 1;
      bin.positives += ordered[next].positive ? 1 : 0;
      bin.sum += ordered[next].score;
    }
    filled.push_back(bin);
  }
  return filled;
}

struct Logit {
  double x = 0;
  bool positive = false;
};

/// The log-likelihood of logit P = a + b x, its gradient and its information matrix.
struct Likelihood {
  double value = 0;
  double score_a = 0, score_b = 0;
  double info_aa = 0, info_ab = 0, info_bb = 0;
};

Likelihood likelihood(std::span<const Logit> cases, double a, double b) {
  Likelihood sum;
  for (const Logit& one : cases) {
    const double eta = a + b * one.x;
    const double p = 1 / (1 + std::exp(-eta));
    const double signed_eta = one.positive ? -eta : eta;
    // log(1 + e^t) without overflow
    sum.value -= std::max(signed_eta, 0.0) + std::log1p(std::exp(-std::abs(signed_eta)));
    const double residual = (one.positive ? 1 : 0) - p;
    const double weight = p * (1 - p);
    sum.score_a += residual;
    sum.score_b += residual * one.x;
    sum.info_aa += weight;
    sum.info_ab += weight * one.x;
    sum.info_bb += weight * one.x * one.x;
  }
  return sum;
}

struct Fit {
  double a = 0, b = 1;
  double se_a = 0, se_b = 0;
  bool converged = false;
};

/// Newton's method for the intercept alone (slope held at 1) or for both.
Fit maximise(std::span<const Logit> cases, bool with_slope) {
  Fit fit;
  Likelihood here = likelihood(cases, fit.a, fit.b);
  for (int step = 0; step < 200 && !fit.converged; ++step) {
    const double determinant =
        with_slope ? here.info_aa * here.info_bb - here.info_ab * here.info_ab : here.info_aa;
    if (!(determinant > 0)) return fit;
    double da = here.score_a / here.info_aa;
    double db = 0;
    if (with_slope) {
      da = (here.info_bb * here.score_a - here.info_ab * here.score_b) / determinant;
      db = (here.info_aa * here.score_b - here.info_ab * here.score_a) / determinant;
    }
    fit.converged = std::abs(da) <= 1e-12 * (1 + std::abs(fit.a)) &&
                    std::abs(db) <= 1e-12 * (1 + std::abs(fit.b));
    // Near the maximum the likelihood is flat to its last bits: a fall within them is no fall.
    const double slack = 1e-12 * (1 + std::abs(here.value));
    Likelihood there = likelihood(cases, fit.a + da, fit.b + db);
    for (int half = 0; half < 60 && there.value < here.value - slack; ++half) {
      da /= 2;
      db /= 2;
      there = likelihood(cases, fit.a + da, fit.b + db);
    }
    fit.a += da;
    fit.b += db;
    here = there;
  }
  const double determinant = here.info_aa * here.info_bb - here.info_ab * here.info_ab;
  fit.se_a = std::sqrt(with_slope ? here.info_bb / determinant : 1 / here.info_aa);
  fit.se_b = with_slope ? std::sqrt(here.info_aa / determinant) : 0;
  fit.converged = fit.converged && std::isfinite(fit.se_a) && std::isfinite(fit.se_b);
  return fit;
}

/// Why the maximum over both coefficients does not exist; empty when it does.
std::string_view no_maximum(std::span<const Logit> cases) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double low[2] = {kInfinity, kInfinity};
  double high[2] = {-kInfinity, -kInfinity};
  for (const Logit& one : cases) {
    low[one.positive] = std::min(low[one.positive], one.x);
    high[one.positive] = std::max(high[one.positive], one.x);
  }
  if (std::min(low[0], low[1]) == std::max(high[0], high[1])) return flag::kConstantScore;
  if (high[0] <= low[1] || high[1] <= low[0]) return flag::kClassesSeparated;
  return {};
}

void set(Estimate& estimate, bool converged, double value, double se, double level) {
  if (!converged) {
    estimate.flag = flag::kNotConverged;
    return;
  }
  const double half = normal_quantile(0.5 + level / 2) * se;
  estimate.value = value;
  estimate.se = se;
  estimate.interval = Interval{value - half, value + half};
}

std::string_view no_logits(std::span<const ScoredCase> cases) {
  if (cases.empty()) return flag::kNoCases;
  const auto positives =
      std::count_if(cases.begin(), cases.end(), [](const ScoredCase& one) { return one.positive; });
  if (positives == 0 || positives == static_cast<std::ptrdiff_t>(cases.size())) {
    return flag::kOneClass;
  }
  const bool certain = std::any_of(cases.begin(), cases.end(), [](const ScoredCase& one) {
    return one.score == 0 || one.score == 1;
  });
  return certain ? flag::kCertainProbability : std::string_view{};
}

}  // namespace

Result<Calibration> calibration(std::span<const ScoredCase> cases, CalibrationBinning binning,
                                int bins, double level) {
  MEDPERF_CHECK(check_probabilities(cases));
  MEDPERF_CHECK(check_level(level));
  if (bins < 1 || bins > kMaxBins) {
    return make_error(ErrorKind::kInvalid, "bins", std::to_string(bins) + " is not in 1 to 100,000",
                      "15 is the default.");
  }
  const bool by_mass = binning == CalibrationBinning::kEqualMass;
  Calibration result;
  result.expected_error.convention = by_mass ? kEceMassConvention : kEceConvention;
  result.maximum_error.convention = by_mass ? kMceMassConvention : kMceConvention;
  if (cases.empty()) {
    result.expected_error.flag = result.maximum_error.flag = flag::kNoCases;
    return result;
  }
  double expected = 0;
  double largest = 0;
  for (const Filling& bin : by_mass ? equal_mass(cases, bins) : equal_width(cases, bins)) {
    if (bin.cases == 0) continue;
    const auto n = static_cast<double>(bin.cases);
    const double gap = std::abs(bin.sum - static_cast<double>(bin.positives));
    expected += gap / static_cast<double>(cases.size());
    largest = std::max(largest, gap / n);
    result.bins.push_back({bin.low, bin.high, bin.cases, bin.positives, bin.sum / n,
                           wilson(bin.positives, bin.cases, level)});
  }
  result.expected_error.value = expected;
  result.maximum_error.value = largest;
  return result;
}

Result<Recalibration> recalibrate(std::span<const ScoredCase> cases, double level) {
  MEDPERF_CHECK(check_probabilities(cases));
  MEDPERF_CHECK(check_level(level));
  Recalibration result;
  result.slope.convention = kCalibrationSlopeConvention;
  result.intercept.convention = kCalibrationSlopeConvention;
  result.in_the_large.convention = kCalibrationInterceptConvention;
  if (const auto reason = no_logits(cases); !reason.empty()) {
    result.slope.flag = result.intercept.flag = result.in_the_large.flag = reason;
    return result;
  }
  std::vector<Logit> logits;
  logits.reserve(cases.size());
  for (const ScoredCase& one : cases) {
    logits.push_back({std::log(one.score) - std::log1p(-one.score), one.positive});
  }
  const Fit large = maximise(logits, false);
  set(result.in_the_large, large.converged, large.a, large.se_a, level);
  if (const auto reason = no_maximum(logits); !reason.empty()) {
    result.slope.flag = result.intercept.flag = reason;
    return result;
  }
  const Fit both = maximise(logits, true);
  set(result.slope, both.converged, both.b, both.se_b, level);
  set(result.intercept, both.converged, both.a, both.se_a, level);
  return result;
}

}  // namespace medperf::metrics
