#include "metrics/classification/comparison.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "metrics/classification/auc.h"
#include "metrics/classification/checks.h"
#include "metrics/classification/score_levels.h"
#include "metrics/statistics/distributions.h"

namespace medperf::metrics {
namespace {

/// By case: the share of the other class that it beats (a positive) or is beaten by (a negative).
std::vector<double> placements(std::span<const ScoredCase> cases, double positives,
                               double negatives) {
  const ScoreLevels levels = score_levels(cases);
  const auto placed = doubled_placements(cases, levels);
  std::vector<double> result(cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    result[i] = static_cast<double>(placed[i]) / (2 * (cases[i].positive ? negatives : positives));
  }
  return result;
}

/// Covariance of two areas from the placements of one class, over that class's size.
double covariance(std::span<const PairedScore> cases, bool positive, const std::vector<double>& a,
                  const std::vector<double>& b, double mean_a, double mean_b, double n) {
  double sum = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (cases[i].positive == positive) sum += (a[i] - mean_a) * (b[i] - mean_b);
  }
  return sum / (n - 1) / n;
}

/// P(X = k) for X ~ Binomial(n, 1/2).
double half_binomial(std::int64_t k, std::int64_t n) {
  // In logarithms by Stirling-free sums: n is a number of cases, and a sum of n logs is exact
  // enough.
  double log_p = -static_cast<double>(n) * std::log(2.0);
  for (std::int64_t i = 1; i <= std::min(k, n - k); ++i) {
    log_p += std::log(static_cast<double>(n - std::min(k, n - k) + i) / static_cast<double>(i));
  }
  return std::exp(log_p);
}

}  // namespace

Result<PairedAuc> compare_auc(std::span<const PairedScore> cases, double level) {
  MEDPERF_CHECK(check_level(level));
  std::vector<ScoredCase> first, second;
  for (const PairedScore& one : cases) {
    first.push_back({one.first, one.positive});
    second.push_back({one.second, one.positive});
  }
  MEDPERF_TRY(const Auc a, auc(first, level));
  MEDPERF_TRY(const Auc b, auc(second, level));
  PairedAuc result;
  result.difference.convention = kPairedAucConvention;
  result.difference.flag = a.estimate.flag;
  if (!a.estimate.value) return result;
  result.first = a.estimate.value;
  result.second = b.estimate.value;
  const double difference = *result.first - *result.second;
  result.difference.value = difference;
  if (!a.estimate.se) return result;
  const auto m = static_cast<double>(a.n_positive);
  const auto n = static_cast<double>(a.n_negative);
  const auto of_first = placements(first, m, n);
  const auto of_second = placements(second, m, n);
  const double shared =
      covariance(cases, true, of_first, of_second, *result.first, *result.second, m) +
      covariance(cases, false, of_first, of_second, *result.first, *result.second, n);
  // The variance of the difference from differences of placements: no cancellation between models.
  std::vector<double> apart(cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) apart[i] = of_first[i] - of_second[i];
  const double variance = covariance(cases, true, apart, apart, difference, difference, m) +
                          covariance(cases, false, apart, apart, difference, difference, n);
  const double se = std::sqrt(variance);
  result.difference.se = se;
  if (*a.estimate.se > 0 && *b.estimate.se > 0) {
    result.correlation = std::clamp(shared / (*a.estimate.se * *b.estimate.se), -1.0, 1.0);
  }
  if (se > 0) {
    const double half = normal_quantile(0.5 + level / 2) * se;
    result.difference.interval = Interval{difference - half, difference + half};
    result.z = difference / se;
    result.p_value = std::min(1.0, 2 * normal_cdf(-std::abs(*result.z)));
  } else {
    result.difference.flag = flag::kNoVariance;
  }
  return result;
}

McNemar mcnemar(std::int64_t only_first, std::int64_t only_second, std::int64_t cases) {
  McNemar result;
  result.only_first = only_first;
  result.only_second = only_second;
  if (cases > 0) {
    result.difference = static_cast<double>(only_first - only_second) / static_cast<double>(cases);
  }
  const std::int64_t n = only_first + only_second;
  if (n == 0) return result;
  const std::int64_t fewer = std::min(only_first, only_second);
  const double point = half_binomial(fewer, n);
  if (only_first == only_second) {
    result.mid_p_value = 1 - point / 2;
    return result;
  }
  // P(X <= k) = I_{1/2}(n - k, k + 1)
  const double tail = beta_cdf(0.5, static_cast<double>(n - fewer), static_cast<double>(fewer + 1));
  result.exact_p_value = std::min(1.0, 2 * tail);
  result.mid_p_value = result.exact_p_value - point;
  return result;
}

Result<McNemar> mcnemar(std::span<const std::uint8_t> first_right,
                        std::span<const std::uint8_t> second_right) {
  if (first_right.size() != second_right.size()) {
    return make_error(ErrorKind::kInvalid, "second model", "it does not have the same cases",
                      "Both models must have been run on the same cases, in the same order.");
  }
  std::int64_t only_first = 0;
  std::int64_t only_second = 0;
  for (std::size_t i = 0; i < first_right.size(); ++i) {
    only_first += first_right[i] != 0 && second_right[i] == 0 ? 1 : 0;
    only_second += first_right[i] == 0 && second_right[i] != 0 ? 1 : 0;
  }
  return mcnemar(only_first, only_second, static_cast<std::int64_t>(first_right.size()));
}

Result<PairedBootstrap> paired_bootstrap(const ResampleUnits& units, const Statistic& first,
                                         const Statistic& second, const BootstrapOptions& options) {
  const Statistic difference = [&](std::span<const std::uint32_t> cases) -> std::optional<double> {
    const auto a = first(cases);
    const auto b = second(cases);
    if (!a || !b) return std::nullopt;
    return *a - *b;
  };
  PairedBootstrap result;
  MEDPERF_TRY(result.difference, bootstrap(units, difference, options));
  if (options.interval == BootstrapInterval::kPercentile) {
    result.difference.estimate.convention = kPairedBootstrapConvention;
  }
  if (!result.difference.estimate.se) return result;
  double not_above = 1;
  double not_below = 1;
  for (const double value : result.difference.replicates) {
    not_above += value <= 0 ? 1 : 0;
    not_below += value >= 0 ? 1 : 0;
  }
  const auto count = static_cast<double>(result.difference.replicates.size());
  result.p_value = std::min(1.0, 2 * std::min(not_above, not_below) / (count + 1));
  return result;
}

}  // namespace medperf::metrics
