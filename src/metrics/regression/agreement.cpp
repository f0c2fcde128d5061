#include "metrics/regression/agreement.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "metrics/statistics/distributions.h"
#include "metrics/statistics/mean.h"

namespace medperf::metrics {
namespace {

Status check_share(double share, std::string_view name) {
  if (share > 0 && share < 1) return {};
  return make_error(ErrorKind::kInvalid, std::string(name), "it is not between 0 and 1",
                    "0.95 is the default.");
}

/// Means and sums of squares and products of deviations.
struct Moments {
  double n = 0;
  double mean_x = 0, mean_y = 0;
  double xx = 0, yy = 0, xy = 0;
  bool constant_x = true, constant_y = true;  // told from the values: sums of squares may round
};

Moments moments(std::span<const MeasuredPair> cases) {
  Moments m;
  m.n = static_cast<double>(cases.size());
  for (const MeasuredPair& one : cases) {
    m.mean_x += one.reference / m.n;
    m.mean_y += one.predicted / m.n;
    m.constant_x = m.constant_x && one.reference == cases.front().reference;
    m.constant_y = m.constant_y && one.predicted == cases.front().predicted;
  }
  for (const MeasuredPair& one : cases) {
    const double x = one.reference - m.mean_x;
    const double y = one.predicted - m.mean_y;
    m.xx += x * x;
    m.yy += y * y;
    m.xy += x * y;
  }
  if (m.constant_x) m.xx = m.xy = 0;
  if (m.constant_y) m.yy = m.xy = 0;
  return m;
}

/// The same of ranks, whose means are 0.
Moments rank_moments(const std::vector<double>& x, const std::vector<double>& y) {
  Moments m;
  m.n = static_cast<double>(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    m.xx += x[i] * x[i];
    m.yy += y[i] * y[i];
    m.xy += x[i] * y[i];
  }
  m.constant_x = m.xx == 0;
  m.constant_y = m.yy == 0;
  return m;
}

/// The interval of a correlation whose arctanh has the standard error `z_se`.
Interval fisher_interval(double value, double z_se, double level) {
  const double half = normal_quantile(0.5 + level / 2) * z_se;
  return {std::tanh(std::atanh(value) - half), std::tanh(std::atanh(value) + half)};
}

/// Closer to 1 or -1 than the sums' rounding can tell is 1 or -1. The quotients of sums that are
/// equal are exact, which a product of two roots is not.
double correlation(const Moments& m) {
  constexpr double kRounding = 8 * std::numeric_limits<double>::epsilon();
  const double r = m.xy / m.xx / std::sqrt(m.yy / m.xx);
  return 1 - std::abs(r) <= kRounding ? std::copysign(1.0, r) : r;
}

/// `inflation` times 1 / (n - 3) is the variance of the arctanh.
template <typename Inflation>
Estimate correlation_estimate(const Moments& m, double level, const Inflation& inflation) {
  Estimate estimate;
  if (m.n == 0) {
    estimate.flag = flag::kNoCases;
  } else if (m.constant_x) {
    estimate.flag = flag::kConstantReference;
  } else if (m.constant_y) {
    estimate.flag = flag::kConstantPrediction;
  }
  if (!estimate.flag.empty()) return estimate;
  const double r = correlation(m);
  estimate.value = r;
  if (m.n <= 3) {
    estimate.flag = flag::kTooFewCases;
  } else if (std::abs(r) == 1) {
    estimate.flag = flag::kPerfect;
  } else {
    estimate.interval = fisher_interval(r, std::sqrt(inflation(r) / (m.n - 3)), level);
  }
  return estimate;
}

/// Ranks from 1, equal values sharing the mean of theirs; from all of them their mean is taken, and
/// they are doubled: whole numbers, whose squares and products sum without rounding (to 200,000
/// cases, and then in the same way for both sides).
std::vector<double> centred_ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const auto shared = static_cast<double>(begin + 1 + end);
    for (; begin < end; ++begin) {
      ranks[order[begin]] = shared - static_cast<double>(values.size() + 1);
    }
  }
  return ranks;
}

Estimate limit(const Estimate& bias, double deviation, double z, double n, double level) {
  Estimate estimate;
  estimate.convention = kLimitsConvention;
  estimate.flag = bias.flag;
  if (!bias.se) return estimate;
  const double value = *bias.value + z * deviation;
  const double se = deviation * std::sqrt(1 / n + z * z / (2 * (n - 1)));
  const double half = t_quantile(0.5 + level / 2, n - 1) * se;
  estimate.value = value;
  estimate.se = se;
  if (deviation > 0) estimate.interval = Interval{value - half, value + half};
  return estimate;
}

}  // namespace

Result<LimitsOfAgreement> limits_of_agreement(std::span<const MeasuredPair> cases, double coverage,
                                              double level) {
  MEDPERF_CHECK(check_share(coverage, "coverage"));
  LimitsOfAgreement result;
  MEDPERF_TRY(result.bias, mean_error(cases, level));
  const auto n = static_cast<double>(cases.size());
  if (result.bias.se) result.deviation = *result.bias.se * std::sqrt(n);
  const double z = normal_quantile(0.5 + coverage / 2);
  result.lower = limit(result.bias, result.deviation, -z, n, level);
  result.upper = limit(result.bias, result.deviation, z, n, level);
  return result;
}

Result<Estimate> concordance(std::span<const MeasuredPair> cases, double level) {
  MEDPERF_CHECK(check_finite_pairs(cases));
  MEDPERF_CHECK(check_share(level, "level"));
  Estimate estimate;
  estimate.convention = kCccConvention;
  const Moments m = moments(cases);
  if (m.n == 0 || (m.constant_x && m.constant_y)) {
    estimate.flag = m.n == 0 ? flag::kNoCases : flag::kConstantReference;
    return estimate;
  }
  const double shift = m.mean_x - m.mean_y;
  const double ccc = 2 * m.xy / (m.xx + m.yy + m.n * shift * shift);
  estimate.value = ccc;
  if (m.constant_x || m.constant_y) {
    estimate.flag = m.constant_x ? flag::kConstantReference : flag::kConstantPrediction;
    return estimate;
  }
  const double r = correlation(m);
  if (m.n <= 3 || std::abs(ccc) == 1 || r == 0) {
    estimate.flag = m.n <= 3 ? flag::kTooFewCases : r == 0 ? flag::kDegenerate : flag::kPerfect;
    return estimate;
  }
  const double u2 = shift * shift * m.n / (std::sqrt(m.xx) * std::sqrt(m.yy));
  const double rest = 1 - ccc * ccc;
  const double variance = ((1 - r * r) * ccc * ccc / (rest * r * r) +
                           2 * ccc * ccc * ccc * (1 - ccc) * u2 / (r * rest * rest) -
                           ccc * ccc * ccc * ccc * u2 * u2 / (2 * r * r * rest * rest)) /
                          (m.n - 2);
  estimate.interval = fisher_interval(ccc, std::sqrt(std::max(0.0, variance)), level);
  return estimate;
}

Result<Estimate> pearson(std::span<const MeasuredPair> cases, double level) {
  MEDPERF_CHECK(check_finite_pairs(cases));
  MEDPERF_CHECK(check_share(level, "level"));
  Estimate estimate = correlation_estimate(moments(cases), level, [](double) { return 1.0; });
  estimate.convention = kPearsonConvention;
  return estimate;
}

Result<Estimate> spearman(std::span<const MeasuredPair> cases, double level) {
  MEDPERF_CHECK(check_finite_pairs(cases));
  MEDPERF_CHECK(check_share(level, "level"));
  std::vector<double> x, y;
  for (const MeasuredPair& one : cases) {
    x.push_back(one.reference);
    y.push_back(one.predicted);
  }
  Estimate estimate = correlation_estimate(rank_moments(centred_ranks(x), centred_ranks(y)), level,
                                           [](double r) { return 1 + r * r / 2; });
  estimate.convention = kSpearmanConvention;
  return estimate;
}

}  // namespace medperf::metrics
