#include "metrics/classification/auc.h"

#include <algorithm>
#include <cmath>

#include "metrics/classification/checks.h"
#include "metrics/classification/score_levels.h"
#include "metrics/statistics/distributions.h"

namespace medperf::metrics {
namespace {

/// Sums over the cases of a class, whose `places` are twice the numbers of cases of the other class
/// that each beats (a positive) or that beat it (a negative), a tie counting 1.
class PlacementVariance {
 public:
  PlacementVariance(std::int64_t count, std::int64_t doubled_wins, double pairs)
      : count_(count), doubled_wins_(doubled_wins), pairs_(pairs) {}

  void add(std::uint32_t cases, std::int64_t place) {
    // The deviations from the AUC are whole numbers over 2 n m, so only the sum of squares rounds.
    const double deviation = static_cast<double>(place * count_ - doubled_wins_) / (2 * pairs_);
    sum_ += cases * (deviation * deviation);
  }
  /// The variance of the class's mean placement: sample variance over its size.
  double of_mean() const {
    const auto n = static_cast<double>(count_);
    return sum_ / (n - 1) / n;
  }

 private:
  std::int64_t count_;
  std::int64_t doubled_wins_;
  double pairs_;
  double sum_ = 0;
};

double variance(const ScoreLevels& levels, const Auc& found, double pairs) {
  PlacementVariance positives(found.n_positive, found.doubled_wins, pairs);
  PlacementVariance negatives(found.n_negative, found.doubled_wins, pairs);
  std::int64_t below = 0;
  std::int64_t above = found.n_positive;
  for (std::size_t l = 0; l < levels.size(); ++l) {
    const std::int64_t win = levels.doubled_win[l];
    above -= levels.positives[l];
    positives.add(levels.positives[l], 2 * below + win * levels.negatives[l]);
    negatives.add(levels.negatives[l], 2 * above + win * levels.positives[l]);
    below += levels.negatives[l];
  }
  return positives.of_mean() + negatives.of_mean();
}

}  // namespace

Result<Auc> auc(std::span<const ScoredCase> cases, double level) {
  MEDPERF_CHECK(check_level(level));
  MEDPERF_CHECK(check_scores(cases));
  return auc_of(score_levels(cases), level);
}

Auc auc_of(const ScoreLevels& levels, double level) {
  Auc result;
  result.estimate.convention = kAucConvention;
  for (const std::uint32_t count : levels.positives) result.n_positive += count;
  for (const std::uint32_t count : levels.negatives) result.n_negative += count;
  if (result.n_positive == 0 || result.n_negative == 0) {
    result.estimate.flag = levels.size() == 0 ? flag::kNoCases : flag::kOneClass;
    return result;
  }
  result.doubled_wins = doubled_wins(levels.negatives, levels.positives, levels.doubled_win);
  const double pairs =
      static_cast<double>(result.n_positive) * static_cast<double>(result.n_negative);
  const double value = static_cast<double>(result.doubled_wins) / (2 * pairs);
  result.estimate.value = value;
  if (result.n_positive < 2 || result.n_negative < 2) {
    result.estimate.flag = flag::kTooFewForVariance;
    return result;
  }
  const double se = std::sqrt(variance(levels, result, pairs));
  result.estimate.se = se;
  if (se == 0) {
    result.estimate.flag = flag::kNoVariance;
    return result;
  }
  const double half = normal_quantile(0.5 + level / 2) * se;
  result.estimate.interval = Interval{std::max(0.0, value - half), std::min(1.0, value + half)};
  return result;
}

}  // namespace medperf::metrics
