// Measures lesion-wise scores, components and panoptic quality on a pair of raw 8-bit label files
// and prints one JSON object.
//   bench_lesions PREDICTION REFERENCE NX NY NZ SX SY SZ POLICY REPEATS REGION...
// A region is NAME=LABEL,LABEL...

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "metrics/segmentation/lesion_wise.h"
#include "metrics/segmentation/overlap.h"
#include "metrics/segmentation/panoptic.h"

namespace {

using namespace medperf::metrics;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "bench_lesions: %s\n", what.c_str());
  std::exit(2);
}

std::vector<std::uint8_t> read(const char* path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) fail(std::string("cannot read ") + path);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(file.tellg()));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

LabelVolume volume(const std::vector<std::uint8_t>& labels, Extent size, SpacingMm spacing) {
  auto result = LabelVolume::view(std::span<const std::uint8_t>(labels), size, spacing);
  if (!result.ok()) fail(result.error().text());
  return *result;
}

Region region(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) fail("a region is NAME=LABEL,LABEL...");
  Region result{text.substr(0, equals), {}};
  std::stringstream list(text.substr(equals + 1));
  for (std::string label; std::getline(list, label, ',');) {
    result.labels.push_back(std::atoi(label.c_str()));
  }
  return result;
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
  const std::vector<std::uint8_t> p = read(argv[1]);
  const std::vector<std::uint8_t> r = read(argv[2]);
  const Extent size{std::atoi(argv[3]), std::atoi(argv[4]), std::atoi(argv[5])};
  const SpacingMm spacing{std::atof(argv[6]), std::atof(argv[7]), std::atof(argv[8])};
  const LabelVolume prediction = volume(p, size, spacing);
  const LabelVolume reference = volume(r, size, spacing);
  const LesionPolicy* const policy = find_lesion_policy(argv[9]);
  if (policy == nullptr) fail("no such policy");
  const int repeats = std::atoi(argv[10]);
  std::vector<Region> regions;
  for (int i = 11; i < argc; ++i) regions.push_back(region(argv[i]));

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
