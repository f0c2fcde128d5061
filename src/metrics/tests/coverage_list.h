#pragma once
// Every scenario of docs/metrics/coverage.md, in its order.

#include "metrics/tests/coverage_classes.h"
#include "metrics/tests/coverage_scenarios.h"

namespace medperf::metrics::coverage {

inline std::vector<Scenario> all_scenarios() {
  std::vector<Scenario> all;
  const auto add = [&](Scenario scenario) { all.push_back(std::move(scenario)); };
  for (const std::int64_t n : {30, 100, 400}) {
    const Claim claim = n >= 100 ? Claim::kNominal : Claim::kNone;
    add(proportion(0.5, 0.95, n, claim));
    for (const double p : {0.5, 0.8, 0.9, 0.95, 0.99}) add(proportion(p, p, n, Claim::kNone));
  }
  for (const int n : {30, 100, 300}) {
    for (const double truth : {0.7, 0.8, 0.9, 0.95, 0.98}) {
      const auto up_to = [&](double at_100, double at_300) {
        const double highest = n >= 300 ? at_300 : n >= 100 ? at_100 : 0;
        return truth <= highest ? Claim::kNominal : Claim::kNone;
      };
      add(area(truth, n, up_to(0.8, 0.95), up_to(0.95, 0.98), up_to(0.9, 0.9),
               n == 100 ? 2000 : 0));
    }
  }
  for (const double spread : {0.8, 1.6}) {
    for (const int n : {10, 30, 100, 300}) {
      add(mean_dice(spread, n, n >= 100 ? Claim::kNominal : Claim::kNone, n == 100 ? 2000 : 0));
    }
  }
  for (const int n : {30, 100, 300, 1000}) {
    add(micro_dice(n, n >= 300 ? Claim::kNominal : Claim::kNone));
  }
  for (const int k : {2, 3, 5, 10, 20}) {
    for (const double tau : {0.0, 0.15, 0.3, 0.6}) add(normal_sites(k, tau));
  }
  // Typical standard errors: 0.26 of logit AUROC; 0.25 and 0.46 of logit sensitivity; 0.012 of
  // Dice.
  for (const int k : {3, 5, 10}) {
    for (const double tau : {0.0, 0.3, 0.6}) {
      add(area_at_sites(k, 0.9, tau, 100, floored_claim(k, tau / 0.26)));
    }
  }
  for (const int k : {5, 10}) {
    for (const double tau : {0.3, 0.6}) {
      add(sensitivity_at_sites(k, 0.8, tau, 100, floored_claim(k, tau / 0.25), false));
      // Five misses a site: too few for the normal approximation of two stages.
      add(sensitivity_at_sites(k, 0.95, tau, 100, Claim::kNone, false));
    }
  }
  for (const int k : {5, 10}) {
    for (const double tau : {0.0, 0.03, 0.08}) {
      add(dice_at_sites(k, tau, 100, floored_claim(k, tau / 0.012)));
    }
  }
  for (const double slope : {1.0, 0.6}) {
    for (const int n : {100, 300, 1000}) {
      add(calibration(slope, n, n >= 300 ? Claim::kNominal : Claim::kNone));
    }
  }
  const auto from = [](int n, int least) { return n >= least ? Claim::kNominal : Claim::kNone; };
  for (const int n : {60, 200, 600}) add(decision(0.85, 0.8, n, from(n, 200)));
  for (const int n : {200, 600}) add(decision(0.95, 0.9, n, Claim::kNone));
  for (const int n : {100, 300, 1000}) add(probabilities(n, from(n, 300)));
  for (const int n : {30, 100, 300}) add(two_models(0.85, 0.8, n, from(n, 100)));
  add(two_models(0.8, 0.8, 100, Claim::kNominal));
  for (const double shift : {0.0, 1.0}) {
    for (const int n : {30, 100, 300}) add(agreement(shift, n, from(n, 100)));
  }
  add(sensitivity_at_sites(10, 0.95, 0.3, 100, Claim::kNone, true));
  return all;
}

}  // namespace medperf::metrics::coverage
