// Measures lesion-wise scores, components and panoptic quality on a pair of raw 8-bit label files
// and prints one JSON object.
//   bench_lesions PREDICTION REFERENCE NX NY NZ SX SY SZ POLICY REPEATS REGION...
// A region is NAME=LABEL,LABEL...

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "arguments.h"
#include "metrics/segmentation/lesion_wise.h"
#include "metrics/segmentation/overlap.h"
#include "metrics/segmentation/panoptic.h"

namespace {

using namespace medperf::metrics;
using namespace medperf::bench;

std::span<const std::uint8_t> labels(const std::vector<char>& bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

/// Prints median and best of some repeats as members of the object.
void measure(const char* job, int repeats, const std::function<void()>& work) {
  std::vector<double> times_ms;
  for (int i = 0; i < std::max(1, repeats); ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begin;
    times_ms.push_back(time.count());
  }
  std::sort(times_ms.begin(), times_ms.end());
  std::printf("\"%s_ms\": [%.6g, %.6g], ", job, times_ms[times_ms.size() / 2], times_ms.front());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 12) fail("too few arguments, see the head of lesions.cpp");
  const std::vector<char> p = read_bytes(argv[1]);
  const std::vector<char> r = read_bytes(argv[2]);
  const Extent size{std::atoi(argv[3]), std::atoi(argv[4]), std::atoi(argv[5])};
  const SpacingMm spacing{std::atof(argv[6]), std::atof(argv[7]), std::atof(argv[8])};
  const LabelVolume prediction = view_labels(labels(p), size, spacing);
  const LabelVolume reference = view_labels(labels(r), size, spacing);
  const LesionPolicy* const policy = find_lesion_policy(argv[9]);
  if (policy == nullptr) fail("no such policy");
  const int repeats = std::atoi(argv[10]);
  std::vector<Region> regions;
  for (int i = 11; i < argc; ++i) regions.push_back(read_region(argv[i]));

  std::printf("{");
  std::vector<LesionTable> tables;
  measure("lesions", repeats, [&] {
    auto result = lesion_tables(prediction, reference, regions, policy->rules);
    if (!result.ok()) fail(result.error().text());
    tables = std::move(*result);
  });
  std::vector<PanopticQuality> panoptic;
  measure("panoptic", repeats, [&] {
    auto result = panoptic_of_regions(prediction, reference, regions);
    if (!result.ok()) fail(result.error().text());
    panoptic = std::move(*result);
  });
  measure("components", repeats, [&] {
    for (const Region& one : regions) {
      const Components found(pack(reference, one, Box::whole(size)), Neighbours::k26);
      if (found.size() > static_cast<std::size_t>(size.voxels())) fail("impossible");
    }
  });
  std::printf("\"regions\": {");
  for (std::size_t i = 0; i < regions.size(); ++i) {
    const LesionTable& table = tables[i];
    std::printf(
        "%s\"%s\": {\"tp\": %lld, \"fp\": %lld, \"fn\": %lld, \"dice\": %.17g, "
        "\"hd95\": %.17g, \"pq\": %.17g}",
        i == 0 ? "" : ", ", regions[i].name.c_str(), static_cast<long long>(table.tp()),
        static_cast<long long>(table.fp()), static_cast<long long>(table.fn()),
        *lesion_wise_dice(table, *policy).value, *lesion_wise_hd95(table, *policy).value,
        panoptic[i].panoptic_quality.value.value_or(0));
  }
  std::printf("}}\n");
  return 0;
}
