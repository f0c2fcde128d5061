#include "metrics/statistics/meta_analysis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "metrics/statistics/distributions.h"

namespace medperf::metrics {
namespace {

/// Every combination of estimator, scale and interval has its id: [estimator][scale][interval].
std::string_view convention_of(const MetaOptions& options) {
  constexpr std::size_t kEstimators = 3;
  constexpr std::size_t kScales = 2;
  constexpr std::size_t kIntervals = 3;
  using OfScale = std::array<std::string_view, kIntervals>;
  using OfEstimator = std::array<OfScale, kScales>;
  static constexpr std::array<OfEstimator, kEstimators> kIds = {{
      {{{"random-effects-reml-identity-hksj", "random-effects-reml-identity-hksj-unfloored",
         "random-effects-reml-identity-wald"},
        {"random-effects-reml-logit-hksj", "random-effects-reml-logit-hksj-unfloored",
         "random-effects-reml-logit-wald"}}},
      {{{"random-effects-dl-identity-hksj", "random-effects-dl-identity-hksj-unfloored",
         "random-effects-dl-identity-wald"},
        {"random-effects-dl-logit-hksj", "random-effects-dl-logit-hksj-unfloored",
         "random-effects-dl-logit-wald"}}},
      {{{"random-effects-pm-identity-hksj", "random-effects-pm-identity-hksj-unfloored",
         "random-effects-pm-identity-wald"},
        {"random-effects-pm-logit-hksj", "random-effects-pm-logit-hksj-unfloored",
         "random-effects-pm-logit-wald"}}},
  }};
  if (options.model == EffectModel::kCommon) {
    return options.scale == Scale::kLogit ? "common-effect-logit-wald"
                                          : "common-effect-identity-wald";
  }
  return kIds[static_cast<std::size_t>(options.estimator)][static_cast<std::size_t>(options.scale)]
             [static_cast<std::size_t>(options.interval)];
}

Status check(std::span<const Study> studies, double level) {
  if (studies.empty()) {
    return make_error(ErrorKind::kInvalid, "meta-analysis", "there is no site to pool",
                      "At least one site must have a defined figure.");
  }
  if (!(level > 0 && level < 1)) {
    return make_error(ErrorKind::kInvalid, "level", "it must lie between 0 and 1", "Use 0.95.");
  }
  for (std::size_t i = 0; i < studies.size(); ++i) {
    const Study& study = studies[i];
    if (!std::isfinite(study.effect) || !std::isfinite(study.variance) || study.variance <= 0) {
      return make_error(ErrorKind::kInvalid, "site " + std::to_string(i + 1),
                        "its figure or its variance cannot be pooled",
                        "Make studies with auc_study, proportion_study or mean_study.");
    }
  }
  return {};
}

Interval around(double centre, double half, Scale scale) {
  return {original_scale(centre - half, scale), original_scale(centre + half, scale)};
}

void add_warnings(std::span<const Study> studies, MetaAnalysis& result) {
  if (result.k == 1) result.warnings.push_back(warning::kOneSite);
  if (result.k > 1 && result.k < kSitesForPrediction) result.warnings.push_back(warning::kFewSites);
  if (std::any_of(studies.begin(), studies.end(), [](const Study& s) { return s.corrected; })) {
    result.warnings.push_back(warning::kContinuity);
  }
}

void add_heterogeneity(std::span<const Study> studies, double level, const WeightedStudies& common,
                       MetaAnalysis& result) {
  result.q = common.q;
  result.df = static_cast<int>(studies.size()) - 1;
  if (result.df == 0) return;
  result.q_p_value = chi2_upper(result.q, result.df);
  result.i2 = result.q > result.df ? (result.q - result.df) / result.q : 0;
  result.h2 = result.q / result.df;
  const double typical = result.df * common.sum / (common.sum * common.sum - common.sum_squares);
  result.i2_of_tau2 = result.tau2 / (result.tau2 + typical);
  result.h2_of_tau2 = (result.tau2 + typical) / typical;
  bool empty = false;
  result.tau2_interval = tau2_profile(studies, level, empty);
  if (empty) result.warnings.push_back(warning::kTauIntervalEmpty);
}

void add_prediction(const MetaOptions& options, double upper, MetaAnalysis& result) {
  const auto k = static_cast<double>(result.k);
  double quantile = 0;
  if (options.prediction == PredictionQuantile::kTwoLess) {
    if (result.k < 3) return;
    quantile = t_quantile(upper, k - 2);
    result.prediction_convention = "t(k-2)";
  } else if (options.interval == IntervalMethod::kWald) {
    quantile = normal_quantile(upper);
    result.prediction_convention = "normal";
  } else {
    quantile = t_quantile(upper, k - 1);
    result.prediction_convention = "t(k-1)";
  }
  const double spread = std::sqrt(result.tau2 + result.se * result.se);
  result.prediction = around(result.effect, quantile * spread, options.scale);
}

void add_intervals(const MetaOptions& options, const WeightedStudies& at, MetaAnalysis& result) {
  const double upper = 0.5 + options.level / 2;
  const double z = normal_quantile(upper);
  const auto k = static_cast<double>(result.k);
  result.wald_se = std::sqrt(1 / at.sum);
  result.wald_interval = around(at.mean, z * result.wald_se, options.scale);
  result.se = result.wald_se;
  result.interval = result.wald_interval;
  if (result.k == 1 || options.model == EffectModel::kCommon) return;
  if (options.interval != IntervalMethod::kWald) {
    // Without the floor the interval can be shorter than the common-effect one when sites agree by
    // luck.
    const double q = at.q / (k - 1);
    const bool floored = options.interval == IntervalMethod::kHartungKnappFloored;
    result.se = std::sqrt((floored ? std::max(1.0, q) : q) / at.sum);
    result.interval = around(at.mean, t_quantile(upper, k - 1) * result.se, options.scale);
  }
  add_prediction(options, upper, result);
}

}  // namespace

bool MetaAnalysis::warns(std::string_view what) const {
  return std::find(warnings.begin(), warnings.end(), what) != warnings.end();
}

Result<MetaAnalysis> meta_analyse(std::span<const Study> studies, const MetaOptions& options) {
  MEDPERF_CHECK(check(studies, options.level));
  MetaAnalysis result;
  result.convention = convention_of(options);
  result.k = studies.size();
  add_warnings(studies, result);
  const WeightedStudies common = weigh(studies, 0);
  result.fixed_value = original_scale(common.mean, options.scale);
  if (options.model == EffectModel::kRandom) {
    result.tau2 = estimate_tau2(studies, options.estimator);
  }
  add_heterogeneity(studies, options.level, common, result);
  const WeightedStudies at = weigh(studies, result.tau2);
  result.effect = at.mean;
  result.value = original_scale(at.mean, options.scale);
  for (const Study& study : studies) {
    result.weights.push_back(1 / (study.variance + result.tau2) / at.sum);
  }
  add_intervals(options, at, result);
  return result;
}

Result<std::vector<MetaAnalysis>> leave_one_out(std::span<const Study> studies,
                                                const MetaOptions& options) {
  if (studies.size() < 2) {
    return make_error(ErrorKind::kInvalid, "leave-one-out", "there are fewer than two sites",
                      "It needs a site that stays.");
  }
  std::vector<MetaAnalysis> result;
  for (std::size_t left_out = 0; left_out < studies.size(); ++left_out) {
    std::vector<Study> others(studies.begin(), studies.end());
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(left_out));
    MEDPERF_TRY(MetaAnalysis without, meta_analyse(others, options));
    result.push_back(std::move(without));
  }
  return result;
}

Result<std::vector<ForestRow>> forest_rows(std::span<const Study> studies,
                                           const MetaAnalysis& pooled, const MetaOptions& options) {
  MEDPERF_CHECK(check(studies, options.level));
  if (pooled.weights.size() != studies.size()) {
    return make_error(ErrorKind::kInvalid, "forest table",
                      "the analysis has another number of sites",
                      "Give the studies that were pooled.");
  }
  const double z = normal_quantile(0.5 + options.level / 2);
  std::vector<ForestRow> rows;
  for (std::size_t i = 0; i < studies.size(); ++i) {
    const Study& study = studies[i];
    rows.push_back({original_scale(study.effect, options.scale),
                    around(study.effect, z * std::sqrt(study.variance), options.scale),
                    pooled.weights[i], study.corrected});
  }
  return rows;
}

}  // namespace medperf::metrics
