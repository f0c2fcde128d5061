// How often the intervals of src/metrics hold the truth, in simulated studies where it is known.
//   coverage [--runs N] [--threads N] [--first I] [--last J] > docs/metrics/coverage.md
// With --first and --last (scenarios, from 0) it goes in parts that together give the same text.
// Fails when an interval misses what its page states.

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "metrics/tests/coverage_list.h"

namespace {

using namespace medperf::metrics::coverage;

const char* claim_text(const Row& row) {
  switch (row.method.claim) {
    case Claim::kNominal:
      return row.holds() ? "95 ± 1" : "95 ± 1 **missed**";
    case Claim::kAtLeast:
      return row.holds() ? "at least 94" : "at least 94 **missed**";
    case Claim::kNone:
      break;
  }
  return "outside";
}

void print_head(int runs) {
  std::printf(
      "# Coverage of the intervals, measured\n\n"
      "Written by `build/release/tests/metrics/coverage > docs/metrics/coverage.md` (`./dev test "
      "--full` runs it too); not edited by hand.\n"
      "Simulated studies, %d runs a row with fixed seeds, so the numbers repeat. Each interval "
      "asks "
      "for 95 %%; the standard error of a measured coverage\nis %.2f percent points. **stated**: "
      "what the metric's page promises in that setting (\"95 ± 1\", or \"at least 94\" for "
      "intervals that are\nconservative by design); \"outside\": outside of the stated range, "
      "measured for information. Truth below: the share of runs in which the truth lies\nbelow "
      "the interval, so that the model looks better than it is where higher is better.\n",
      runs, 100 * std::sqrt(0.95 * 0.05 / runs));
}

void print(const Row& row) {
  const double defined = row.defined() > 0 ? row.defined() : 1;
  std::printf("| %s | %s | %s | %.1f | %.1f | %.1f | %.4f | %d |\n", row.setting.c_str(),
              row.method.name.c_str(), claim_text(row), row.percent(),
              100 * row.truth_below / defined, 100 * row.truth_above / defined, row.mean_width,
              row.undefined);
}

}  // namespace

int main(int argc, char** argv) {
  int runs = 10'000;
  int threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  std::size_t first = 0;
  const std::vector<Scenario> all = all_scenarios();
  std::size_t last = all.size() - 1;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view option = argv[i];
    const int number = i + 1 < argc ? std::atoi(argv[i + 1]) : -1;
    if (option == "--runs" && number > 0) {
      runs = number;
    } else if (option == "--threads" && number > 0) {
      threads = number;
    } else if (option == "--first" && number >= 0) {
      first = static_cast<std::size_t>(number);
    } else if (option == "--last" && number >= 0) {
      last = std::min(last, static_cast<std::size_t>(number));
    } else {
      std::fprintf(stderr, "coverage [--runs N] [--threads N] [--first I] [--last J]\n");
      return 2;
    }
  }
  if (first == 0) print_head(runs);
  int missed = 0;
  int kept = 0;
  for (std::size_t i = first; i <= last; ++i) {
    const Scenario& scenario = all[i];
    if (i == 0 || scenario.group != all[i - 1].group) {
      std::printf("\n## %s\n\n", scenario.group.c_str());
      std::printf(
          "| setting | interval | stated | holds the truth, %% | truth below, %% | truth "
          "above, %% | mean width | undefined |\n");
      std::printf("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    }
    constexpr std::uint64_t kSeed = 20'261'126;
    for (const Row& row : measure(scenario, kSeed + i, runs, threads)) {
      print(row);
      if (row.method.claim != Claim::kNone) ++(row.holds() ? kept : missed);
    }
    std::fflush(stdout);
  }
  std::fprintf(stderr, "%d passed, %d failed\n", kept, missed);
  return missed == 0 ? 0 : 1;
}
