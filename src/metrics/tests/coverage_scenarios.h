#pragma once
// What is simulated, and what the pages of docs/metrics say of it.

#include "metrics/classification/auc.h"
#include "metrics/classification/auc_bootstrap.h"
#include "metrics/pooling/calibration_histogram.h"
#include "metrics/pooling/moments.h"
#include "metrics/pooling/ratio.h"
#include "metrics/pooling/reliability_table.h"
#include "metrics/pooling/score_histogram.h"
#include "metrics/statistics/binomial_mixed_model.h"
#include "metrics/statistics/logit_interval.h"
#include "metrics/statistics/mean.h"
#include "metrics/statistics/meta_analysis.h"
#include "metrics/statistics/proportion.h"
#include "metrics/tests/coverage_simulation.h"

namespace medperf::metrics::coverage {

inline std::string shown(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

// Proportions -------------------------------------------------------------------------------------

/// p fixed, or drawn evenly from [low, high] in each run when they differ.
inline Scenario proportion(double low, double high, std::int64_t n, Claim wilson_claim) {
  Scenario scenario;
  scenario.group = "Proportions (sensitivity, specificity, accuracy)";
  scenario.setting = low == high ? "p = " + shown(low) : "p in " + shown(low) + ".." + shown(high);
  scenario.setting += ", n = " + std::to_string(n);
  scenario.methods = {{"wilson", wilson_claim}, {"clopper-pearson", Claim::kAtLeast}};
  scenario.run = [=](RandomStream& random) {
    const double p = low + (high - low) * random.uniform();
    const std::int64_t events = binomial(random, n, p);
    return std::vector<Outcome>{{wilson(events, n).interval, p},
                                {clopper_pearson(events, n).interval, p}};
  };
  return scenario;
}

// AUROC -------------------------------------------------------------------------------------------

/// Normal scores whose classes lie so far apart that the area is `area`.
inline std::vector<ScoredCase> binormal(RandomStream& random, double area, int n_positive,
                                        int n_negative) {
  const double distance = std::sqrt(2.0) * normal_quantile(area);
  std::vector<ScoredCase> cases;
  for (int i = 0; i < n_positive; ++i) cases.push_back({normal(random) + distance, true});
  for (int i = 0; i < n_negative; ++i) cases.push_back({normal(random), false});
  return cases;
}

/// Stratified percentile bootstrap of the area, a patient a case.
inline std::optional<Interval> bootstrap_area(const std::vector<ScoredCase>& cases,
                                              std::uint64_t seed, int replicates) {
  BootstrapOptions options;
  options.seed = seed;
  options.replicates = replicates;
  return auc_bootstrap(cases, options)->estimate.interval;
}

inline Scenario area(double truth, int a_class, Claim plain, Claim logit, Claim bootstrapped,
                     int replicates) {
  Scenario scenario;
  scenario.group = "AUROC (normal scores)";
  scenario.setting = "AUROC " + shown(truth) + ", " + std::to_string(a_class) + " a class";
  scenario.methods = {
      {"DeLong", plain},
      {"DeLong, logit", logit},
      {"histogram of 2048 bins", plain == Claim::kNominal ? Claim::kAtLeast : plain}};
  if (replicates > 0) {
    scenario.methods.push_back(
        {"bootstrap, " + std::to_string(replicates) + " replicates", bootstrapped});
  }
  scenario.run = [=](RandomStream& random) {
    const auto cases = binormal(random, truth, a_class, a_class);
    const Estimate delong = auc(cases)->estimate;
    auto histogram = *ScoreHistogram::empty({-12, 12, 2048});
    for (const ScoredCase& one : cases) {
      if (!histogram.add(one.score, one.positive).ok()) std::abort();
    }
    std::vector<Outcome> outcomes = {
        {delong.interval, truth},
        {delong.value ? logit_interval(*delong.value, *delong.se) : std::nullopt, truth},
        {histogram.auroc().estimate.interval, truth}};
    if (replicates > 0) {
      outcomes.push_back({bootstrap_area(cases, random.bits(), replicates), truth});
    }
    return outcomes;
  };
  return scenario;
}

// Means and ratios of per-case values -------------------------------------------------------------

/// Dice of each case is expit(1.8 + spread Z): skewed to the left as real ones are.
inline Scenario mean_dice(double spread, int n, Claim claim, int replicates) {
  Scenario scenario;
  scenario.group = "Mean of per-case values (Dice-like, skewed)";
  scenario.setting = "logit-normal, spread " + shown(spread) + ", n = " + std::to_string(n);
  scenario.methods = {{"t", claim}};
  if (replicates > 0) {
    scenario.methods.push_back({"bootstrap, " + std::to_string(replicates) + " replicates", claim});
  }
  const double truth = normal_mean([=](double z) { return expit(1.8 + spread * z); });
  scenario.run = [=](RandomStream& random) {
    std::vector<double> values(static_cast<std::size_t>(n));
    for (double& value : values) value = expit(1.8 + spread * normal(random));
    std::vector<Outcome> outcomes = {{mean_estimate(values)->interval, truth}};
    if (replicates > 0) {
      BootstrapOptions options;
      options.seed = random.bits();
      options.replicates = replicates;
      const auto result = bootstrap(
          ResampleUnits::each_case(values.size()),
          [&](std::span<const std::uint32_t> drawn) -> std::optional<double> {
            double sum = 0;
            for (const std::uint32_t i : drawn) sum += values[i];
            return sum / static_cast<double>(drawn.size());
          },
          options);
      outcomes.push_back({result->estimate.interval, truth});
    }
    return outcomes;
  };
  return scenario;
}

/// Lesion volumes are log-normal and the larger ones are found better.
inline Scenario micro_dice(int n, Claim claim) {
  Scenario scenario;
  scenario.group = "Micro Dice (ratio of sums over cases)";
  scenario.setting = "log-normal volumes, n = " + std::to_string(n);
  scenario.methods = {{"ratio-of-sums", claim}};
  const auto voxels = [](double z) { return 2000 * std::exp(0.8 * z); };
  const auto dice = [](double z, double e) { return expit(1.5 + 0.4 * z + 0.6 * e); };
  const double numerator = normal_mean(
      [=](double z) { return voxels(z) * normal_mean([=](double e) { return dice(z, e); }); });
  const double truth = numerator / normal_mean(voxels);
  scenario.run = [=](RandomStream& random) {
    RatioSummary summary;
    for (int i = 0; i < n; ++i) {
      const double z = normal(random);
      const auto whole = static_cast<std::int64_t>(std::llround(1000 * voxels(z)));
      const auto part = std::llround(static_cast<double>(whole) * dice(z, normal(random)));
      if (!summary.add(part, whole).ok()) std::abort();
    }
    return std::vector<Outcome>{{summary.estimate().interval, truth}};
  };
  return scenario;
}

// Several sites -----------------------------------------------------------------------------------

inline std::vector<Method> pooled_methods(Claim floored) {
  return {{"Hartung-Knapp, floored", floored},
          {"Hartung-Knapp, unfloored", Claim::kNone},
          {"Wald", Claim::kNone},
          {"prediction, t(k-2)", Claim::kNone}};
}

/// The floored interval is conservative where sites hardly differ: from five sites on it holds at
/// least 94 %, and 95 +- 1 % once the sites differ by `ratio` = tau over their typical standard
/// error.
inline Claim floored_claim(int k, double ratio) {
  if (k < 5) return Claim::kNone;
  const double needed = k >= 20 ? 0.5 : k >= 10 ? 1 : 2.5;
  return ratio >= needed - 1e-9 ? Claim::kNominal : Claim::kAtLeast;
}

inline std::vector<Outcome> pooled(const std::vector<Study>& studies, double truth, double next,
                                   Scale scale) {
  MetaOptions options;
  options.scale = scale;
  const auto floored = meta_analyse(studies, options);
  options.interval = IntervalMethod::kHartungKnapp;
  const auto unfloored = meta_analyse(studies, options);
  return {{floored->interval, truth},
          {unfloored->interval, truth},
          {floored->wald_interval, truth},
          {floored->prediction, next}};
}

/// Sites' effects are normal around 0 with the standard deviation tau, their standard errors lie
/// evenly in [0.15, 0.45].
inline Scenario normal_sites(int k, double tau) {
  Scenario scenario;
  scenario.group = "Several sites, normal effects (standard errors 0.15 to 0.45)";
  scenario.setting = "k = " + std::to_string(k) + ", tau = " + shown(tau);
  scenario.methods = pooled_methods(floored_claim(k, tau / 0.3));
  scenario.run = [=](RandomStream& random) {
    std::vector<Study> studies;
    for (int i = 0; i < k; ++i) {
      const double se = 0.15 + 0.3 * random.uniform();
      studies.push_back({tau * normal(random) + se * normal(random), se * se, false});
    }
    return pooled(studies, 0, tau * normal(random), Scale::kIdentity);
  };
  return scenario;
}

/// The whole way: cases at sites, AUROC and DeLong's SE of each site, pooled on the logit scale.
inline Scenario area_at_sites(int k, double typical, double tau, int a_class, Claim claim) {
  Scenario scenario;
  scenario.group = "Several sites, from cases to the pooled AUROC (logit scale)";
  scenario.setting = "k = " + std::to_string(k) + ", typical AUROC " + shown(typical) +
                     ", tau = " + shown(tau) + ", " + std::to_string(a_class) + " a class";
  scenario.methods = pooled_methods(claim);
  scenario.run = [=](RandomStream& random) {
    const double centre = std::log(typical / (1 - typical));
    std::vector<Study> studies;
    for (int i = 0; i < k; ++i) {
      const double site = expit(centre + tau * normal(random));
      const auto found = auc(binormal(random, site, a_class, a_class));
      studies.push_back(*auc_study(*found->estimate.value, *found->estimate.se, a_class, a_class));
    }
    return pooled(studies, typical, expit(centre + tau * normal(random)), Scale::kLogit);
  };
  return scenario;
}

/// Positives found at sites, pooled on the logit scale in two stages, or in one (slower).
inline Scenario sensitivity_at_sites(int k, double typical, double tau, std::int64_t n, Claim claim,
                                     bool one_stage) {
  Scenario scenario;
  scenario.group = "Several sites, from counts to the pooled sensitivity (logit scale)";
  scenario.setting = "k = " + std::to_string(k) + ", typical " + shown(typical) +
                     ", tau = " + shown(tau) + ", " + std::to_string(n) + " positives a site";
  scenario.methods = pooled_methods(claim);
  if (one_stage) scenario.methods = {{"one-stage binomial, t", claim}};
  scenario.run = [=](RandomStream& random) {
    const double centre = std::log(typical / (1 - typical));
    std::vector<Study> studies;
    std::vector<BinomialCount> counts;
    for (int i = 0; i < k; ++i) {
      const double site = expit(centre + tau * normal(random));
      counts.push_back({binomial(random, n, site), n});
      studies.push_back(*proportion_study(counts.back().events, n));
    }
    if (one_stage) {
      return std::vector<Outcome>{{pool_binomial(counts)->estimate.interval, typical}};
    }
    return pooled(studies, typical, expit(centre + tau * normal(random)), Scale::kLogit);
  };
  return scenario;
}

/// Each site's mean Dice with its SE, pooled on the identity scale.
inline Scenario dice_at_sites(int k, double tau, int n, Claim claim) {
  Scenario scenario;
  scenario.group = "Several sites, from cases to the pooled mean Dice (identity scale)";
  scenario.setting = "k = " + std::to_string(k) + ", tau = " + shown(tau) + ", " +
                     std::to_string(n) + " cases a site";
  scenario.methods = pooled_methods(claim);
  const double typical = normal_mean([](double z) { return expit(1.8 + 0.8 * z); });
  scenario.run = [=](RandomStream& random) {
    std::vector<Study> studies;
    for (int i = 0; i < k; ++i) {
      const double shift = tau * normal(random);
      MomentSummary site;
      for (int j = 0; j < n; ++j) {
        if (!site.add(expit(1.8 + 0.8 * normal(random)) + shift).ok()) std::abort();
      }
      studies.push_back(*site.study(Scale::kIdentity));
    }
    return pooled(studies, typical, typical + tau * normal(random), Scale::kIdentity);
  };
  return scenario;
}

// Calibration -------------------------------------------------------------------------------------

/// Probabilities of a model whose logits are `slope` too flat or steep; half of the cases positive.
inline Scenario calibration(double slope, int n, Claim claim) {
  Scenario scenario;
  scenario.group = "Calibration from merged tables (logits evenly in -3..3)";
  scenario.setting = "slope " + shown(slope) + ", n = " + std::to_string(n);
  scenario.methods = {{"slope, histogram", claim},
                      {"intercept, histogram", slope == 1 ? claim : Claim::kNone},
                      {"ECE, region", claim == Claim::kNominal ? Claim::kAtLeast : claim}};
  const auto event = [=](double x) { return expit(slope * x); };
  double ece = 0;  // of the distribution itself, bin by bin
  std::vector<double> gaps(15, 0.0);
  constexpr int kPoints = 60'000;
  for (int i = 0; i < kPoints; ++i) {
    const double x = 6 * ((i + 0.5) / kPoints - 0.5);
    gaps[static_cast<std::size_t>(*kEceBins.of(expit(x)))] += (expit(x) - event(x)) / kPoints;
  }
  for (const double gap : gaps) ece += std::abs(gap);
  scenario.run = [=](RandomStream& random) {
    auto logits = *CalibrationHistogram::empty({-4, 4, 80});
    auto table = *ReliabilityTable::empty();
    for (int i = 0; i < n; ++i) {
      const double x = 6 * (random.uniform() - 0.5);
      const bool positive = random.uniform() < event(x);
      if (!logits.add(expit(x), positive).ok() || !table.add(expit(x), positive).ok()) std::abort();
    }
    const PooledCalibration result = logits.calibration();
    return std::vector<Outcome>{{result.slope.estimate.interval, slope},
                                {result.intercept.estimate.interval, 0},
                                {table.ece().interval, ece}};
  };
  return scenario;
}

}  // namespace medperf::metrics::coverage
