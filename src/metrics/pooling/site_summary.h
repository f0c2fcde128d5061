#pragma once
// All that a site sends of one model so that its cases can be pooled with those of other sites
// without leaving it.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "metrics/classification/threshold.h"
#include "metrics/estimate.h"
#include "metrics/pooling/calibration_histogram.h"
#include "metrics/pooling/count_table.h"
#include "metrics/pooling/moments.h"
#include "metrics/pooling/ratio.h"
#include "metrics/pooling/reliability_table.h"
#include "metrics/pooling/score_histogram.h"

namespace medperf::metrics {

/// The 2x2 table at the benchmark's threshold.
struct DecisionCounts {
  double threshold = 0.5;
  Confusion table;
  bool operator==(const DecisionCounts&) const = default;
};

using SummaryContent = std::variant<MomentSummary, RatioSummary, DecisionCounts, CountTable,
                                    ScoreHistogram, ReliabilityTable, CalibrationHistogram>;

struct SummaryPart {
  std::string metric;  ///< id of the vocabulary: the (first) figure that is made of it
  std::string of;      ///< "WT", "WT 2 mm"; empty: nothing to add
  SummaryContent content;
  /// Cases that the content does not hold, by reason (ref_empty, ...).
  std::map<std::string, std::int64_t> undefined;
  bool operator==(const SummaryPart&) const = default;
};

/// Whether a case's value of this metric lies in [0, 1], and so does the mean of cases.
bool is_share(std::string_view metric);

/// The names of a benchmark's classes, in the order of rows (reference) and columns (predicted).
std::string class_table_rule(const std::vector<std::string>& classes);

/// Merging is associative and commutative, and merged sites equal one machine with all cases: the
/// same counts, the same exact sums.
struct SiteSummary {
  std::string kind;   ///< "segmentation", "binary classification", ...
  std::string rules;  ///< everything that figures depend on, as one text: equal at all sites
  std::int64_t sites = 1;
  std::int64_t cases = 0;     ///< failed ones too
  std::int64_t patients = 0;  ///< at most `cases`; patients of different sites count as different
  std::int64_t failed = 0;    ///< cases that could not be measured, in no part
  std::vector<SummaryPart> parts;

  /// Errors: conflict for another kind, other rules or parts; too_large above 2^53 cases; then
  /// unchanged.
  Status merge(const SiteSummary& other);
  /// Invalid unless every part accounts for every case (those it holds, those without a value and
  /// those that failed), and for moments of shares that none in [0, 1] can have.
  Status check() const;

  bool operator==(const SiteSummary&) const = default;
};

/// One figure of the pooled cases.
struct PooledFigure {
  std::string metric;
  std::string of;
  Estimate estimate;
  double bound = 0;  ///< the figure of the cases themselves lies in value +- bound
  /// Of figures of logits: cases that were moved to an end of their range.
  std::optional<std::int64_t> clipped = std::nullopt;
};

/// What can be said of all cases: mean, micro Dice, AUROC, the decision's figures, Brier score,
/// ECE, calibration. With several cases of a patient (patients < cases) no figure has an interval
/// and the flag is patients_repeat. The level is in (0, 1).
std::vector<PooledFigure> pooled_figures(const SiteSummary& summary, double level = 0.95);

}  // namespace medperf::metrics
