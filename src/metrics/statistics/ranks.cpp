#include "metrics/statistics/ranks.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "metrics/statistics/quantile.h"

namespace medperf::metrics {
namespace {

/// The figures of all models: on the sample and on each resample, turned so that higher is better.
struct Figures {
  std::vector<double> sample;
  std::vector<std::vector<double>> resampled;  ///< [model][replicate]
  std::string_view flag;
};

Result<Figures> figures_of(std::size_t models, const ResampleUnits& units,
                           const ModelStatistic& statistic, const RankOptions& options) {
  const double sign = options.direction == Direction::kHigher ? 1 : -1;
  Figures figures;
  for (std::size_t m = 0; m < models; ++m) {
    // Replicate r draws from the stream (seed, r): the same patients for every model.
    MEDPERF_TRY(
        Bootstrap one,
        bootstrap(
            units, [&](std::span<const std::uint32_t> cases) { return statistic(m, cases); },
            options.bootstrap));
    // A model whose figure is the same on every resample (a perfect one) has a place, but no
    // interval of its figure.
    if (!one.estimate.value || !one.estimate.se || one.dropped > 0) {
      figures.flag = one.dropped > 0 ? flag::kResamplesDropped : one.estimate.flag;
      return figures;
    }
    figures.sample.push_back(sign * *one.estimate.value);
    for (double& value : one.replicates) value *= sign;
    figures.resampled.push_back(std::move(one.replicates));
  }
  return figures;
}

/// Places of the values, the highest first; equal values share the mean of their places.
std::vector<double> places(std::span<const double> values) {
  std::vector<double> result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    double above = 0;
    double equal = 0;
    for (const double other : values) {
      above += other > values[i] ? 1 : 0;
      equal += other == values[i] ? 1 : 0;
    }
    result[i] = above + (equal + 1) / 2;
  }
  return result;
}

/// Ranks of each model over the resamples, ascending, and the share of resamples it wins.
struct ResampledRanks {
  std::vector<std::vector<double>> in_order;   ///< [replicate][model]
  std::vector<std::vector<double>> ascending;  ///< [model], sorted
  std::vector<double> best;
};

ResampledRanks resampled_ranks(const Figures& figures) {
  const std::size_t models = figures.sample.size();
  const std::size_t replicates = figures.resampled[0].size();
  ResampledRanks ranks;
  ranks.ascending.resize(models);
  ranks.best.assign(models, 0);
  std::vector<double> values(models);
  for (std::size_t r = 0; r < replicates; ++r) {
    for (std::size_t m = 0; m < models; ++m) values[m] = figures.resampled[m][r];
    ranks.in_order.push_back(places(values));
    const double top = *std::max_element(values.begin(), values.end());
    const auto winners = static_cast<double>(std::count(values.begin(), values.end(), top));
    for (std::size_t m = 0; m < models; ++m) {
      ranks.ascending[m].push_back(ranks.in_order.back()[m]);
      if (values[m] == top) ranks.best[m] += 1 / winners;
    }
  }
  for (double& best : ranks.best) best /= static_cast<double>(replicates);
  for (auto& of_model : ranks.ascending) std::sort(of_model.begin(), of_model.end());
  return ranks;
}

/// The places that hold all but `cut` resamples at each end.
void set_interval(ModelRank& model, const std::vector<double>& ascending, std::size_t cut) {
  model.low = static_cast<int>(std::floor(ascending[cut]));
  model.high = static_cast<int>(std::ceil(ascending[ascending.size() - 1 - cut]));
}

void percentile_intervals(const ResampledRanks& ranks, double level, bool simultaneous,
                          std::vector<ModelRank>& models) {
  const std::size_t replicates = ranks.in_order.size();
  const auto set_all = [&](std::size_t cut) {
    for (std::size_t m = 0; m < models.size(); ++m)
      set_interval(models[m], ranks.ascending[m], cut);
  };
  auto cut = static_cast<std::size_t>((1 - level) / 2 * static_cast<double>(replicates));
  set_all(cut);
  if (!simultaneous) return;
  const auto share_inside = [&] {
    std::size_t inside = 0;
    for (const auto& one : ranks.in_order) {
      bool all = true;
      for (std::size_t m = 0; m < models.size(); ++m) {
        all = all && one[m] >= models[m].low && one[m] <= models[m].high;
      }
      inside += all ? 1 : 0;
    }
    return static_cast<double>(inside) / static_cast<double>(replicates);
  };
  while (cut > 0 && share_inside() < level) set_all(--cut);
}

/// Models j and k differ beyond chance, when all pairs are asked at once, if |d| > c se, c the
/// `level` quantile of the largest |d* - d| / se over the pairs.
void pairwise_intervals(const Figures& figures, double level, std::vector<ModelRank>& models) {
  const std::size_t count = models.size();
  const std::size_t replicates = figures.resampled[0].size();
  std::vector<double> largest(replicates, 0.0);
  std::vector<std::vector<double>> se(count, std::vector<double>(count, 0.0));
  for (std::size_t j = 0; j < count; ++j) {
    for (std::size_t k = j + 1; k < count; ++k) {
      const auto difference = [&](std::size_t r) {
        return figures.resampled[j][r] - figures.resampled[k][r];
      };
      double mean = 0;
      for (std::size_t r = 0; r < replicates; ++r) {
        mean += difference(r) / static_cast<double>(replicates);
      }
      double squares = 0;
      for (std::size_t r = 0; r < replicates; ++r) {
        squares += (difference(r) - mean) * (difference(r) - mean);
      }
      se[j][k] = se[k][j] = std::sqrt(squares / static_cast<double>(replicates - 1));
      if (se[j][k] == 0) continue;  // the two always differ by the same: no chance in it
      const double on_sample = figures.sample[j] - figures.sample[k];
      for (std::size_t r = 0; r < replicates; ++r) {
        largest[r] = std::max(largest[r], std::abs(difference(r) - on_sample) / se[j][k]);
      }
    }
  }
  std::sort(largest.begin(), largest.end());
  const double limit = quantile_of_sorted(largest, level);
  for (std::size_t j = 0; j < count; ++j) {
    models[j].low = 1;
    models[j].high = static_cast<int>(count);
    for (std::size_t k = 0; k < count; ++k) {
      const double difference = figures.sample[j] - figures.sample[k];
      if (difference < -limit * se[j][k]) ++models[j].low;
      if (difference > limit * se[j][k]) --models[j].high;
    }
  }
}

std::string_view convention_of(RankInterval interval) {
  switch (interval) {
    case RankInterval::kPercentile:
      return kRankPercentileConvention;
    case RankInterval::kSimultaneous:
      return kRankSimultaneousConvention;
    case RankInterval::kPairwise:
      break;
  }
  return kRankPairwiseConvention;
}

}  // namespace

Result<RankTable> rank_models(std::size_t models, const ResampleUnits& units,
                              const ModelStatistic& statistic, const RankOptions& options) {
  if (models == 0 || options.direction == Direction::kNone) {
    return make_error(ErrorKind::kInvalid, "ranks", "there is no model or no better direction",
                      "Give at least one model and say whether higher or lower is better.");
  }
  RankTable table;
  table.convention = convention_of(options.interval);
  MEDPERF_TRY(const Figures figures, figures_of(models, units, statistic, options));
  if (!figures.flag.empty()) {
    table.flag = figures.flag;
    return table;
  }
  const std::vector<double> ranks = places(figures.sample);
  const ResampledRanks resampled = resampled_ranks(figures);
  const double sign = options.direction == Direction::kHigher ? 1 : -1;
  for (std::size_t m = 0; m < models; ++m) {
    table.models.push_back({sign * figures.sample[m], ranks[m], 1, 1, resampled.best[m]});
  }
  if (options.interval == RankInterval::kPairwise) {
    pairwise_intervals(figures, options.bootstrap.level, table.models);
  } else {
    percentile_intervals(resampled, options.bootstrap.level,
                         options.interval == RankInterval::kSimultaneous, table.models);
  }
  return table;
}

}  // namespace medperf::metrics
