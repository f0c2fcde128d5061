#pragma once
// One figure from several sites: a random-effects meta-analysis.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/estimate.h"

namespace medperf::metrics {

/// The scale on which sites are pooled. Areas and proportions belong on the logit scale.
enum class Scale { kIdentity, kLogit };
/// How the variance between sites is estimated: restricted maximum likelihood or DerSimonian-Laird.
enum class TauEstimator { kReml, kDerSimonianLaird };

/// One site on the working scale.
struct Study {
  double effect = 0;
  double variance = 0;     ///< > 0
  bool corrected = false;  ///< the continuity rule was applied
};

/// A site's AUC. On the logit scale the variance is (SE / (AUC (1 - AUC)))^2.
/// Continuity rule, for SE 0 or an AUC of 0 or 1: the AUC is taken as a proportion of m cases,
/// where m is the size of the smaller class, with one half added to both cells if one of them is
/// empty. Errors: invalid (outside [0, 1], negative SE, or m unknown where the rule needs it).
Result<Study> auc_study(double value, double se, std::int64_t n_positive, std::int64_t n_negative,
                        Scale scale = Scale::kLogit);
/// A site's proportion. One half is added to both cells only if one of them is empty.
/// Errors: invalid (events outside 0..total, total 0).
Result<Study> proportion_study(std::int64_t events, std::int64_t total,
                               Scale scale = Scale::kLogit);

struct MetaOptions {
  Scale scale = Scale::kLogit;
  TauEstimator estimator = TauEstimator::kReml;
  double level = 0.95;
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
  Interval
      interval;  ///< Hartung-Knapp, q floored at 1, t(k-1); the site's own normal one for k = 1
  Interval wald_interval;              ///< normal quantile, for comparison with other software
  std::optional<Interval> prediction;  ///< t(k-2) of a further site; none for k < 3
  double effect = 0;
  double se = 0;  ///< Hartung-Knapp, floored
  double wald_se = 0;
  double tau2 = 0;
  Interval tau2_interval;  ///< Q-profile (Viechtbauer 2007)
  double q = 0;            ///< Cochran's Q with df = k - 1
  int df = 0;
  double q_p_value = 1;
  double i2 = 0;                ///< max(0, (Q - df) / Q), a fraction
  double fixed_value = 0;       ///< common-effect estimate, for comparison
  std::vector<double> weights;  ///< random-effects weights, sum 1, in the order of the studies
  std::vector<std::string_view> warnings;
  bool warns(std::string_view what) const;
};

/// Pools the sites. Errors: invalid for no study, a variance that is not positive and finite, an
/// effect that is not finite, a level outside (0, 1). The REML maximum is found by a search over
/// the whole range and bisection of its score, so there is no convergence to fail and no start
/// value. Sources: Hartung, Knapp, Stat Med 20 (2001) 3875; Roever, Knapp, Friede, BMC MRM 15
/// (2015) 99 (floor); Higgins, Thompson, Spiegelhalter, JRSS A 172 (2009) 137 (prediction).
Result<MetaAnalysis> meta_analyse(std::span<const Study> studies, const MetaOptions& options = {});

}  // namespace medperf::metrics
