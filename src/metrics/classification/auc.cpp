#include "metrics/classification/auc.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "metrics/statistics/distributions.h"

namespace medperf::metrics {
namespace {

/// For each case, in order of the scores: twice the number of cases of the other class that it
/// beats (a positive) or that beat it (a negative), a tie counting 1.
struct Placements {
  std::vector<std::int64_t> positives;
  std::vector<std::int64_t> negatives;
};

Placements placements(const std::vector<ScoredCase>& ordered, std::int64_t n_positive) {
  Placements result;
  std::int64_t negatives_below = 0;
  std::int64_t positives_above = n_positive;
  for (std::size_t start = 0; start < ordered.size();) {
    std::size_t end = start;
    std::int64_t tied_positives = 0;
    while (end < ordered.size() && ordered[end].score == ordered[start].score) {
      tied_positives += ordered[end].positive ? 1 : 0;
      ++end;
    }
    const std::int64_t tied_negatives = static_cast<std::int64_t>(end - start) - tied_positives;
    positives_above -= tied_positives;
    result.positives.insert(result.positives.end(), static_cast<std::size_t>(tied_positives),
                            2 * negatives_below + tied_negatives);
    result.negatives.insert(result.negatives.end(), static_cast<std::size_t>(tied_negatives),
                            2 * positives_above + tied_positives);
    negatives_below += tied_negatives;
    start = end;
  }
  return result;
}

/// The variance of the class's mean placement: sample variance over its size. The deviations from
/// the AUC are whole numbers over 2 n m, so only the sum of squares rounds.
double variance_of_mean(const std::vector<std::int64_t>& placed, std::int64_t doubled_wins,
                        double pairs) {
  const auto count = static_cast<std::int64_t>(placed.size());
  double sum = 0;
  for (const std::int64_t place : placed) {
    const double deviation = static_cast<double>(place * count - doubled_wins) / (2 * pairs);
    sum += deviation * deviation;
  }
  const double n = static_cast<double>(count);
  return sum / (n - 1) / n;
}

Status check_scores(std::span<const ScoredCase> cases) {
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (!std::isfinite(cases[i].score)) {
      return make_error(ErrorKind::kInvalid, "case " + std::to_string(i + 1),
                        "its score is not a finite number",
                        "Give every case a score; higher means more likely positive.");
    }
  }
  return {};
}

}  // namespace

Result<Auc> auc(std::span<const ScoredCase> cases, double level) {
  MEDPERF_CHECK(check_scores(cases));
  Auc result;
  result.estimate.convention = kAucConvention;
  result.n_positive = std::count_if(cases.begin(), cases.end(), [](auto& c) { return c.positive; });
  result.n_negative = static_cast<std::int64_t>(cases.size()) - result.n_positive;
  if (result.n_positive == 0 || result.n_negative == 0) {
    result.estimate.flag = cases.empty() ? flag::kNoCases : flag::kOneClass;
    return result;
  }
  std::vector<ScoredCase> ordered(cases.begin(), cases.end());
  std::sort(ordered.begin(), ordered.end(),
            [](const ScoredCase& a, const ScoredCase& b) { return a.score < b.score; });
  const Placements placed = placements(ordered, result.n_positive);
  for (const std::int64_t place : placed.positives) result.doubled_wins += place;

  const double pairs =
      static_cast<double>(result.n_positive) * static_cast<double>(result.n_negative);
  const double value = static_cast<double>(result.doubled_wins) / (2 * pairs);
  result.estimate.value = value;
  if (result.n_positive < 2 || result.n_negative < 2) {
    result.estimate.flag = flag::kTooFewForVariance;
    return result;
  }
  const double variance = variance_of_mean(placed.positives, result.doubled_wins, pairs) +
                          variance_of_mean(placed.negatives, result.doubled_wins, pairs);
  const double se = std::sqrt(variance);
  const double half = normal_quantile(0.5 + level / 2) * se;
  result.estimate.se = se;
  result.estimate.interval = Interval{std::max(0.0, value - half), std::min(1.0, value + half)};
  return result;
}

}  // namespace medperf::metrics
