#pragma once
// One figure from several sites: a meta-analysis of the sites' estimates.

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/estimate.h"
#include "metrics/statistics/study.h"
#include "metrics/statistics/tau2.h"

namespace medperf::metrics {

/// Whether sites differ in truth (random effects, default) or only by chance (common effect).
enum class EffectModel { kRandom, kCommon };

/// The interval of the pooled figure under random effects. Hartung-Knapp with its factor q floored
/// at 1 is the default; the unfloored form (as in metafor's test="knha") and the normal one are
/// named alternatives for comparison with other software.
enum class IntervalMethod { kHartungKnappFloored, kHartungKnapp, kWald };

/// The quantile of the prediction interval: t with k - 2 degrees of freedom (default); the one of
/// the interval, as metafor's predict() has it: t with k - 1, or the normal quantile with kWald.
enum class PredictionQuantile { kTwoLess, kOfTheInterval };

struct MetaOptions {
  Scale scale = Scale::kLogit;
  TauEstimator estimator = TauEstimator::kReml;
  double level = 0.95;
  EffectModel model = EffectModel::kRandom;
  IntervalMethod interval = IntervalMethod::kHartungKnappFloored;
  PredictionQuantile prediction = PredictionQuantile::kTwoLess;
};

/// Remarks of a MetaAnalysis.
namespace warning {
inline constexpr std::string_view kOneSite = "one_site";  ///< nothing pooled: the site's own figure
/// Fewer than kSitesForPrediction sites: too few to say what another site would see.
inline constexpr std::string_view kFewSites = "few_sites";
inline constexpr std::string_view kContinuity = "continuity_correction";
/// The sites agree more than chance explains: the Q-profile interval of tau2 is the point 0.
inline constexpr std::string_view kTauIntervalEmpty = "tau2_interval_empty";
}  // namespace warning

/// Cochrane Handbook 6, section 10.10.4.3: prediction intervals mislead with about ten studies or
/// fewer.
inline constexpr std::size_t kSitesForPrediction = 10;

/// `value` and intervals are back on the original scale; effect, se and tau2 on the working scale.
struct MetaAnalysis {
  std::string_view convention;  ///< "random-effects-reml-logit-hksj" ...
  std::size_t k = 0;
  double value = 0;
  Interval interval;       ///< by the options; the site's own normal one for k = 1
  Interval wald_interval;  ///< normal quantile, for comparison with other software
  /// Of a further site's true figure; none for k < 3 (k < 2 with kOfTheInterval) or a common
  /// effect.
  std::optional<Interval> prediction;
  std::string_view prediction_convention;  ///< "t(k-2)", "t(k-1)", "normal"; empty without one
  double effect = 0;
  double se = 0;  ///< by the options
  double wald_se = 0;
  double tau2 = 0;         ///< 0 under a common effect
  Interval tau2_interval;  ///< Q-profile (Viechtbauer 2007)
  double q = 0;            ///< Cochran's Q with df = k - 1
  int df = 0;
  double q_p_value = 1;
  double i2 = 0;  ///< max(0, (Q - df) / Q), a fraction
  double h2 = 1;  ///< Q / df; 1 for k = 1
  /// As metafor has them: tau2 / (tau2 + s2) and (tau2 + s2) / s2 with the typical variance s2.
  /// Equal to i2 and max(1, h2) with DerSimonian-Laird only.
  double i2_of_tau2 = 0;
  double h2_of_tau2 = 1;
  double fixed_value = 0;       ///< common-effect estimate, for comparison
  std::vector<double> weights;  ///< sum 1, in the order of the studies
  std::vector<std::string_view> warnings;
  bool warns(std::string_view what) const;
};

/// Pools the sites. Errors: invalid for no study, a variance that is not positive and finite, an
/// effect that is not finite, a level outside (0, 1). There is no iteration that could fail to
/// converge and no start value. O(k). Sources: Hartung, Knapp, Stat Med 20 (2001) 3875; Roever,
/// Knapp, Friede, BMC MRM 15 (2015) 99 (floor); Higgins, Thompson, Spiegelhalter, JRSS A 172 (2009)
/// 137 (prediction); Higgins, Thompson, Stat Med 21 (2002) 1539 (I2, H2).
Result<MetaAnalysis> meta_analyse(std::span<const Study> studies, const MetaOptions& options = {});

/// The analysis without each site in turn, in the order of the sites: whether one of them carries
/// the result. Errors: invalid for fewer than two sites, and those of meta_analyse. O(k^2).
Result<std::vector<MetaAnalysis>> leave_one_out(std::span<const Study> studies,
                                                const MetaOptions& options = {});

/// A site's row of a forest table, on the original scale.
struct ForestRow {
  double value = 0;   ///< after the continuity rule, if it was applied
  Interval interval;  ///< normal on the working scale
  double weight = 0;  ///< in the analysis, a fraction
  bool corrected = false;
};
/// One row a study, in their order, for the analysis `pooled` of these studies with these options.
/// Error: invalid if the analysis has another number of sites.
Result<std::vector<ForestRow>> forest_rows(std::span<const Study> studies,
                                           const MetaAnalysis& pooled,
                                           const MetaOptions& options = {});

}  // namespace medperf::metrics
