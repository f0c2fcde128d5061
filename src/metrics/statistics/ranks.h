#pragma once
// Who is first? Ranks of several models on the same patients, with their uncertainty.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/statistics/bootstrap.h"
#include "metrics/vocabulary.h"

namespace medperf::metrics {

inline constexpr std::string_view kRankPairwiseConvention = "rank-pairwise-max-t";
inline constexpr std::string_view kRankPercentileConvention = "rank-bootstrap-percentile";
inline constexpr std::string_view kRankSimultaneousConvention = "rank-bootstrap-simultaneous";

/// How the interval of a rank is made.
enum class RankInterval {
  /// From tests of all pairs that hold together (default): rank 1 plus the models that are better
  /// beyond chance, up to the number of models less those that are worse beyond chance. Holds for
  /// all models at once, also when models tie in truth.
  kPairwise,
  /// Quantiles of each model's rank over the resamples, for each model alone.
  kPercentile,
  /// The same, widened until all models' ranks lie inside in `level` of the resamples.
  kSimultaneous,
};

struct RankOptions {
  Direction direction = Direction::kHigher;  ///< which value is better; not kNone
  RankInterval interval = RankInterval::kPairwise;
  BootstrapOptions bootstrap;  ///< seed, replicates, level, threads
};

struct ModelRank {
  double value = 0;  ///< the model's figure on the sample
  double rank = 0;   ///< 1 is best; models with equal figures share the mean of their places
  int low = 1;       ///< interval of the rank, whole places, both ends inside
  int high = 1;
  double best = 0;  ///< share of resamples in which it is first; ties share it
};

struct RankTable {
  std::string_view convention;
  std::string_view flag;          ///< why there is no row
  std::vector<ModelRank> models;  ///< in the order given
};

/// The figure of one model on the cases with these positions.
using ModelStatistic =
    std::function<std::optional<double>(std::size_t model, std::span<const std::uint32_t> cases)>;

/// All models are measured on the same resamples of patients. Undefined (no rows, flag): fewer than
/// two patients, or a model whose figure is undefined on the sample or a resample. Errors: invalid
/// for no model, for direction kNone, and for options out of range. O(models x replicates x
/// statistic + models^2 x replicates).
/// Sources: Mogstad, Romano, Shaikh, Wilhelm, Rev Econ Stud 91 (2024) 476 (pairwise: why resampled
/// ranks alone mislead when models tie); Romano, Wolf, Econometrica 73 (2005) 1237 (max-t).
Result<RankTable> rank_models(std::size_t models, const ResampleUnits& units,
                              const ModelStatistic& statistic, const RankOptions& options = {});

}  // namespace medperf::metrics
