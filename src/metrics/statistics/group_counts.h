#pragma once
// How often each group of cases is hit when as many cases as there are, are drawn with replacement.

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/statistics/random_stream.h"

namespace medperf::metrics {

/// Exact draws from the multinomial distribution (n draws, probabilities size / n, n the sum of the
/// sizes), at a cost of the number of groups plus about the square root of n, not of n.
///
/// The counts of N draws over groups are independent Poisson counts of means `size`, when N itself
/// is Poisson of mean n. So each group gets a Poisson count from a table; their sum N misses n by
/// about the square root of n; then single draws are added (to the group of a case chosen at
/// random) or taken back (one of the N, each equally likely) until n are left. Given N, adding
/// independent draws, or taking back a random part of exchangeable ones, leaves n independent
/// draws: the result is multinomial and no approximation is made. Probabilities are held to 2^-53.
/// Sources: Devroye, Non-Uniform Random Variate Generation (1986), ch. XI.1 (Poissonisation), III.2
/// (inversion with a guide table).
class GroupCounts {
 public:
  /// Of no groups.
  GroupCounts() = default;
  /// Preconditions: the sizes add up to less than 2^31. Groups of size 0 are never hit.
  /// Memory: 4 bytes a case, and one table for each size that occurs.
  explicit GroupCounts(std::span<const std::uint32_t> sizes);

  std::size_t n_groups() const { return groups_.size(); }
  std::uint32_t n_cases() const { return static_cast<std::uint32_t>(group_of_case_.size()); }
  /// `counts` has n_groups() places. Thread-safe.
  void draw(RandomStream& random, std::span<std::uint32_t> counts) const;

 private:
  static constexpr int kGuideBits = 8;
  struct Group {
    std::uint32_t size = 0;
    std::uint32_t table = 0;
  };

  void make_table(std::uint32_t mean);
  /// Inverts the Poisson distribution of a table: the number of bounds below a random word. The
  /// word's top bits say where to begin counting.
  std::uint32_t poisson(std::uint32_t table, std::uint64_t word) const {
    std::uint32_t place = guides_[(table << kGuideBits) + (word >> (64 - kGuideBits))];
    while (word > bounds_[place]) ++place;
    return place - value_zero_[table];
  }
  void add(RandomStream& random, std::uint64_t number, std::span<std::uint32_t> counts) const;
  void take_back(RandomStream& random, std::uint64_t number, std::span<std::uint32_t> counts) const;

  std::vector<Group> groups_;
  std::vector<std::uint32_t> group_of_case_;
  std::vector<std::uint32_t> guides_;      // places in bounds_, 2^kGuideBits a table
  std::vector<std::uint64_t> bounds_;      // of all tables, each ending with the largest word
  std::vector<std::uint32_t> value_zero_;  // of a table: where the bound of value 0 is, or would be
};

}  // namespace medperf::metrics
