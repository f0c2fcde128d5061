#include "metrics/classification/decision.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "metrics/classification/checks.h"
#include "metrics/statistics/distributions.h"

namespace medperf::metrics {
namespace {

/// The reason why a table with a class missing has no value; empty when both are there.
std::string_view missing_class(const Confusion& table) {
  if (table.total() == 0) return flag::kNoCases;
  return table.tp + table.fn == 0 || table.tn + table.fp == 0 ? flag::kOneClass
                                                              : std::string_view{};
}

/// (a / (a + b)) / (c / (c + d)) with the interval of its logarithm; a and b are the cells of the
/// table's positive cases, c and d those of the negative ones.
Estimate likelihood_ratio(const Confusion& table, std::int64_t a, std::int64_t b, std::int64_t c,
                          std::int64_t d, double level) {
  Estimate estimate;
  estimate.convention = kLikelihoodRatioConvention;
  estimate.flag = missing_class(table);
  if (estimate.flag.empty() && c == 0) estimate.flag = flag::kUnbounded;
  if (!estimate.flag.empty()) return estimate;
  const auto number = [](std::int64_t x) { return static_cast<double>(x); };
  const double value = number(a) * number(c + d) / (number(c) * number(a + b));
  estimate.value = value;
  if (a == 0) {
    estimate.flag = flag::kZeroCell;
    return estimate;
  }
  const double log_se =
      std::sqrt(1 / number(a) - 1 / number(a + b) + 1 / number(c) - 1 / number(c + d));
  const double factor = std::exp(normal_quantile(0.5 + level / 2) * log_se);
  estimate.interval = Interval{value / factor, value * factor};
  return estimate;
}

}  // namespace

Estimate youden_index(const Confusion& table, double level) {
  Estimate estimate;
  estimate.convention = kYoudenConvention;
  estimate.flag = missing_class(table);
  if (!estimate.flag.empty()) return estimate;
  const Estimate hit = sensitivity(table, level);
  const Estimate pass = specificity(table, level);
  estimate.value = *hit.value + *pass.value - 1;
  const auto distance = [](double a, double b) { return std::sqrt(a * a + b * b); };
  estimate.interval = Interval{
      *estimate.value - distance(*hit.value - hit.interval->low, *pass.value - pass.interval->low),
      *estimate.value +
          distance(hit.interval->high - *hit.value, pass.interval->high - *pass.value)};
  return estimate;
}

Estimate balanced_accuracy(const Confusion& table, double level) {
  Estimate estimate = youden_index(table, level);
  estimate.convention = kBalancedAccuracyConvention;
  if (estimate.value) estimate.value = (*estimate.value + 1) / 2;
  if (estimate.interval) {
    estimate.interval =
        Interval{(estimate.interval->low + 1) / 2, (estimate.interval->high + 1) / 2};
  }
  return estimate;
}

Estimate positive_likelihood_ratio(const Confusion& table, double level) {
  return likelihood_ratio(table, table.tp, table.fn, table.fp, table.tn, level);
}

Estimate negative_likelihood_ratio(const Confusion& table, double level) {
  return likelihood_ratio(table, table.fn, table.tp, table.tn, table.fp, level);
}

Result<std::vector<NetBenefit>> decision_curve(std::span<const ScoredCase> cases,
                                               std::span<const double> thresholds) {
  MEDPERF_CHECK(check_probabilities(cases));
  std::vector<double> positives, negatives;
  for (const ScoredCase& one : cases) (one.positive ? positives : negatives).push_back(one.score);
  std::sort(positives.begin(), positives.end());
  std::sort(negatives.begin(), negatives.end());
  const auto called = [](const std::vector<double>& scores, double threshold) {
    return scores.end() - std::lower_bound(scores.begin(), scores.end(), threshold);
  };
  const auto n = static_cast<double>(cases.size());
  std::vector<NetBenefit> curve;
  for (std::size_t i = 0; i < thresholds.size(); ++i) {
    const double threshold = thresholds[i];
    if (!(threshold > 0 && threshold < 1)) {
      return make_error(ErrorKind::kInvalid, "threshold " + std::to_string(i + 1),
                        "it is not between 0 and 1", "A decision curve needs probabilities.");
    }
    if (cases.empty()) continue;
    NetBenefit point;
    point.threshold = threshold;
    point.table.tp = called(positives, threshold);
    point.table.fp = called(negatives, threshold);
    point.table.fn = static_cast<std::int64_t>(positives.size()) - point.table.tp;
    point.table.tn = static_cast<std::int64_t>(negatives.size()) - point.table.fp;
    const double odds = threshold / (1 - threshold);
    const auto benefit = [&](double tp, double fp) { return tp / n - fp / n * odds; };
    point.model = benefit(static_cast<double>(point.table.tp), static_cast<double>(point.table.fp));
    point.treat_all =
        benefit(static_cast<double>(positives.size()), static_cast<double>(negatives.size()));
    curve.push_back(point);
  }
  return curve;
}

}  // namespace medperf::metrics
