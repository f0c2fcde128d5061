#include "metrics/pooling/reliability_table.h"

#include <algorithm>
#include <cmath>

#include "metrics/pooling/merge.h"
#include "metrics/statistics/distributions.h"
#include "metrics/statistics/proportion.h"
#include "metrics/statistics/root.h"

namespace medperf::metrics {
namespace {

/// Sum of probabilities less events.
ExactSum gap_of(const ReliabilityBin& bin) {
  ExactSum gap = bin.probability;
  gap.add(-static_cast<double>(bin.positives));
  return gap;
}

/// Sum of (p - y)^2 = sum p^2 - 2 sum of the positives' p + events.
ExactSum squared_errors(const ReliabilityBin& bin) {
  ExactSum errors = bin.squared_probability;
  errors.add_scaled(bin.positive_probability, -2);
  errors.add(static_cast<double>(bin.positives));
  return errors;
}

/// A bin's gap, its size and variance.
struct Gap {
  double size = 0;
  double variance = 0;
};

/// The least and the largest sum of |g| over the gaps g with sum (g - G)^2 / V <= the chi-square
/// quantile c. Largest: all move outwards in proportion to V (Cauchy, Schwarz). Least: each shrinks
/// by t V, to 0 at most, t so large that the region is used up.
Interval sum_region(const std::vector<Gap>& gaps, double level) {
  const double c = chi2_quantile(level, static_cast<double>(gaps.size()));
  double sum = 0;
  double variance = 0;
  double to_zero = 0;
  double steepest = 0;
  for (const Gap& gap : gaps) {
    sum += gap.size;
    variance += gap.variance;
    to_zero += gap.size * gap.size / gap.variance;
    steepest = std::max(steepest, gap.size / gap.variance);
  }
  Interval result{0, sum + std::sqrt(c * variance)};
  if (to_zero <= c) return result;
  const auto used = [&](double t) {
    double distance = 0;
    for (const Gap& gap : gaps) {
      const double moved = std::min(gap.size, t * gap.variance);
      distance += moved * moved / gap.variance;
    }
    return distance - c;
  };
  const double t = bisect(used, 0, steepest);
  for (const Gap& gap : gaps) result.low += std::max(0.0, gap.size - t * gap.variance);
  return result;
}

/// Whether cases with probabilities in [low, high] can be summed up so.
bool possible(const ReliabilityBin& bin, double low, double high) {
  constexpr int kRange = 200;
  constexpr int kBits = 52;
  if (bin.cases < 0 || bin.cases > kMostCases || bin.positives < 0 || bin.positives > bin.cases ||
      !in_range(bin.probability, kRange, kBits) ||
      !in_range(bin.positive_probability, kRange, kBits) ||
      !in_range(bin.squared_probability, 2 * kRange, 2 * kBits)) {
    return false;
  }
  ExactSum of_negatives = bin.positive_probability;
  of_negatives.negate();
  of_negatives.merge(bin.probability);
  ExactSum beyond = bin.squared_probability;  // p^2 <= p
  beyond.negate();
  beyond.merge(bin.probability);
  return possible_sum(bin.positives, bin.positive_probability, low, high) &&
         possible_sum(bin.cases - bin.positives, of_negatives, low, high) && beyond.sign() >= 0 &&
         possible_sums(bin.cases, bin.probability, bin.squared_probability);
}

}  // namespace

Result<ReliabilityTable> ReliabilityTable::from_parts(const Bins& bins,
                                                      std::vector<ReliabilityBin> counts) {
  MEDPERF_TRY(ReliabilityTable table, empty(bins));
  if (counts.size() != table.counts_.size()) {
    return impossible_summary("it has not one row a bin");
  }
  std::int64_t total = 0;
  for (int k = 0; k < bins.count; ++k) {
    const ReliabilityBin& bin = counts[static_cast<std::size_t>(k)];
    if (!possible(bin, bins.edge(k), bins.edge(k + 1))) {
      return impossible_summary("no cases of a bin have its counts and sums");
    }
    MEDPERF_TRY(total, added(total, bin.cases));
  }
  table.counts_ = std::move(counts);
  return table;
}

Result<ReliabilityTable> ReliabilityTable::empty(const Bins& bins) {
  MEDPERF_CHECK(check_bins(bins));
  if (bins.low < 0 || bins.high > 1) {
    return make_error(ErrorKind::kInvalid, "bins", "they reach beyond probabilities",
                      "Use bins within [0, 1].");
  }
  ReliabilityTable table;
  table.bins_ = bins;
  table.counts_.resize(static_cast<std::size_t>(bins.count));
  return table;
}

Status ReliabilityTable::add(double probability, bool positive) {
  const auto k = bins_.of(probability);
  if (!k) {
    return make_error(ErrorKind::kInvalid, "probability", "it lies outside of the bins",
                      "Probabilities lie in [0, 1].");
  }
  if (probability < 0x1p-200) probability = 0;
  ReliabilityBin& bin = counts_[static_cast<std::size_t>(*k)];
  MEDPERF_TRY(bin.cases, added(bin.cases, 1));
  bin.probability.add(probability);
  bin.squared_probability.add_product(probability, probability);
  if (!positive) return {};
  ++bin.positives;
  bin.positive_probability.add(probability);
  return {};
}

Status ReliabilityTable::merge(const ReliabilityTable& other) {
  MEDPERF_CHECK(check_same_rules(bins_.text(), other.bins_.text()));
  MEDPERF_CHECK(added(cases(), other.cases()));
  for (std::size_t k = 0; k < counts_.size(); ++k) {
    counts_[k].cases += other.counts_[k].cases;
    counts_[k].positives += other.counts_[k].positives;
    counts_[k].probability.merge(other.counts_[k].probability);
    counts_[k].positive_probability.merge(other.counts_[k].positive_probability);
    counts_[k].squared_probability.merge(other.counts_[k].squared_probability);
  }
  return {};
}

std::int64_t ReliabilityTable::cases() const {
  std::int64_t total = 0;
  for (const ReliabilityBin& bin : counts_) total += bin.cases;
  return total;
}

Estimate ReliabilityTable::ece(double level) const {
  Estimate estimate;
  estimate.convention = kPooledEceConvention;
  const std::int64_t total = cases();
  if (total == 0) {
    estimate.flag = flag::kNoCases;
    return estimate;
  }
  ExactSum gaps;
  std::vector<Gap> of_bins;
  for (const ReliabilityBin& bin : counts_) {
    if (bin.cases == 0) continue;
    ExactSum gap = gap_of(bin);
    if (gap.sign() < 0) gap.negate();
    gaps.merge(gap);
    const auto n = static_cast<double>(bin.cases);
    const double rate = (static_cast<double>(bin.positives) + 1) / (n + 2);
    const double expected = *bin.probability.value() / n;
    const double variance = n * std::max(rate * (1 - rate), expected * (1 - expected));
    of_bins.push_back({*gap.value(), variance});
  }
  const auto n = static_cast<double>(total);
  const Interval sums = sum_region(of_bins, level);
  estimate.value = *gaps.value() / n;
  estimate.interval = Interval{sums.low / n, std::min(1.0, sums.high / n)};
  return estimate;
}

Estimate ReliabilityTable::brier() const {
  Estimate estimate;
  estimate.convention = kPooledBrierConvention;
  const std::int64_t total = cases();
  if (total == 0) {
    estimate.flag = flag::kNoCases;
    return estimate;
  }
  ExactSum squares;
  for (const ReliabilityBin& bin : counts_) squares.merge(squared_errors(bin));
  estimate.value = *squares.value() / static_cast<double>(total);
  return estimate;
}

std::optional<double> ReliabilityTable::observed_over_expected() const {
  ExactSum expected;
  std::int64_t observed = 0;
  for (const ReliabilityBin& bin : counts_) {
    expected.merge(bin.probability);
    observed += bin.positives;
  }
  if (expected.sign() == 0) return std::nullopt;
  return static_cast<double>(observed) / *expected.value();
}

std::vector<ReliabilityRow> ReliabilityTable::rows(double level) const {
  std::vector<ReliabilityRow> rows;
  for (int k = 0; k < bins_.count; ++k) {
    const ReliabilityBin& bin = counts_[static_cast<std::size_t>(k)];
    ReliabilityRow row;
    row.low = bins_.edge(k);
    row.high = bins_.edge(k + 1);
    row.cases = bin.cases;
    if (bin.cases > 0) {
      row.mean_probability = *bin.probability.value() / static_cast<double>(bin.cases);
    }
    row.event_rate = wilson(bin.positives, bin.cases, level);
    rows.push_back(row);
  }
  return rows;
}

}  // namespace medperf::metrics
