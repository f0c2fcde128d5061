// Measures the bootstrap of the AUROC on a file of cases and prints one JSON object.
//   bench_classification FILE N THREADS REPEATS
// FILE: N scores as doubles, then N reference classes as bytes (0 or 1).

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "arguments.h"
#include "metrics/classification/auc.h"
#include "metrics/classification/auc_bootstrap.h"

namespace {

using namespace medperf::metrics;
using namespace medperf::bench;

std::vector<ScoredCase> read(const char* path, std::size_t n) {
  std::ifstream file(path, std::ios::binary);
  std::vector<double> scores(n);
  std::vector<char> classes(n);
  file.read(reinterpret_cast<char*>(scores.data()), static_cast<std::streamsize>(n * 8));
  file.read(classes.data(), static_cast<std::streamsize>(n));
  if (!file) fail(std::string("cannot read ") + path);
  std::vector<ScoredCase> cases(n);
  for (std::size_t i = 0; i < n; ++i) cases[i] = {scores[i], classes[i] != 0};
  return cases;
}

/// Milliseconds of each repeat, ascending.
template <typename Call>
std::vector<double> timed(int repeats, const Call& call) {
  std::vector<double> times;
  for (int i = 0; i < repeats; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    call();
    const std::chrono::duration<double, std::milli> spent =
        std::chrono::steady_clock::now() - begin;
    times.push_back(spent.count());
  }
  std::sort(times.begin(), times.end());
  return times;
}

void print(const char* name, const std::vector<double>& times) {
  std::printf("\"%s_median_ms\": %.6f, \"%s_best_ms\": %.6f, ", name, times[times.size() / 2], name,
              times[0]);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) fail("FILE N THREADS REPEATS");
  const auto cases = read(argv[1], static_cast<std::size_t>(std::atoll(argv[2])));
  BootstrapOptions options;
  options.seed = 1;
  options.threads = std::atoi(argv[3]);
  const int repeats = std::max(1, std::atoi(argv[4]));
  auto result = auc_bootstrap(cases, options);
  if (!result.ok()) fail(result.error().text());
  const Estimate& estimate = result->estimate;
  if (!estimate.interval) fail("no interval: " + std::string(estimate.flag));
  std::printf("{");
  print("bootstrap", timed(repeats, [&] { result = auc_bootstrap(cases, options); }));
  print("delong", timed(repeats, [&] { (void)auc(cases); }));
  std::printf("\"auroc\": %.17g, \"se\": %.17g, \"low\": %.17g, \"high\": %.17g}\n",
              *estimate.value, *estimate.se, estimate.interval->low, estimate.interval->high);
}
