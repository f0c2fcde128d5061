#include "metrics/pooling/reliability_table.h"

#include <algorithm>
#include <cmath>

#include "metrics/pooling/merge.h"
#include "metrics/statistics/distributions.h"
#include "metrics/statistics/proportion.h"

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

}  // namespace

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
  if (!k || (probability != 0 && probability < 0x1p-200)) {
    return make_error(ErrorKind::kInvalid, "probability", "it lies outside of the bins",
                      "Probabilities lie in [0, 1]; 1e-60 and less is written as 0.");
  }
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
  ExactSum squares;  // of s (p - y), where s is the sign of the gap of the case's bin
  for (const ReliabilityBin& bin : counts_) {
    ExactSum gap = gap_of(bin);
    if (gap.sign() < 0) gap.negate();
    gaps.merge(gap);
    squares.merge(squared_errors(bin));
  }
  const auto n = static_cast<double>(total);
  const double value = *gaps.value() / n;
  estimate.value = value;
  if (total < 2) return estimate;
  const double variance = std::max(0.0, *squares.value() / n - value * value) / (n - 1);
  const double half = normal_quantile(0.5 + level / 2) * std::sqrt(variance);
  estimate.se = std::sqrt(variance);
  estimate.interval = Interval{std::max(0.0, value - half), std::min(1.0, value + half)};
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
