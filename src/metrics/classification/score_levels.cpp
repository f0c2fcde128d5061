#include "metrics/classification/score_levels.h"

#include <algorithm>
#include <numeric>

namespace medperf::metrics {
namespace {

struct Keyed {
  double score = 0;
  std::uint32_t position = 0;
  bool positive = false;
};

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

ScoreLevels score_levels(std::span<const ScoredCase> cases) {
  std::vector<Keyed> ordered(cases.size());
  for (std::uint32_t i = 0; i < cases.size(); ++i) {
    ordered[i] = {cases[i].score, i, cases[i].positive};
  }
  std::sort(ordered.begin(), ordered.end(),
            [](const Keyed& a, const Keyed& b) { return a.score < b.score; });
  LevelBuilder builder(cases.size());
  for (std::size_t start = 0; start < ordered.size();) {
    std::size_t end = start;
    std::uint32_t positives = 0;
    while (end < ordered.size() && ordered[end].score == ordered[start].score) {
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
