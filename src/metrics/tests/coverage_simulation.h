#pragma once
// Simulated studies with a known truth: how often does each interval hold it? Used by the program
// in tests/metrics (10,000 runs, writes docs/metrics/coverage.md) and, with few runs, by the unit
// tests. Run r of a scenario draws from the stream (seed of the scenario, r), so that the numbers
// depend neither on threads nor on the other scenarios.

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "metrics/estimate.h"
#include "metrics/statistics/bootstrap.h"
#include "metrics/statistics/distributions.h"
#include "metrics/statistics/random_stream.h"

namespace medperf::metrics::coverage {

/// What a page says of an interval in a setting.
enum class Claim {
  kNominal,  ///< inside of the stated range: 95 +- 1 %
  kAtLeast,  ///< inside, conservative by design: at least 94 %
  kNone,     ///< outside of the stated range: measured and printed
};

struct Method {
  std::string name;
  Claim claim = Claim::kNone;
};

/// One interval of one run and the truth it should hold. No interval: undefined, with a reason.
struct Outcome {
  std::optional<Interval> interval;
  double truth = 0;
};

struct Scenario {
  std::string group;    ///< heading
  std::string setting;  ///< "AUROC 0.9, 100 a class"
  std::vector<Method> methods;
  /// One run: as many outcomes as methods.
  std::function<std::vector<Outcome>(RandomStream&)> run;
};

struct Row {
  std::string group;
  std::string setting;
  Method method;
  int runs = 0;
  int covered = 0;
  int truth_below = 0;  ///< the truth lies below the interval
  int truth_above = 0;
  int undefined = 0;
  double mean_width = 0;  ///< of the defined ones

  int defined() const { return runs - undefined; }
  double percent() const { return defined() == 0 ? 0 : 100.0 * covered / defined(); }
  /// Whether the claim holds with `slack` percent points beside the stated ones.
  bool holds(double slack = 0) const {
    if (method.claim == Claim::kNone) return true;
    if (undefined * 100 > runs) return false;
    const double most = method.claim == Claim::kNominal ? 96 + slack : 100;
    return percent() >= 94 - slack && percent() <= most;
  }
};

/// All methods of a scenario over `runs` runs.
inline std::vector<Row> measure(const Scenario& scenario, std::uint64_t seed, int runs,
                                int threads) {
  std::vector<std::vector<Outcome>> outcomes(static_cast<std::size_t>(runs));
  for_each_replicate(runs, threads, [&](int begin, int end) {
    for (int r = begin; r < end; ++r) {
      RandomStream random(seed, static_cast<std::uint64_t>(r));
      outcomes[static_cast<std::size_t>(r)] = scenario.run(random);
    }
  });
  std::vector<Row> rows;
  for (std::size_t m = 0; m < scenario.methods.size(); ++m) {
    Row row{scenario.group, scenario.setting, scenario.methods[m], runs, 0, 0, 0, 0, 0};
    for (const auto& run : outcomes) {
      const auto& [interval, truth] = run.at(m);
      if (!interval) {
        ++row.undefined;
        continue;
      }
      row.mean_width += interval->high - interval->low;
      if (truth < interval->low) {
        ++row.truth_below;
      } else if (truth > interval->high) {
        ++row.truth_above;
      } else {
        ++row.covered;
      }
    }
    if (row.defined() > 0) row.mean_width /= row.defined();
    rows.push_back(row);
  }
  return rows;
}

/// A standard normal number.
inline double normal(RandomStream& random) {
  return normal_quantile(random.uniform() + 0x1p-54);
}

inline double expit(double x) {
  return 1 / (1 + std::exp(-x));
}

inline std::int64_t binomial(RandomStream& random, std::int64_t n, double p) {
  std::int64_t events = 0;
  for (std::int64_t i = 0; i < n; ++i) events += random.uniform() < p ? 1 : 0;
  return events;
}

/// E f(Z) of a standard normal Z, by the trapezoidal rule, which is exact to rounding here.
inline double normal_mean(const std::function<double(double)>& f) {
  double sum = 0;
  constexpr double kStep = 0.01;
  for (int i = -1000; i <= 1000; ++i) {
    const double z = i * kStep;
    sum += f(z) * std::exp(-z * z / 2);
  }
  return sum * kStep / std::sqrt(2 * std::acos(-1.0));
}

}  // namespace medperf::metrics::coverage
