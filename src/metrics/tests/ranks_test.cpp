#include "metrics/statistics/ranks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "metrics/statistics/distributions.h"
#include "metrics/statistics/random_stream.h"

namespace medperf::metrics {
namespace {

using Values = std::vector<std::vector<double>>;  // [model][case]

RankTable ranks_of(const Values& values, RankOptions options) {
  options.bootstrap.replicates = 500;
  const auto table = rank_models(
      values.size(), ResampleUnits::each_case(values[0].size()),
      [&](std::size_t model, std::span<const std::uint32_t> cases) -> std::optional<double> {
        double sum = 0;
        for (const std::uint32_t i : cases) sum += values[model][i];
        return sum / static_cast<double>(cases.size());
      },
      options);
  EXPECT_TRUE(table.ok());
  return *table;
}

/// Models with these means on 60 patients whose difficulty they share.
Values drawn(std::uint64_t number, const std::vector<double>& means) {
  RandomStream random(8, number);
  Values values(means.size());
  for (int i = 0; i < 60; ++i) {
    const double patient = normal_quantile(random.uniform() + 0x1p-54);
    for (std::size_t m = 0; m < means.size(); ++m) {
      values[m].push_back(means[m] + patient + 0.5 * normal_quantile(random.uniform() + 0x1p-54));
    }
  }
  return values;
}

TEST(Ranks, ModelsFarApartHaveOnePlace) {
  for (const auto interval :
       {RankInterval::kPairwise, RankInterval::kPercentile, RankInterval::kSimultaneous}) {
    RankOptions options;
    options.interval = interval;
    const RankTable table = ranks_of(drawn(1, {0, 2, 4}), options);
    ASSERT_EQ(table.models.size(), 3u);
    for (int m = 0; m < 3; ++m) {
      const ModelRank& model = table.models[static_cast<std::size_t>(m)];
      EXPECT_EQ(model.rank, 3 - m);
      EXPECT_EQ(model.low, 3 - m);
      EXPECT_EQ(model.high, 3 - m);
    }
    EXPECT_EQ(table.models[2].best, 1);
    options.direction = Direction::kLower;
    EXPECT_EQ(ranks_of(drawn(1, {0, 2, 4}), options).models[0].rank, 1);
    EXPECT_NEAR(ranks_of(drawn(1, {0, 2, 4}), options).models[1].value, table.models[1].value, 0);
  }
}

TEST(Ranks, EqualModelsShareAllPlaces) {
  auto values = drawn(2, {1, 0});
  values.insert(values.begin() + 1, values[0]);  // the first model twice
  const RankTable table = ranks_of(values, {});
  EXPECT_EQ(table.models[0].rank, 1.5);
  EXPECT_EQ(table.models[1].rank, 1.5);
  EXPECT_EQ(table.models[0].low, 1);
  EXPECT_EQ(table.models[0].high, 2);
  EXPECT_EQ(table.models[2].low, 3);
  EXPECT_NEAR(table.models[0].best, 0.5, 1e-12);
  EXPECT_EQ(table.convention, "rank-pairwise-max-t");
}

TEST(Ranks, SimultaneousHoldsThePercentileOnes) {
  const Values values = drawn(3, {0, 0.1, 0.2, 0.25});
  RankOptions options;
  options.interval = RankInterval::kPercentile;
  const RankTable each = ranks_of(values, options);
  options.interval = RankInterval::kSimultaneous;
  const RankTable all = ranks_of(values, options);
  double best = 0;
  for (std::size_t m = 0; m < 4; ++m) {
    EXPECT_LE(all.models[m].low, each.models[m].low);
    EXPECT_GE(all.models[m].high, each.models[m].high);
    EXPECT_LE(each.models[m].low, each.models[m].rank);
    EXPECT_GE(each.models[m].high, each.models[m].rank);
    best += each.models[m].best;
  }
  EXPECT_NEAR(best, 1, 1e-12);
}

TEST(Ranks, PairwiseHoldsTheTruePlacesAlsoOfTiedModels) {
  // Four models of one quality: every place is true of each. The percentile interval of the lucky
  // one often leaves places out; the pairwise one must hold all, in about 95 % of studies.
  int pairwise = 0;
  int percentile = 0;
  const int studies = 60;
  for (int study = 0; study < studies; ++study) {
    const Values values = drawn(100 + static_cast<std::uint64_t>(study), {0, 0, 0, 0});
    const auto all_places = [](const RankTable& table) {
      bool all = true;
      for (const ModelRank& model : table.models) all = all && model.low == 1 && model.high == 4;
      return all ? 1 : 0;
    };
    RankOptions options;
    pairwise += all_places(ranks_of(values, options));
    options.interval = RankInterval::kPercentile;
    percentile += all_places(ranks_of(values, options));
  }
  EXPECT_GE(pairwise, 53);
  EXPECT_LT(percentile, 45);
}

TEST(Ranks, DoNotDependOnThreadsOrOrderOfModels) {
  const Values values = drawn(5, {0, 0.3, 0.1});
  RankOptions options;
  const RankTable one = ranks_of(values, options);
  options.bootstrap.threads = 3;
  const RankTable three = ranks_of(values, options);
  const RankTable turned = ranks_of({values[2], values[0], values[1]}, {});
  for (std::size_t m = 0; m < 3; ++m) {
    EXPECT_EQ(one.models[m].low, three.models[m].low);
    EXPECT_EQ(one.models[m].best, three.models[m].best);
    EXPECT_EQ(one.models[m].rank, turned.models[(m + 1) % 3].rank);
    EXPECT_EQ(one.models[m].high, turned.models[(m + 1) % 3].high);
  }
}

TEST(Ranks, AModelThatIsTheSameOnEveryResampleHasAPlace) {
  Values values = drawn(5, {0, 0});
  values.emplace_back(60, 50.0);  // as an AUROC of 1
  const RankTable table = ranks_of(values, {});
  ASSERT_EQ(table.models.size(), 3U);
  EXPECT_EQ(table.flag, "");
  EXPECT_EQ(table.models[2].rank, 1);
  EXPECT_EQ(table.models[2].high, 1);
  EXPECT_EQ(table.models[2].best, 1);
}

TEST(Ranks, UndefinedWithItsReason) {
  EXPECT_EQ(ranks_of({{1.0}, {2.0}}, {}).flag, flag::kTooFewUnits);
  const auto undefined = rank_models(
      2, ResampleUnits::each_case(5),
      [](std::size_t, std::span<const std::uint32_t>) { return std::optional<double>(); }, {});
  EXPECT_EQ(undefined->flag, flag::kUndefinedOnSample);
  EXPECT_TRUE(undefined->models.empty());
  RankOptions options;
  options.direction = Direction::kNone;
  EXPECT_FALSE(rank_models(2, ResampleUnits::each_case(5), {}, options).ok());
  EXPECT_FALSE(rank_models(0, ResampleUnits::each_case(5), {}, {}).ok());
}

}  // namespace
}  // namespace medperf::metrics
