#pragma once
// Scored cases in order of their scores, as far as the ROC curve can tell them apart; internal to
// this room.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "metrics/classification/scored_case.h"

namespace medperf::metrics {

/// Ascending levels. A level is either one score that cases of both classes share (tied), or a run
/// of negatives without a positive between them followed by a run of positives without a negative
/// between them; within a run the order does not matter to the area.
struct ScoreLevels {
  std::vector<std::uint32_t> negatives;
  std::vector<std::uint32_t> positives;
  /// Of a level: 1 tied, 2 its positives lie above its negatives. Twice the wins of a pair.
  std::vector<std::uint32_t> doubled_win;
  /// Of a case, by position: its level.
  std::vector<std::uint32_t> level_of_case;
  std::size_t size() const { return negatives.size(); }
};

/// Errors: too_large for 2^31 cases or more; invalid for a score that is not finite (names its
/// position).
Status check_scores(std::span<const ScoredCase> cases);

/// O(n), with up to six passes over the cases. Precondition: check_scores.
ScoreLevels score_levels(std::span<const ScoredCase> cases);

/// Twice the Mann-Whitney count when level l holds negatives[l] and positives[l] cases.
std::int64_t doubled_wins(std::span<const std::uint32_t> negatives,
                          std::span<const std::uint32_t> positives,
                          std::span<const std::uint32_t> doubled_win);

/// By case: twice the number of cases of the other class that it beats (a positive) or that beat it
/// (a negative), a tie counting 1.
std::vector<std::int64_t> doubled_placements(std::span<const ScoredCase> cases,
                                             const ScoreLevels& levels);

}  // namespace medperf::metrics
