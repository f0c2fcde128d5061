#pragma once
// Intervals of decisions, probabilities, two models and agreement, in simulated studies.

#include <numbers>

#include "metrics/classification/calibration.h"
#include "metrics/classification/comparison.h"
#include "metrics/classification/confusion_matrix.h"
#include "metrics/classification/decision.h"
#include "metrics/classification/probability.h"
#include "metrics/regression/agreement.h"
#include "metrics/regression/icc.h"
#include "metrics/tests/coverage_simulation.h"

namespace medperf::metrics::coverage {

/// Half of n cases positive on average, called with the given rates.
inline Scenario decision(double sensitivity, double specificity, int n, Claim claim) {
  Scenario scenario;
  scenario.group = "Decisions (half of the cases positive)";
  scenario.setting = "sensitivity " + std::to_string(sensitivity).substr(0, 4) + ", specificity " +
                     std::to_string(specificity).substr(0, 4) + ", n = " + std::to_string(n);
  scenario.methods = {{"youden-newcombe", claim},
                      {"likelihood-ratio-log, positive", claim},
                      {"likelihood-ratio-log, negative", claim},
                      {"kappa-cohen", claim}};
  scenario.run = [=](RandomStream& random) {
    auto matrix = *ConfusionMatrix::empty(2);
    for (int i = 0; i < n; ++i) {
      const int reference = random.uniform() < 0.5 ? 1 : 0;
      const bool right = random.uniform() < (reference == 1 ? sensitivity : specificity);
      matrix.add(reference, right ? reference : 1 - reference);
    }
    const Confusion table = matrix.one_against_rest(1);
    return std::vector<Outcome>{
        {youden_index(table).interval, sensitivity + specificity - 1},
        {positive_likelihood_ratio(table).interval, sensitivity / (1 - specificity)},
        {negative_likelihood_ratio(table).interval, (1 - sensitivity) / specificity},
        // Half positive: the expected agreement is 1/2 whatever is called.
        {cohen_kappa(matrix).interval, sensitivity + specificity - 1}};
  };
  return scenario;
}

/// Calibrated probabilities with logits evenly in -3..3.
inline Scenario probabilities(int n, Claim claim) {
  Scenario scenario;
  scenario.group = "Probabilities (calibrated, logits evenly in -3..3)";
  scenario.setting = "n = " + std::to_string(n);
  scenario.methods = {{"brier-positive-class", claim},
                      {"log-loss", claim},
                      {"calibration-slope-logistic-wald", claim},
                      {"calibration-in-the-large-wald", claim}};
  double brier = 0;
  double loss = 0;
  constexpr int kPoints = 60'000;
  for (int i = 0; i < kPoints; ++i) {
    const double p = expit(6 * ((i + 0.5) / kPoints - 0.5));
    brier += p * (1 - p) / kPoints;
    loss -= (p * std::log(p) + (1 - p) * std::log(1 - p)) / kPoints;
  }
  scenario.run = [=](RandomStream& random) {
    std::vector<ScoredCase> cases;
    for (int i = 0; i < n; ++i) {
      const double p = expit(6 * (random.uniform() - 0.5));
      cases.push_back({p, random.uniform() < p});
    }
    const auto fitted = recalibrate(cases);
    return std::vector<Outcome>{{brier_score(cases)->interval, brier},
                                {log_loss(cases)->estimate.interval, loss},
                                {fitted->slope.interval, 1},
                                {fitted->in_the_large.interval, 0}};
  };
  return scenario;
}

/// Two models with normal scores that share half of their variance.
inline Scenario two_models(double first, double second, int a_class, Claim claim) {
  Scenario scenario;
  scenario.group = "Two models on the same cases (normal scores, half of the variance shared)";
  scenario.setting = "AUROC " + std::to_string(first).substr(0, 4) + " and " +
                     std::to_string(second).substr(0, 4) + ", " + std::to_string(a_class) +
                     " a class";
  scenario.methods = {{"auroc-difference-delong", claim}};
  const double far[2] = {std::sqrt(2.0) * normal_quantile(first),
                         std::sqrt(2.0) * normal_quantile(second)};
  scenario.run = [=](RandomStream& random) {
    std::vector<PairedScore> cases;
    for (int i = 0; i < 2 * a_class; ++i) {
      const bool positive = i < a_class;
      const double shared = normal(random) * std::sqrt(0.5);
      const double a = shared + normal(random) * std::sqrt(0.5) + (positive ? far[0] : 0);
      const double b = shared + normal(random) * std::sqrt(0.5) + (positive ? far[1] : 0);
      cases.push_back({a, b, positive});
    }
    return std::vector<Outcome>{{compare_auc(cases)->difference.interval, first - second}};
  };
  return scenario;
}

/// Reference and prediction: a subject's value (variance 4) and an error each (variance 1); the
/// model reads `shift` too high.
inline Scenario agreement(double shift, int n, Claim claim) {
  Scenario scenario;
  scenario.group = "Agreement of numbers (normal, reliability 0.8)";
  scenario.setting = "shift " + std::to_string(shift).substr(0, 3) + ", n = " + std::to_string(n);
  scenario.methods = {
      {"bias-mean-t", claim},
      {"limits-of-agreement-bland-altman, upper", claim},
      {"ccc-lin-divisor-n-fisher-z", claim},
      {"pearson-fisher-z", claim},
      {"spearman-midranks-bonett-wright", claim == Claim::kNominal ? Claim::kAtLeast : claim},
      {"icc-1-1", shift == 0 ? claim : Claim::kNone},
      {"icc-a-1", shift == 0 ? claim : Claim::kNone},
      {"icc-c-1", claim}};
  // The variance between two raters that differ by `shift`, as (A,1) and (1,1) count it.
  const double raters = shift * shift / 2;
  scenario.run = [=](RandomStream& random) {
    std::vector<MeasuredPair> cases;
    std::vector<double> ratings;
    for (int i = 0; i < n; ++i) {
      const double subject = 2 * normal(random);
      const MeasuredPair one{subject + normal(random), subject + shift + normal(random)};
      cases.push_back(one);
      ratings.push_back(one.reference);
      ratings.push_back(one.predicted);
    }
    const auto icc = *intraclass_correlations(ratings, 2);
    const double upper = shift + normal_quantile(0.975) * std::sqrt(2.0);
    return std::vector<Outcome>{
        {mean_error(cases)->interval, shift},
        {limits_of_agreement(cases)->upper.interval, upper},
        {concordance(cases)->interval, 8 / (10 + shift * shift)},
        {pearson(cases)->interval, 0.8},
        {spearman(cases)->interval, 6 / std::numbers::pi * std::asin(0.8 / 2)},
        {icc.one_way.interval, (4 - raters / 2) / (5 + raters / 2)},
        {icc.agreement.interval, 4 / (5 + raters)},
        {icc.consistency.interval, 0.8}};
  };
  return scenario;
}

}  // namespace medperf::metrics::coverage
