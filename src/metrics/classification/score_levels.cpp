#include "metrics/classification/score_levels.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>
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

/// Makes levels of scores that are given in order.
class LevelBuilder {
 public:
  /// One score, which `negatives` and `positives` cases have. Returns its level.
  std::uint32_t add(std::uint32_t negatives, std::uint32_t positives) {
    if (!extends(negatives, positives)) {
      const bool both = negatives > 0 && positives > 0;
      levels_.negatives.push_back(0);
      levels_.positives.push_back(0);
      levels_.doubled_win.push_back(both ? 1 : 2);
    }
    levels_.negatives.back() += negatives;
    levels_.positives.back() += positives;
    return static_cast<std::uint32_t>(levels_.size() - 1);
  }
  ScoreLevels take(std::vector<std::uint32_t> level_of_case) {
    levels_.level_of_case = std::move(level_of_case);
    return std::move(levels_);
  }

 private:
  bool extends(std::uint32_t negatives, std::uint32_t positives) const {
    if (levels_.size() == 0 || levels_.doubled_win.back() == 1) return false;
    return negatives == 0 || (positives == 0 && levels_.positives.back() == 0);
  }
  ScoreLevels levels_;
};

/// Counts the cases of each score while there are few different ones (few cases, 8-bit outputs,
/// rounded scores): then only those need be put in order, and the cases are passed over once.
class FewScores {
 public:
  static constexpr std::uint32_t kMost = 512;

  struct Score {
    std::uint64_t key = 0;
    std::uint32_t negatives = 0;
    std::uint32_t positives = 0;
    std::uint32_t number = 0;  // in order of appearance
  };

  /// The number of the case's score; nothing once there are too many.
  std::optional<std::uint32_t> add(const ScoredCase& one) {
    const std::uint64_t key = key_of(one.score);
    std::size_t at = key * 0x9e3779b97f4a7c15 >> (64 - kBits);
    while (table_[at] != kFree && scores_[table_[at]].key != key) at = (at + 1) % table_.size();
    if (table_[at] == kFree) {
      if (scores_.size() == kMost) return std::nullopt;
      table_[at] = static_cast<std::uint16_t>(scores_.size());
      scores_.push_back({key, 0, 0, table_[at]});
    }
    Score& found = scores_[table_[at]];
    found.positives += one.positive ? 1 : 0;
    found.negatives += one.positive ? 0 : 1;
    return found.number;
  }
  std::vector<Score> ascending() && {
    std::sort(scores_.begin(), scores_.end(),
              [](const Score& a, const Score& b) { return a.key < b.key; });
    return std::move(scores_);
  }

 private:
  static constexpr int kBits = 11;
  static constexpr std::uint16_t kFree = 0xffff;
  std::vector<std::uint16_t> table_ = std::vector<std::uint16_t>(std::size_t{1} << kBits, kFree);
  std::vector<Score> scores_;
};

/// Nothing when there are more different scores than FewScores counts.
std::optional<ScoreLevels> levels_of_few(std::span<const ScoredCase> cases) {
  FewScores scores;
  std::vector<std::uint32_t> of_case(cases.size());  // first the score's number
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto number = scores.add(cases[i]);
    if (!number) return std::nullopt;
    of_case[i] = *number;
  }
  LevelBuilder builder;
  const std::vector<FewScores::Score> ascending = std::move(scores).ascending();
  std::vector<std::uint32_t> level_of_score(ascending.size());
  for (const FewScores::Score& one : ascending) {
    level_of_score[one.number] = builder.add(one.negatives, one.positives);
  }
  for (std::uint32_t& one : of_case) one = level_of_score[one];
  return builder.take(std::move(of_case));
}

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
  if (auto levels = levels_of_few(cases)) return *std::move(levels);
  std::vector<Keyed> ordered(cases.size());
  for (std::uint32_t i = 0; i < cases.size(); ++i) {
    ordered[i] = {key_of(cases[i].score), i, cases[i].positive};
  }
  sort_by_key(ordered);
  LevelBuilder builder;
  std::vector<std::uint32_t> level_of_case(cases.size());
  for (std::size_t start = 0; start < ordered.size();) {
    std::size_t end = start;
    std::uint32_t positives = 0;
    while (end < ordered.size() && ordered[end].key == ordered[start].key) {
      positives += ordered[end].positive ? 1 : 0;
      ++end;
    }
    const auto count = static_cast<std::uint32_t>(end - start);
    const std::uint32_t level = builder.add(count - positives, positives);
    for (; start < end; ++start) level_of_case[ordered[start].position] = level;
  }
  return builder.take(std::move(level_of_case));
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
