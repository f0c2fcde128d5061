#pragma once
// From cases to what their site sends. The same parts and rules whoever summarises: files, an
// evaluator, arrays.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "metrics/classification/scored_case.h"
#include "metrics/pooling/bins.h"
#include "metrics/pooling/site_summary.h"

namespace medperf::metrics {

/// Bins of the scores' histogram: a threshold of k / 512 parts the cases exactly.
inline constexpr Bins kSummaryScoreBins = {0, 1, 512};

// `patients`: how many patients the cases have. Errors: invalid for scores outside [0, 1], which
// have no bins that all sites share.

/// Two classes: the decision's 2x2 table, histograms of scores and logits, the reliability table,
/// the moments of squared errors.
Result<SiteSummary> summarise_scores(std::span<const ScoredCase> cases, std::int64_t patients,
                                     double threshold);

/// The cases as two classes: whether they have this label.
struct LabelledCases {
  std::string label;
  std::vector<ScoredCase> cases;
};
/// Several labels a case: for each what two classes have, without the logits, the largest part by
/// far. The labels' lists hold the same cases.
Result<SiteSummary> summarise_labels(std::span<const LabelledCases> labels, std::int64_t patients,
                                     double threshold);

/// Several classes, by their names: the table of classes. Precondition: lists of one length with
/// classes in range.
Result<SiteSummary> summarise_classes(std::span<const int> reference,
                                      std::span<const int> predicted,
                                      const std::vector<std::string>& classes,
                                      std::int64_t patients);

}  // namespace medperf::metrics
