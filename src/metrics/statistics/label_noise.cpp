#include "metrics/statistics/label_noise.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "metrics/statistics/quantile.h"
#include "metrics/statistics/random_stream.h"

namespace medperf::metrics {
namespace {

Status check_share(double eps) {
  if (eps >= 0 && eps <= 0.5) return {};
  return make_error(ErrorKind::kInvalid, "eps", "the share of wrong labels lies outside [0, 0.5]",
                    "Beyond one half the labels would be more wrong than right.");
}

std::int64_t flips_of(double eps, std::int64_t n) {
  return static_cast<std::int64_t>(std::floor(eps * static_cast<double>(n)));
}

/// hits / (hits + misses), the called and the missed of one reference class; `crossed` and `passed`
/// are the called and the not called of the other class.
struct Rate {
  std::int64_t hits = 0;
  std::int64_t misses = 0;
  std::int64_t crossed = 0;
  std::int64_t passed = 0;
};

/// All flips of `k` labels are: j labels leave the class, k - j enter it. For the lowest rate hits
/// leave and `passed` enter; for the highest misses leave and `crossed` enter. In j the rate is a
/// ratio of linear functions and therefore monotone, so an end of the range of j is extreme.
std::optional<double> extreme(const Rate& rate, std::int64_t k, bool lowest) {
  const std::int64_t can_leave = lowest ? rate.hits : rate.misses;
  const std::int64_t can_enter = lowest ? rate.passed : rate.crossed;
  std::optional<double> found;
  for (const std::int64_t leave :
       {std::min(k, can_leave), std::max<std::int64_t>(0, k - can_enter)}) {
    if (leave > can_leave) continue;
    const std::int64_t enter = std::min(k - leave, can_enter);
    const std::int64_t hits = lowest ? rate.hits - leave : rate.hits + enter;
    const std::int64_t all = rate.hits + rate.misses - leave + enter;
    if (all == 0) continue;
    const double value = static_cast<double>(hits) / static_cast<double>(all);
    if (!found || (lowest ? value < *found : value > *found)) found = value;
  }
  return found;
}

Result<LabelNoise> rate_under_noise(const Rate& rate, double eps) {
  MEDPERF_CHECK(check_share(eps));
  if (rate.hits < 0 || rate.misses < 0 || rate.crossed < 0 || rate.passed < 0) {
    return make_error(ErrorKind::kInvalid, "table", "a count is negative",
                      "Count the cases again.");
  }
  LabelNoise result;
  const std::int64_t own = rate.hits + rate.misses;
  const std::int64_t others = rate.crossed + rate.passed;
  result.flips = flips_of(eps, own + others);
  if (own == 0) return result;
  const auto hits = static_cast<double>(rate.hits);
  const auto crossed = static_cast<double>(rate.crossed);
  result.as_given = hits / static_cast<double>(own);
  result.expected = (hits * (1 - eps) + crossed * eps) /
                    (static_cast<double>(own) * (1 - eps) + static_cast<double>(others) * eps);
  const auto low = extreme(rate, result.flips, true);
  const auto high = extreme(rate, result.flips, false);
  if (low && high) {
    result.extremes = Interval{std::min(*low, *result.as_given), std::max(*high, *result.as_given)};
  }
  return result;
}

/// Bounds of the area after `leave` positives became negatives and `enter` negatives positives: the
/// untouched pairs keep their order, the others may turn out either way.
Interval area_after(const Auc& auc, std::int64_t leave, std::int64_t enter) {
  const auto m = static_cast<double>(auc.n_positive);
  const auto n = static_cast<double>(auc.n_negative);
  const auto a = static_cast<double>(leave);
  const auto b = static_cast<double>(enter);
  const double wins = static_cast<double>(auc.doubled_wins) / 2;
  const double all = (m - a + b) * (n - b + a);
  const double untouched = (m - a) * (n - b);
  const double lost = m * n - untouched;  // pairs with a flipped case, each at most one win
  const double least = std::max(0.0, wins - lost);
  const double most = std::min(wins, untouched) + (all - untouched);
  return {least / all, std::min(1.0, most / all)};
}

}  // namespace

Result<LabelNoise> sensitivity_under_noise(const Confusion& table, double eps) {
  return rate_under_noise({table.tp, table.fn, table.fp, table.tn}, eps);
}

Result<LabelNoise> specificity_under_noise(const Confusion& table, double eps) {
  return rate_under_noise({table.tn, table.fp, table.fn, table.tp}, eps);
}

Result<LabelNoise> auroc_under_noise(const Auc& auc, double eps) {
  MEDPERF_CHECK(check_share(eps));
  LabelNoise result;
  result.flips = flips_of(eps, auc.n_positive + auc.n_negative);
  if (!auc.estimate.value) return result;
  const auto m = static_cast<double>(auc.n_positive);
  const auto n = static_cast<double>(auc.n_negative);
  result.as_given = *auc.estimate.value;
  const double alpha = n * eps / (m * (1 - eps) + n * eps);
  const double beta = m * eps / (n * (1 - eps) + m * eps);
  result.expected = 0.5 + (1 - alpha - beta) * (*auc.estimate.value - 0.5);
  if (result.flips >= std::min(auc.n_positive, auc.n_negative)) return result;
  Interval extremes = area_after(auc, 0, 0);
  for (std::int64_t leave = 0; leave <= result.flips; ++leave) {
    const Interval after = area_after(auc, leave, result.flips - leave);
    extremes.low = std::min(extremes.low, after.low);
    extremes.high = std::max(extremes.high, after.high);
  }
  result.extremes = extremes;
  return result;
}

Result<Bootstrap> simulate_label_noise(std::span<const ScoredCase> cases, double eps,
                                       const CasesStatistic& statistic,
                                       const BootstrapOptions& options) {
  MEDPERF_CHECK(check_share(eps));
  MEDPERF_CHECK(check_bootstrap_options(options));
  std::vector<std::optional<double>> values(static_cast<std::size_t>(options.replicates));
  for_each_replicate(options.replicates, options.threads, [&](int begin, int end) {
    std::vector<ScoredCase> flipped(cases.begin(), cases.end());
    for (int r = begin; r < end; ++r) {
      RandomStream random(options.seed, static_cast<std::uint64_t>(r));
      for (std::size_t i = 0; i < cases.size(); ++i) {
        flipped[i].positive = cases[i].positive != (random.uniform() < eps);
      }
      values[static_cast<std::size_t>(r)] = statistic(flipped);
    }
  });
  Bootstrap result;
  result.estimate.convention = kLabelNoiseConvention;
  for (const auto& value : values) {
    if (value) result.replicates.push_back(*value);
  }
  result.dropped = options.replicates - static_cast<std::int64_t>(result.replicates.size());
  if (result.dropped > 0) result.estimate.flag = flag::kResamplesDropped;
  if (result.replicates.size() < 2) {
    result.estimate.flag = flag::kTooFewResamples;
    return result;
  }
  const auto count = static_cast<double>(result.replicates.size());
  double mean = 0;
  for (const double value : result.replicates) mean += value / count;
  double squares = 0;
  for (const double value : result.replicates) squares += (value - mean) * (value - mean);
  result.estimate.value = mean;
  result.estimate.se = std::sqrt(squares / (count - 1));
  std::vector<double> ascending = result.replicates;
  std::sort(ascending.begin(), ascending.end());
  result.estimate.interval = Interval{quantile_of_sorted(ascending, 0.5 - options.level / 2),
                                      quantile_of_sorted(ascending, 0.5 + options.level / 2)};
  return result;
}

}  // namespace medperf::metrics
