// One pair of label maps, from two .nii.gz files to all metrics, several times, each time anew.
// files PREDICTION REFERENCE THREADS REPEATS NAME=LABEL,LABEL...
// Prints one JSON object: times, peak memory, the values of each region.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "arguments.h"
#include "cohort/label_pair.h"
#include "metrics/segmentation/pair_metrics.h"

namespace {

using namespace medperf;
using namespace medperf::bench;

void print(const char* name, const metrics::Estimate& estimate) {
  if (estimate.value) std::printf("\"%s\": %.17g, ", name, *estimate.value);
}

void print(const metrics::Region& of, const metrics::RegionMetrics& found) {
  std::printf("\"%s\": {", of.name.c_str());
  print("dice", found.dice);
  print("iou", found.iou);
  print("hd", found.hd);
  print("hd95", found.hd95);
  print("assd", found.assd);
  print("masd", found.masd);
  print("nsd-1", found.nsd[0]);
  print("nsd-2", found.nsd[1]);
  print("nsd-5", found.nsd[2]);
  std::printf("\"tp\": %lld}", static_cast<long long>(found.overlap.counts.tp));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) fail("too few arguments, see the head of files.cpp");
  std::vector<metrics::Region> regions;
  for (int i = 5; i < argc; ++i) regions.push_back(read_region(argv[i]));
  metrics::PairOptions options;
  options.tau_mm = {1, 2, 5};
  options.threads = std::atoi(argv[3]);

  std::vector<double> all_ms;
  std::vector<double> read_ms;
  std::vector<double> cpu_ms;
  std::vector<metrics::RegionMetrics> found;
  std::size_t bytes = 0;
  for (int i = 0; i < std::max(1, std::atoi(argv[4])); ++i) {
    const double before = processor_ms();
    const auto begin = std::chrono::steady_clock::now();
    const auto pair = cohort::read_label_pair(argv[1], argv[2]);
    if (!pair) fail(pair.error().text());
    read_ms.push_back(milliseconds_since(begin));
    const auto prediction = cohort::view_of(pair->prediction);
    const auto reference = cohort::view_of(pair->reference);
    if (!prediction || !reference) fail("a volume is no label map");
    auto result = metrics::evaluate_pair(*prediction, *reference, regions, options);
    if (!result) fail(result.error().text());
    all_ms.push_back(milliseconds_since(begin));
    cpu_ms.push_back(processor_ms() - before);
    found = std::move(*result);
    bytes = pair->prediction.elements.size() + pair->reference.elements.size();
  }
  std::sort(all_ms.begin(), all_ms.end());
  std::sort(read_ms.begin(), read_ms.end());
  std::sort(cpu_ms.begin(), cpu_ms.end());
  std::printf("{\"median_ms\": %.6g, \"best_ms\": %.6g, \"read_ms\": %.6g, \"cpu_ms\": %.6g, ",
              all_ms[all_ms.size() / 2], all_ms.front(), read_ms[read_ms.size() / 2],
              cpu_ms[cpu_ms.size() / 2]);
  std::printf("\"peak_bytes\": %lld, \"volume_bytes\": %zu, \"regions\": {", peak_bytes(), bytes);
  for (std::size_t i = 0; i < regions.size(); ++i) {
    if (i != 0) std::printf(", ");
    print(regions[i], found[i]);
  }
  std::printf("}}\n");
  return 0;
}
