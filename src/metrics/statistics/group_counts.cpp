#include "metrics/statistics/group_counts.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace medperf::metrics {
namespace {

constexpr double kNegligible = 0x1p-80;  // relative to the mode: far below a 64-bit word

/// The probabilities of `mean` from the mode outwards, by products and quotients alone, so that
/// they are the same on every machine.
struct Probabilities {
  std::uint32_t least = 0;
  std::vector<double> values;
};

Probabilities poisson_probabilities(std::uint32_t mean) {
  if (mean == 0) return {0, {1.0}};
  std::vector<double> below;  // from mode - 1 downwards
  double p = 1;
  for (std::uint32_t k = mean; k > 0 && p > kNegligible; --k) {
    p *= static_cast<double>(k) / mean;
    below.push_back(p);
  }
  Probabilities result;
  result.least = mean - static_cast<std::uint32_t>(below.size());
  result.values.assign(below.rbegin(), below.rend());
  p = 1;
  for (std::uint32_t k = mean; p > kNegligible; ++k) {
    result.values.push_back(p);
    p *= mean / (static_cast<double>(k) + 1);
  }
  return result;
}

}  // namespace

void GroupCounts::make_table(std::uint32_t mean) {
  const Probabilities probabilities = poisson_probabilities(mean);
  double sum = 0;
  for (const double p : probabilities.values) sum += p;
  auto place = static_cast<std::uint32_t>(bounds_.size());
  value_zero_.push_back(place - probabilities.least);  // may wrap around; so does its use
  double below = 0;
  for (const double p : probabilities.values) {
    below += p;
    const double bound = below / sum * 0x1p64;
    bounds_.push_back(bound >= 0x1p64 ? std::numeric_limits<std::uint64_t>::max()
                                      : static_cast<std::uint64_t>(bound));
  }
  bounds_.back() = std::numeric_limits<std::uint64_t>::max();  // the search ends here
  for (std::uint64_t bucket = 0; bucket < (1U << kGuideBits); ++bucket) {
    while ((bucket << (64 - kGuideBits)) > bounds_[place]) ++place;
    guides_.push_back(place);
  }
}

GroupCounts::GroupCounts(std::span<const std::uint32_t> sizes) {
  std::vector<std::uint32_t> distinct(sizes.begin(), sizes.end());
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  for (const std::uint32_t size : distinct) make_table(size);
  groups_.reserve(sizes.size());
  group_of_case_.reserve(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}));
  for (std::uint32_t g = 0; g < sizes.size(); ++g) {
    const auto place = std::lower_bound(distinct.begin(), distinct.end(), sizes[g]);
    groups_.push_back({sizes[g], static_cast<std::uint32_t>(place - distinct.begin())});
    group_of_case_.insert(group_of_case_.end(), sizes[g], g);
  }
}

void GroupCounts::draw(RandomStream& random, std::span<std::uint32_t> counts) const {
  std::uint64_t total = 0;
  RandomStream local = random;  // its state stays in registers
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const std::uint32_t count = poisson(groups_[g].table, local.bits());
    counts[g] = count;
    total += count;
  }
  random = local;
  if (total < n_cases()) {
    add(random, n_cases() - total, counts);
  } else {
    take_back(random, total - n_cases(), counts);
  }
}

void GroupCounts::add(RandomStream& random, std::uint64_t number,
                      std::span<std::uint32_t> counts) const {
  for (; number > 0; --number) ++counts[group_of_case_[random.below(n_cases())]];
}

/// One of the draws at random: a group in proportion to its size, kept with a chance of its count
/// over `most` times its size, comes out in proportion to its count.
void GroupCounts::take_back(RandomStream& random, std::uint64_t number,
                            std::span<std::uint32_t> counts) const {
  if (number == 0) return;
  std::uint64_t most = 1;  // no group has more than `most` draws a case
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    if (counts[g] > most * groups_[g].size) {
      most = (counts[g] + groups_[g].size - 1) / groups_[g].size;
    }
  }
  while (number > 0) {
    const std::uint32_t g = group_of_case_[random.below(n_cases())];
    if (random.below(most * groups_[g].size) < counts[g]) {
      --counts[g];
      --number;
    }
  }
}

}  // namespace medperf::metrics
