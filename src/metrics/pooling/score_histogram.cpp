#include "metrics/pooling/score_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>

#include "metrics/pooling/merge.h"
#include "metrics/statistics/distributions.h"

namespace medperf::metrics {
namespace {

// Twice the number of pairs must fit 64 bits.
constexpr std::int64_t kMaxCases = std::numeric_limits<std::int32_t>::max();

Result<std::int64_t> total_of(const std::vector<std::int64_t>& counts) {
  std::int64_t total = 0;
  for (const std::int64_t count : counts) {
    MEDPERF_TRY(total, added(total, count));
  }
  if (total > kMaxCases) {
    return make_error(ErrorKind::kTooLarge, "histogram", "it has more than 2^31 - 1 cases",
                      "Check the sites' counts.");
  }
  return total;
}

std::int64_t sum_of(const std::vector<std::int64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

/// Doubled Mann-Whitney counts: certain, and within one bin.
struct Pairs {
  std::int64_t doubled_wins = 0;
  std::int64_t tied = 0;
};

Pairs pairs_of(const std::vector<std::int64_t>& positives,
               const std::vector<std::int64_t>& negatives) {
  Pairs pairs;
  std::int64_t below = 0;
  for (std::size_t k = 0; k < positives.size(); ++k) {
    pairs.doubled_wins += positives[k] * (2 * below + negatives[k]);
    pairs.tied += positives[k] * negatives[k];
    below += negatives[k];
  }
  return pairs;
}

/// The variance of a class's mean placement among the `others`, whose direction is `sign`: +1 when
/// the class should lie above them.
double placement_variance(const std::vector<std::int64_t>& own,
                          const std::vector<std::int64_t>& others, double auc, bool above) {
  const auto n_own = static_cast<double>(sum_of(own));
  const std::int64_t all_others = sum_of(others);
  std::int64_t passed = 0;
  double squares = 0;
  for (std::size_t k = 0; k < own.size(); ++k) {
    const std::int64_t beaten = above ? passed : all_others - passed - others[k];
    const double placement =
        static_cast<double>(2 * beaten + others[k]) / (2 * static_cast<double>(all_others));
    squares += static_cast<double>(own[k]) * (placement - auc) * (placement - auc);
    passed += others[k];
  }
  return squares / (n_own - 1) / n_own;
}

}  // namespace

Result<ScoreHistogram> ScoreHistogram::empty(const Bins& bins) {
  MEDPERF_CHECK(check_bins(bins));
  ScoreHistogram histogram;
  histogram.bins_ = bins;
  histogram.positives_.assign(static_cast<std::size_t>(bins.count), 0);
  histogram.negatives_ = histogram.positives_;
  return histogram;
}

Result<ScoreHistogram> ScoreHistogram::from_parts(const Bins& bins,
                                                  std::vector<std::int64_t> positives,
                                                  std::vector<std::int64_t> negatives) {
  MEDPERF_TRY(ScoreHistogram histogram, empty(bins));
  if (positives.size() != histogram.positives_.size() || negatives.size() != positives.size()) {
    return make_error(ErrorKind::kInvalid, "histogram", "it has not one count a bin and class",
                      "Send as many counts as the rule has bins.");
  }
  MEDPERF_TRY(const std::int64_t n_positive, total_of(positives));
  MEDPERF_TRY(const std::int64_t n_negative, total_of(negatives));
  MEDPERF_CHECK(total_of({n_positive, n_negative}));
  histogram.positives_ = std::move(positives);
  histogram.negatives_ = std::move(negatives);
  return histogram;
}

Status ScoreHistogram::add(double score, bool positive) {
  const auto k = bins_.of(score);
  if (!k) {
    return make_error(ErrorKind::kInvalid, "score", "it is not finite or outside of the bins",
                      "The bins must reach over all scores that the benchmark allows.");
  }
  std::int64_t& count = (positive ? positives_ : negatives_)[static_cast<std::size_t>(*k)];
  if (count >= kMaxCases) {
    return make_error(ErrorKind::kTooLarge, "histogram", "a bin has more than 2^31 - 1 cases",
                      "Check the cases.");
  }
  ++count;
  return {};
}

Status ScoreHistogram::merge(const ScoreHistogram& other) {
  MEDPERF_CHECK(check_same_rules(bins_.text(), other.bins_.text()));
  std::vector<std::int64_t> positives(positives_.size());
  std::vector<std::int64_t> negatives(negatives_.size());
  for (std::size_t k = 0; k < positives.size(); ++k) {
    MEDPERF_TRY(positives[k], added(positives_[k], other.positives_[k]));
    MEDPERF_TRY(negatives[k], added(negatives_[k], other.negatives_[k]));
  }
  MEDPERF_TRY(*this, from_parts(bins_, std::move(positives), std::move(negatives)));
  return {};
}

HistogramAuc ScoreHistogram::auroc(double level) const {
  HistogramAuc result;
  result.estimate.convention = kHistogramAucConvention;
  result.n_positive = sum_of(positives_);
  result.n_negative = sum_of(negatives_);
  if (result.n_positive == 0 || result.n_negative == 0) {
    const bool none = result.n_positive + result.n_negative == 0;
    result.estimate.flag = none ? flag::kNoCases : flag::kOneClass;
    return result;
  }
  const Pairs pairs = pairs_of(positives_, negatives_);
  const double all =
      static_cast<double>(result.n_positive) * static_cast<double>(result.n_negative);
  const double value = static_cast<double>(pairs.doubled_wins) / (2 * all);
  result.estimate.value = value;
  result.bound = static_cast<double>(pairs.tied) / (2 * all);
  if (result.n_positive < 2 || result.n_negative < 2) {
    result.estimate.flag = flag::kTooFewForVariance;
    return result;
  }
  const double se = std::sqrt(placement_variance(positives_, negatives_, value, true) +
                              placement_variance(negatives_, positives_, value, false));
  result.estimate.se = se;
  if (se == 0) {
    result.estimate.flag = flag::kNoVariance;
    return result;
  }
  const double half = normal_quantile(0.5 + level / 2) * se + result.bound;
  result.estimate.interval = Interval{std::max(0.0, value - half), std::min(1.0, value + half)};
  return result;
}

Result<Confusion> ScoreHistogram::confusion_at_edge(int k) const {
  if (k < 0 || k > bins_.count) {
    return make_error(ErrorKind::kInvalid, "threshold", "the histogram has no such edge",
                      "Edges count from 0 to the number of bins.");
  }
  Confusion table;
  for (int i = 0; i < bins_.count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    (i >= k ? table.tp : table.fn) += positives_[at];
    (i >= k ? table.fp : table.tn) += negatives_[at];
  }
  return table;
}

}  // namespace medperf::metrics
