// Measures evaluate_pair on a pair of raw label files and prints one JSON object.
//   bench_segmentation PREDICTION REFERENCE u8|u16|i16|i32 NX NY NZ SX SY SZ THREADS REPEATS
//   REGION...
// A region is NAME=LABEL,LABEL...; tolerances are 1, 2 and 5 mm.

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "arguments.h"
#include "metrics/segmentation/pair_metrics.h"

namespace {

using namespace medperf::metrics;
using namespace medperf::bench;

template <typename T>
LabelVolume::Labels labels(const std::vector<char>& bytes) {
  return std::span(reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T));
}

LabelVolume volume(const std::vector<char>& bytes, const std::string& type, Extent size,
                   SpacingMm spacing) {
  LabelVolume::Labels all;
  if (type == "u8") all = labels<std::uint8_t>(bytes);
  if (type == "u16") all = labels<std::uint16_t>(bytes);
  if (type == "i16") all = labels<std::int16_t>(bytes);
  if (type == "i32") all = labels<std::int32_t>(bytes);
  return view_labels(all, size, spacing);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void print(const char* name, const Estimate& estimate) {
  std::printf("\"%s\": ", name);
  if (estimate.value) {
    std::printf("%.17g, ", *estimate.value);
  } else {
    std::printf("null, ");
  }
}

void print(const Region& region, const RegionMetrics& metrics) {
  std::printf("\"%s\": {", region.name.c_str());
  print("dice", metrics.dice);
  print("iou", metrics.iou);
  print("hd", metrics.hd);
  print("hd95", metrics.hd95);
  print("hd95-pooled", metrics.hd95_pooled);
  print("assd", metrics.assd);
  print("masd", metrics.masd);
  print("nsd-1", metrics.nsd[0]);
  print("nsd-2", metrics.nsd[1]);
  print("nsd-5", metrics.nsd[2]);
  std::printf("\"tp\": %lld}", static_cast<long long>(metrics.overlap.counts.tp));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 13) fail("too few arguments, see the head of segmentation.cpp");
  const std::vector<char> p = read_bytes(argv[1]);
  const std::vector<char> r = read_bytes(argv[2]);
  const Extent size{std::atoi(argv[4]), std::atoi(argv[5]), std::atoi(argv[6])};
  const SpacingMm spacing{std::atof(argv[7]), std::atof(argv[8]), std::atof(argv[9])};
  const LabelVolume prediction = volume(p, argv[3], size, spacing);
  const LabelVolume reference = volume(r, argv[3], size, spacing);
  PairOptions options;
  options.tau_mm = {1, 2, 5};
  options.threads = std::atoi(argv[10]);
  std::vector<Region> regions;
  for (int i = 12; i < argc; ++i) regions.push_back(read_region(argv[i]));

  std::vector<double> wall_ms;
  std::vector<double> used_ms;
  std::vector<RegionMetrics> found;
  for (int i = 0; i < std::max(1, std::atoi(argv[11])); ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const double cpu_begin = processor_ms();
    auto result = evaluate_pair(prediction, reference, regions, options);
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begin;
    if (!result.ok()) fail(result.error().text());
    wall_ms.push_back(time.count());
    used_ms.push_back(processor_ms() - cpu_begin);
    found = std::move(*result);
  }
  std::printf(
      "{\"wall_ms\": %.6g, \"best_wall_ms\": %.6g, \"cpu_ms\": %.6g, \"best_cpu_ms\": %.6g, ",
      median(wall_ms), *std::min_element(wall_ms.begin(), wall_ms.end()), median(used_ms),
      *std::min_element(used_ms.begin(), used_ms.end()));
  std::printf("\"simd\": \"%s\", \"peak_bytes\": %lld, ",
              std::string(to_string(options.distances.simd)).c_str(), peak_bytes());
  std::printf("\"volume_bytes\": %zu, \"regions\": {", p.size() + r.size());
  for (std::size_t i = 0; i < regions.size(); ++i) {
    if (i != 0) std::printf(", ");
    print(regions[i], found[i]);
  }
  std::printf("}}\n");
  return 0;
}
