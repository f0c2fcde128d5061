#include "metrics/statistics/paired.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "metrics/statistics/distributions.h"
#include "metrics/statistics/mean.h"

namespace medperf::metrics {
namespace {

constexpr std::size_t kExactUpTo = 100;

struct SignedRank {
  std::int64_t doubled_rank = 0;  ///< twice the rank, so that shared ranks are whole
  bool positive = false;
};

std::vector<SignedRank> signed_ranks(std::span<const double> differences, double& tie_sum) {
  std::vector<double> ordered;
  for (const double d : differences) {
    if (d != 0) ordered.push_back(d);
  }
  std::sort(ordered.begin(), ordered.end(),
            [](double a, double b) { return std::abs(a) < std::abs(b); });
  std::vector<SignedRank> ranks;
  tie_sum = 0;
  for (std::size_t start = 0; start < ordered.size();) {
    std::size_t end = start;
    while (end < ordered.size() && std::abs(ordered[end]) == std::abs(ordered[start])) ++end;
    const auto ties = static_cast<double>(end - start);
    tie_sum += ties * ties * ties - ties;
    // Ranks start + 1 ... end share their mean (start + 1 + end) / 2.
    for (std::size_t i = start; i < end; ++i) {
      ranks.push_back({static_cast<std::int64_t>(start + 1 + end), ordered[i] > 0});
    }
    start = end;
  }
  return ranks;
}

/// P of a doubled rank sum at least as far from its mean, when every sign is a fair coin.
double exact_p(const std::vector<SignedRank>& ranks, std::int64_t doubled_sum) {
  std::int64_t total = 0;
  for (const SignedRank& one : ranks) total += one.doubled_rank;
  std::vector<double> chance(static_cast<std::size_t>(total) + 1, 0.0);
  chance[0] = 1;
  std::int64_t reached = 0;
  for (const SignedRank& one : ranks) {
    const auto step = static_cast<std::size_t>(one.doubled_rank);
    reached += one.doubled_rank;
    for (std::size_t s = static_cast<std::size_t>(reached) + 1; s-- > 0;) {
      chance[s] = 0.5 * (chance[s] + (s >= step ? chance[s - step] : 0));
    }
  }
  const std::int64_t low = std::min(doubled_sum, total - doubled_sum);
  double tail = 0;
  for (std::int64_t s = 0; s <= low; ++s) tail += chance[static_cast<std::size_t>(s)];
  return std::min(1.0, 2 * tail);
}

/// Differences that rounding alone tells apart, as 0.9 - 0.7 and 0.8 - 0.6, are one: no test may
/// take that for spread. Nor is it a difference when rounding alone makes it.
void settle_rounding(std::span<double> differences, std::span<const double> first,
                     std::span<const double> second) {
  if (differences.empty()) return;
  double largest = 0;
  for (const double value : first) largest = std::max(largest, std::abs(value));
  for (const double value : second) largest = std::max(largest, std::abs(value));
  const double rounding = 4 * std::numeric_limits<double>::epsilon() * largest;
  const auto [low, high] = std::minmax_element(differences.begin(), differences.end());
  if (!std::isfinite(rounding) || !(*high - *low <= rounding)) return;
  const double middle = *low + (*high - *low) / 2;
  std::fill(differences.begin(), differences.end(), std::abs(middle) <= rounding ? 0 : middle);
}

TestResult t_test(const Estimate& mean_difference, std::int64_t n) {
  TestResult test;
  test.convention = kPairedTConvention;
  test.flag = mean_difference.flag;
  if (!mean_difference.se) return test;
  if (*mean_difference.se == 0) {
    test.flag = flag::kAllEqual;
    return test;
  }
  const auto df = static_cast<double>(n - 1);
  test.statistic = *mean_difference.value / *mean_difference.se;
  test.p_value = 2 * t_cdf(-std::abs(*test.statistic), df);
  return test;
}

}  // namespace

TestResult wilcoxon_signed_rank(std::span<const double> differences) {
  TestResult test;
  double tie_sum = 0;
  const std::vector<SignedRank> ranks = signed_ranks(differences, tie_sum);
  const bool exact = ranks.size() <= kExactUpTo;
  test.convention = exact ? kWilcoxonExactConvention : kWilcoxonNormalConvention;
  if (ranks.empty()) {
    test.flag = differences.empty() ? flag::kNoCases : flag::kNoDifference;
    return test;
  }
  std::int64_t doubled_sum = 0;
  for (const SignedRank& one : ranks) doubled_sum += one.positive ? one.doubled_rank : 0;
  test.statistic = static_cast<double>(doubled_sum) / 2;
  if (exact) {
    test.p_value = exact_p(ranks, doubled_sum);
    return test;
  }
  const auto n = static_cast<double>(ranks.size());
  const double mean = n * (n + 1) / 4;
  const double variance = n * (n + 1) * (2 * n + 1) / 24 - tie_sum / 48;
  const double z = (*test.statistic - mean) / std::sqrt(variance);
  test.p_value = 2 * normal_cdf(-std::abs(z));
  return test;
}

Result<PairedComparison> compare_paired(std::span<const double> first,
                                        std::span<const double> second,
                                        const BootstrapOptions& options) {
  if (first.size() != second.size()) {
    return make_error(ErrorKind::kInvalid, "pairs", "the models have different numbers of cases",
                      "Give both models' values of the same patients in the same order.");
  }
  std::vector<double> differences;
  for (std::size_t i = 0; i < first.size(); ++i) differences.push_back(first[i] - second[i]);
  settle_rounding(differences, first, second);
  PairedComparison result;
  result.pairs = static_cast<std::int64_t>(differences.size());
  result.zero_differences = std::count(differences.begin(), differences.end(), 0.0);
  MEDPERF_TRY(result.mean_difference, mean_estimate(differences, options.level));
  result.t = t_test(result.mean_difference, result.pairs);
  result.wilcoxon = wilcoxon_signed_rank(differences);
  const auto mean_of = [&](std::span<const std::uint32_t> cases) -> std::optional<double> {
    if (cases.empty()) return std::nullopt;
    double sum = 0;
    for (const std::uint32_t i : cases) sum += differences[i];
    return sum / static_cast<double>(cases.size());
  };
  MEDPERF_TRY(result.bootstrap,
              bootstrap(ResampleUnits::each_case(differences.size()), mean_of, options));
  return result;
}

}  // namespace medperf::metrics
