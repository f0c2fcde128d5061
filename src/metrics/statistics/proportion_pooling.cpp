#include "metrics/statistics/proportion_pooling.h"

#include <algorithm>
#include <vector>

namespace medperf::metrics {
namespace {

bool has_few(const BinomialCount& site) {
  return std::min(site.events, site.total - site.events) < kEventsForTwoStages;
}

}  // namespace

Result<PooledProportion> pool_proportions(std::span<const BinomialCount> sites, double level) {
  std::vector<Study> studies;
  for (const BinomialCount& site : sites) {
    MEDPERF_TRY(const Study study, proportion_study(site.events, site.total));
    studies.push_back(study);
  }
  MetaOptions options;
  options.level = level;
  PooledProportion pooled;
  MEDPERF_TRY(pooled.analysis, meta_analyse(studies, options));
  MetaAnalysis& analysis = pooled.analysis;
  pooled.heterogeneity_convention = analysis.convention;
  if (std::none_of(sites.begin(), sites.end(), has_few)) return pooled;
  analysis.warnings.push_back(warning::kFewEvents);
  if (sites.size() < 2) return pooled;
  MEDPERF_TRY(const BinomialMixedModel model, pool_binomial(sites, level));
  if (!model.estimate.value) return pooled;
  analysis.convention = model.estimate.convention;
  analysis.value = *model.estimate.value;
  analysis.interval = *model.estimate.interval;
  analysis.effect = model.effect;
  analysis.se = *model.estimate.se;
  analysis.prediction.reset();
  analysis.prediction_convention = {};
  std::erase(analysis.warnings, warning::kContinuity);
  return pooled;
}

}  // namespace medperf::metrics
