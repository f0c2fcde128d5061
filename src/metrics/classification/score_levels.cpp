#include "metrics/classification/score_levels.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <string>
#include <utility>

namespace medperf::metrics {
namespace {

constexpr std::size_t kMostCases = (std::size_t{1} << 31) - 1;

struct Keyed {
  std::uint64_t key = 0;  // in the order of the scores, and the same for equal ones
  std::uint32_t position = 0;
  bool positive = false;
};

std::uint64_t key_of(double score) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  const auto bits = std::bit_cast<std::uint64_t>(score + 0.0);  // -0 is 0
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

/// By key, digit by digit from the lowest (Knuth, The Art of Computer Programming 3, 5.2.5): a few
/// passes over the cases where comparing takes log2(n), and digits that are all the same cost
/// nothing, as most are where scores were rounded.
void sort_by_key(std::vector<Keyed>& cases) {
  constexpr int kBits = 11;
  constexpr int kDigits = 6;
  constexpr std::size_t kValues = std::size_t{1} << kBits;
  constexpr std::size_t kFew = 512;  // below, the counters cost more than they save
  if (cases.size() < kFew) {
    std::sort(cases.begin(), cases.end(),
              [](const Keyed& a, const Keyed& b) { return a.key < b.key; });
    return;
  }
  const auto digit_of = [](const Keyed& one, int digit) {
    return static_cast<std::size_t>(one.key >> (digit * kBits)) & (kValues - 1);
  };
  std::vector<std::array<std::uint32_t, kValues>> counts(kDigits);
  for (const Keyed& one : cases) {
    for (int d = 0; d < kDigits; ++d) ++counts[static_cast<std::size_t>(d)][digit_of(one, d)];
  }
  std::vector<Keyed> sorted(cases.size());
  for (int d = 0; d < kDigits; ++d) {
    auto& places = counts[static_cast<std::size_t>(d)];
    if (places[digit_of(cases.front(), d)] == cases.size()) continue;
    std::uint32_t before = 0;
    for (std::uint32_t& place : places) before += std::exchange(place, before);
    for (const Keyed& one : cases) sorted[places[digit_of(one, d)]++] = one;
    cases.swap(sorted);
  }
}

class LevelBuilder {
 public:
  explicit LevelBuilder(std::size_t n) { levels_.level_of_case.resize(n); }

  /// The cases of one score, `negatives` and `positives` of them.
  void add(std::span<const Keyed> tied, std::uint32_t negatives, std::uint32_t positives) {
    if (!extends(negatives, positives)) {
      const bool both = negatives > 0 && positives > 0;
      levels_.negatives.push_back(0);
      levels_.positives.push_back(0);
      levels_.doubled_win.push_back(both ? 1 : 2);
    }
    levels_.negatives.back() += negatives;
    levels_.positives.back() += positives;
    const auto level = static_cast<std::uint32_t>(levels_.size() - 1);
    for (const auto& one : tied) levels_.level_of_case[one.position] = level;
  }
  ScoreLevels take() { return std::move(levels_); }

 private:
  bool extends(std::uint32_t negatives, std::uint32_t positives) const {
    if (levels_.size() == 0 || levels_.doubled_win.back() == 1) return false;
    return negatives == 0 || (positives == 0 && levels_.positives.back() == 0);
  }
  ScoreLevels levels_;
};

}  // namespace

Status check_scores(std::span<const ScoredCase> cases) {
  if (cases.size() > kMostCases) {
    return make_error(ErrorKind::kTooLarge, "cases", "there are 2^31 or more",
                      "Evaluate them in parts.");
  }
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (!std::isfinite(cases[i].score)) {
      return make_error(ErrorKind::kInvalid, "case " + std::to_string(i + 1),
                        "its score is not a finite number",
                        "Give every case a score; higher means more likely positive.");
    }
  }
  return {};
}

ScoreLevels score_levels(std::span<const ScoredCase> cases) {
  std::vector<Keyed> ordered(cases.size());
  for (std::uint32_t i = 0; i < cases.size(); ++i) {
    ordered[i] = {key_of(cases[i].score), i, cases[i].positive};
  }
  sort_by_key(ordered);
  LevelBuilder builder(cases.size());
  for (std::size_t start = 0; start < ordered.size();) {
    std::size_t end = start;
    std::uint32_t positives = 0;
    while (end < ordered.size() && ordered[end].key == ordered[start].key) {
      positives += ordered[end].positive ? 1 : 0;
      ++end;
    }
    const auto count = static_cast<std::uint32_t>(end - start);
    builder.add(std::span(ordered).subspan(start, count), count - positives, positives);
    start = end;
  }
  return builder.take();
}

std::int64_t doubled_wins(std::span<const std::uint32_t> negatives,
                          std::span<const std::uint32_t> positives,
                          std::span<const std::uint32_t> doubled_win) {
  std::uint64_t below = 0;
  std::uint64_t wins = 0;
  for (std::size_t l = 0; l < negatives.size(); ++l) {
    wins += positives[l] * (2 * below + std::uint64_t{doubled_win[l]} * negatives[l]);
    below += negatives[l];
  }
  return static_cast<std::int64_t>(wins);
}

std::vector<std::int64_t> doubled_placements(std::span<const ScoredCase> cases,
                                             const ScoreLevels& levels) {
  std::vector<std::int64_t> below(levels.size() + 1, 0);
  std::vector<std::int64_t> above(levels.size() + 1, 0);
  for (std::size_t l = 0; l < levels.size(); ++l) below[l + 1] = below[l] + levels.negatives[l];
  for (std::size_t l = levels.size(); l-- > 0;) above[l] = above[l + 1] + levels.positives[l];
  std::vector<std::int64_t> placed(cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const std::uint32_t l = levels.level_of_case[i];
    const std::int64_t win = levels.doubled_win[l];
    placed[i] = cases[i].positive ? 2 * below[l] + win * levels.negatives[l]
                                  : 2 * above[l + 1] + win * levels.positives[l];
  }
  return placed;
}

}  // namespace medperf::metrics
