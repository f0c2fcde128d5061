#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "metrics/classification/auc.h"
#include "metrics/statistics/meta_analysis.h"

namespace medperf::metrics {
namespace {

std::vector<ScoredCase> cases(std::int64_t size, bool tied) {
  std::mt19937_64 random(1);
  std::vector<ScoredCase> result;
  for (std::int64_t i = 0; i < size; ++i) {
    const double score =
        tied ? static_cast<double>(random() % 256) / 255 : static_cast<double>(random()) * 0x1p-64;
    result.push_back({score, random() % 2 == 0});
  }
  return result;
}

void auc_with_delong(benchmark::State& state, bool tied) {
  const auto input = cases(state.range(0), tied);
  for (auto _ : state) {
    auto result = auc(input);
    benchmark::DoNotOptimize(result);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK_CAPTURE(auc_with_delong, distinct, false)
    ->Arg(1'000)
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(auc_with_delong, tied, true)->Arg(100'000)->Unit(benchmark::kMillisecond);

void reml_of_five_sites(benchmark::State& state) {
  const std::vector<Study> studies = {
      {4.5, .1, false}, {2.8, .05, false}, {2.1, .04, false}, {3.3, .06, false}, {2.9, .2, false}};
  for (auto _ : state) {
    auto result = meta_analyse(studies);
    benchmark::DoNotOptimize(result);
  }
}
BENCHMARK(reml_of_five_sites)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace medperf::metrics
