#pragma once
// A proportion (sensitivity, specificity, a rate of misses) over sites, by the model that its
// counts allow.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "metrics/statistics/binomial_mixed_model.h"
#include "metrics/statistics/meta_analysis.h"

namespace medperf::metrics {

/// With fewer events, or non-events, at a site its logit is too far from normal: pooled in two
/// stages the interval misses the truth up to 10 % of the time (docs/metrics/coverage.md).
inline constexpr std::int64_t kEventsForTwoStages = 20;

namespace warning {
/// A site has fewer than kEventsForTwoStages events or non-events.
inline constexpr std::string_view kFewEvents = "few_events";
}  // namespace warning

struct PooledProportion {
  /// In two stages, or with value, interval, effect and standard error of the one-stage model:
  /// `convention` says which. In one stage there is no prediction interval, and the continuity rule
  /// is in nothing that is shown but the heterogeneity. The heterogeneity (q, i2, tau2 ...) is that
  /// of two stages always: the one-stage model has none with an interval.
  MetaAnalysis analysis;
  std::string_view heterogeneity_convention;
};

/// In two stages (meta_analyse with its defaults) where every site has at least kEventsForTwoStages
/// events and non-events, else in one stage (pool_binomial), with the warning few_events. Two
/// stages and that warning also for one site, where nothing is pooled, and where all sites have
/// only events or none, of which the one-stage model says nothing. Errors: those of both.
Result<PooledProportion> pool_proportions(std::span<const BinomialCount> sites,
                                          double level = 0.95);

}  // namespace medperf::metrics
