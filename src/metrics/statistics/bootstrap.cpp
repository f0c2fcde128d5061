#include "metrics/statistics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "metrics/statistics/distributions.h"
#include "metrics/statistics/quantile.h"
#include "metrics/statistics/random_stream.h"
#include "metrics/workers.h"

namespace medperf::metrics {
namespace {

constexpr int kMaxReplicates = 10'000'000;
constexpr int kMaxThreads = 1024;

void draw_cases(const ResampleUnits& units, RandomStream& random,
                std::vector<std::uint32_t>& cases) {
  cases.clear();
  const auto begin = units.stratum_begin();
  for (std::size_t s = 0; s + 1 < begin.size(); ++s) {
    const std::uint32_t size = begin[s + 1] - begin[s];
    for (std::uint32_t draw = 0; draw < size; ++draw) {
      const auto drawn = units.cases_of(begin[s] + random.below(size));
      cases.insert(cases.end(), drawn.begin(), drawn.end());
    }
  }
}

/// The statistic without each unit in turn; empty when it is undefined without one of them.
Jackknife jackknife(const ResampleUnits& units, const Statistic& statistic) {
  Jackknife result;
  std::vector<std::uint32_t> cases;
  const auto begin = units.stratum_begin();
  for (std::size_t s = 0; s + 1 < begin.size(); ++s) {
    auto& values = result.strata.emplace_back();
    for (std::uint32_t without = begin[s]; without < begin[s + 1]; ++without) {
      cases.clear();
      for (std::size_t unit = 0; unit < units.n_units(); ++unit) {
        const auto kept = units.cases_of(unit);
        if (unit != without) cases.insert(cases.end(), kept.begin(), kept.end());
      }
      const auto value = statistic(cases);
      if (!value) return {};
      values.push_back(*value);
    }
  }
  return result;
}

/// Efron's acceleration: a sixth of the skewness of the jackknife influences. With strata, the sums
/// follow Davison and Hinkley, chapter 5: each stratum's influences weighted by its size.
std::optional<double> acceleration(const Jackknife& jackknife) {
  double cubes = 0;
  double squares = 0;
  for (const auto& values : jackknife.strata) {
    const auto n = static_cast<double>(values.size());
    double mean = 0;
    for (const double value : values) mean += value / n;
    for (const double value : values) {
      const double influence = (n - 1) * (mean - value) / n;
      squares += influence * influence;
      cubes += influence * influence * influence;
    }
  }
  if (!(squares > 0)) return std::nullopt;
  return cubes / (6 * squares * std::sqrt(squares));
}

std::optional<Interval> bca(double value, std::span<const double> ascending, double level,
                            const Jackknife& jackknife) {
  const auto accelerated = acceleration(jackknife);
  const auto range = std::equal_range(ascending.begin(), ascending.end(), value);
  const auto below = static_cast<double>(range.first - ascending.begin());
  const auto not_above = static_cast<double>(range.second - ascending.begin());
  const double share = (below + not_above) / (2 * static_cast<double>(ascending.size()));
  if (!accelerated || share <= 0 || share >= 1) return std::nullopt;
  const double bias = normal_quantile(share);
  const auto adjusted = [&](double p) {
    const double z = bias + normal_quantile(p);
    const double scale = 1 - *accelerated * z;
    // Past the pole of the correction the end of the sample is meant.
    if (scale <= 0) return z > 0 ? 1.0 : 0.0;
    return normal_cdf(bias + z / scale);
  };
  return Interval{quantile_of_sorted(ascending, adjusted((1 - level) / 2)),
                  quantile_of_sorted(ascending, adjusted((1 + level) / 2))};
}

double standard_deviation(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values) mean += value;
  mean /= n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (n - 1));
}

/// Of values in ascending order, but for what sums over resamples of unequal size round.
bool all_equal(std::span<const double> ascending) {
  constexpr double kRounding = 1e-13;
  const double size = std::max(std::abs(ascending.front()), std::abs(ascending.back()));
  return ascending.back() - ascending.front() <= kRounding * size;
}

std::string_view convention(const BootstrapOptions& options) {
  return options.interval == BootstrapInterval::kBca ? kBootstrapBcaConvention
                                                     : kBootstrapPercentileConvention;
}

}  // namespace

Status check_bootstrap_options(const BootstrapOptions& options) {
  if (options.replicates < 2 || options.replicates > kMaxReplicates) {
    return make_error(ErrorKind::kInvalid, "replicates",
                      std::to_string(options.replicates) + " is not in 2 to 10,000,000",
                      "2000 is the default.");
  }
  if (!(options.level > 0 && options.level < 1)) {
    return make_error(ErrorKind::kInvalid, "level", "it is not between 0 and 1",
                      "0.95 is the default.");
  }
  if (options.threads < 1 || options.threads > kMaxThreads) {
    return make_error(ErrorKind::kInvalid, "threads", "it is not in 1 to 1024", "1 always works.");
  }
  return {};
}

void for_each_replicate(int count, Workers& workers,
                        const std::function<void(int begin, int end)>& work) {
  // A few parts for each thread: one that begins late, or meets other work, does fewer of them.
  const int parts =
      workers.count() == 1 ? std::min(count, 1) : std::min(count, 16 * workers.count());
  const auto begin = [&](std::ptrdiff_t part) {
    return static_cast<int>(static_cast<std::int64_t>(count) * part / parts);
  };
  workers.run(parts, [&](std::ptrdiff_t part, int) { work(begin(part), begin(part + 1)); });
}

void for_each_replicate(int count, int threads,
                        const std::function<void(int begin, int end)>& work) {
  Workers workers(std::min(threads, count));
  for_each_replicate(count, workers, work);
}

Bootstrap summarise_bootstrap(std::optional<double> value, std::span<const double> replicates,
                              std::int64_t dropped, const BootstrapOptions& options,
                              const Jackknife& jackknife) {
  Bootstrap result;
  result.estimate.convention = convention(options);
  result.dropped = dropped;
  result.replicates.assign(replicates.begin(), replicates.end());
  if (!value) {
    result.estimate.flag = flag::kUndefinedOnSample;
    return result;
  }
  result.estimate.value = value;
  const auto kept = static_cast<std::int64_t>(replicates.size());
  if (kept < 2 || kept < dropped) {
    result.estimate.flag = flag::kTooFewResamples;
    return result;
  }
  std::vector<double> ascending = result.replicates;
  std::sort(ascending.begin(), ascending.end());
  if (all_equal(ascending)) {
    result.estimate.se = 0;
    result.estimate.flag = flag::kNoVariance;
    return result;
  }
  result.estimate.se = standard_deviation(replicates);
  if (options.interval == BootstrapInterval::kBca) {
    result.estimate.interval = bca(*value, ascending, options.level, jackknife);
  } else {
    result.estimate.interval = Interval{quantile_of_sorted(ascending, (1 - options.level) / 2),
                                        quantile_of_sorted(ascending, (1 + options.level) / 2)};
  }
  if (dropped > 0) result.estimate.flag = flag::kResamplesDropped;
  if (!result.estimate.interval) result.estimate.flag = flag::kBcaUndefined;
  return result;
}

Result<Bootstrap> bootstrap(const ResampleUnits& units, const Statistic& statistic,
                            const BootstrapOptions& options) {
  MEDPERF_CHECK(check_bootstrap_options(options));
  Bootstrap few;
  few.estimate.convention = convention(options);
  if (units.n_cases() == 0) {
    few.estimate.flag = flag::kNoCases;
    return few;
  }
  std::vector<std::uint32_t> all(units.n_cases());
  for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  const auto value = statistic(all);
  if (units.n_units() < 2 || !value) {
    few.estimate.value = value;
    few.estimate.flag = value ? flag::kTooFewUnits : flag::kUndefinedOnSample;
    return few;
  }
  std::vector<std::optional<double>> drawn(static_cast<std::size_t>(options.replicates));
  for_each_replicate(options.replicates, options.threads, [&](int begin, int end) {
    std::vector<std::uint32_t> cases;
    cases.reserve(units.n_cases());
    for (int r = begin; r < end; ++r) {
      RandomStream random(options.seed, static_cast<std::uint64_t>(r));
      draw_cases(units, random, cases);
      drawn[static_cast<std::size_t>(r)] = statistic(cases);
    }
  });
  std::vector<double> replicates;
  replicates.reserve(drawn.size());
  for (const auto& one : drawn) {
    if (one) replicates.push_back(*one);
  }
  const auto dropped = static_cast<std::int64_t>(drawn.size() - replicates.size());
  const bool wants_jackknife = options.interval == BootstrapInterval::kBca;
  return summarise_bootstrap(value, replicates, dropped, options,
                             wants_jackknife ? jackknife(units, statistic) : Jackknife{});
}

}  // namespace medperf::metrics
