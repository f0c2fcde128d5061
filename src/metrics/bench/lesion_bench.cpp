// Components, surfel distances and lesion-wise scores of a made-up tumour of the size of BraTS'.

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "metrics/segmentation/lesion_wise.h"
#include "metrics/segmentation/overlap.h"
#include "metrics/segmentation/panoptic.h"
#include "metrics/segmentation/surfel.h"

namespace medperf::metrics {
namespace {

constexpr Extent kSize{240, 240, 155};

/// Oedema (2) around necrosis (1) and an enhancing rim (3), with rough outlines, and small
/// satellites far from it.
std::vector<std::uint8_t> tumour(double shift, unsigned seed) {
  std::vector<std::uint8_t> labels(static_cast<std::size_t>(kSize.voxels()));
  std::mt19937 random(seed);
  const auto ball = [&](double cx, double cy, double cz, double radius, int label, int over) {
    const double reach = radius + 6;
    for (int z = std::max(0, int(cz - reach)); z < std::min(kSize.z, int(cz + reach)); ++z) {
      for (int y = std::max(0, int(cy - reach)); y < std::min(kSize.y, int(cy + reach)); ++y) {
        for (int x = std::max(0, int(cx - reach)); x < std::min(kSize.x, int(cx + reach)); ++x) {
          const double wave = 2 * std::sin(0.4 * x + shift) * std::cos(0.3 * y - 0.2 * z);
          if (std::hypot(x - cx, y - cy, z - cz) > radius + wave) continue;
          auto& voxel = labels[static_cast<std::size_t>((z * kSize.y + y) * kSize.x + x)];
          if (voxel == 0 || over != 0) voxel = static_cast<std::uint8_t>(label);
        }
      }
    }
  };
  ball(100 + shift, 120, 75, 38, 2, 0);
  ball(95 + shift, 118, 74, 24, 3, 1);
  ball(95 + shift, 118, 74, 16, 1, 1);
  for (int i = 0; i < 12; ++i) {
    ball(160 + static_cast<double>(random() % 60), 40 + static_cast<double>(random() % 160),
         20 + static_cast<double>(random() % 110), 3, 2, 0);
  }
  return labels;
}

struct Pair {
  std::vector<std::uint8_t> prediction = tumour(1.5, 1);
  std::vector<std::uint8_t> reference = tumour(0, 2);
  LabelVolume predicted =
      LabelVolume::view(std::span<const std::uint8_t>(prediction), kSize, {}).value();
  LabelVolume referenced =
      LabelVolume::view(std::span<const std::uint8_t>(reference), kSize, {}).value();
};

const Pair& pair() {
  static const Pair made;
  return made;
}

BitMask whole_tumour(const LabelVolume& volume) {
  return pack(volume, brats_regions()[0], Box::whole(kSize));
}

void lesion_wise_three_regions(benchmark::State& state) {
  const LesionPolicy& policy = *find_lesion_policy("brats-2023-gli");
  const auto regions = brats_regions();
  for (auto _ : state) {
    auto tables = lesion_tables(pair().predicted, pair().referenced, regions, policy.rules);
    benchmark::DoNotOptimize(tables);
  }
}
BENCHMARK(lesion_wise_three_regions)->Unit(benchmark::kMillisecond);

void components_of_whole_tumour(benchmark::State& state) {
  const BitMask mask = whole_tumour(pair().referenced);
  for (auto _ : state) {
    Components components(mask, Neighbours::k26);
    benchmark::DoNotOptimize(components);
  }
}
BENCHMARK(components_of_whole_tumour)->Unit(benchmark::kMillisecond);

void surfels_of_whole_tumour(benchmark::State& state) {
  const BitMask prediction = whole_tumour(pair().predicted);
  const BitMask reference = whole_tumour(pair().referenced);
  for (auto _ : state) {
    auto distances = surfel_distances(prediction, reference, {}, Dimensions::k3);
    benchmark::DoNotOptimize(distances);
  }
  state.counters["surfels"] =
      static_cast<double>(surfel_corners(reference, Dimensions::k3).count());
}
BENCHMARK(surfels_of_whole_tumour)->Unit(benchmark::kMillisecond);

void panoptic_of_whole_tumour(benchmark::State& state) {
  const BitMask prediction = whole_tumour(pair().predicted);
  const BitMask reference = whole_tumour(pair().referenced);
  for (auto _ : state) {
    auto quality = panoptic_of_components(prediction, reference, Dimensions::k3);
    benchmark::DoNotOptimize(quality);
  }
}
BENCHMARK(panoptic_of_whole_tumour)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace medperf::metrics
