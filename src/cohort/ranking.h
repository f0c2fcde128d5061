#pragma once
// Several models on the same cases, in order: what `medperf-metrics rank` gives.

#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "cohort/figures.h"
#include "cohort/model_scores.h"
#include "cohort/model_values.h"
#include "metrics/statistics/ranks.h"

namespace medperf::cohort {

struct RankingOptions {
  std::optional<metrics::Direction> better;  ///< of values; empty: the metric's
  metrics::RankInterval interval = metrics::RankInterval::kPairwise;
  metrics::BootstrapOptions bootstrap;
  double threshold = 0.5;  ///< of scores, for the accuracy
};

/// Ranks by the mean of values per case: for each model `rank` with its interval, the mean, and in
/// more.ranks {"model","value","rank","low","high","first"}, first being the share of resamples in
/// which it is first. Errors: invalid for a metric whose better side is not known and not given,
/// and those of read_model_values.
Result<FigureSet> rank_values(std::string_view table, std::string_view metric,
                              const MissingRule& missing, const RankingOptions& options);

/// Ranks by `auroc` (default of two classes) or `accuracy` (default of several). Errors: invalid
/// for another metric, and those of read_model_scores.
Result<FigureSet> rank_scores(std::span<const ModelTable> models, std::string_view labels,
                              const UnitTable& patients, std::string_view metric,
                              const RankingOptions& options);

}  // namespace medperf::cohort
