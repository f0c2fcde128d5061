#include "metrics/segmentation/pair_metrics.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/segmentation/surface_metrics.h"
#include "metrics/vocabulary.h"

namespace medperf::metrics {
namespace {

/// A volume with its labels.
struct Volume {
  Extent size;
  SpacingMm spacing;
  std::vector<std::uint8_t> labels;

  Volume(Extent of, SpacingMm mm, const std::function<int(int, int, int)>& label = {})
      : size(of), spacing(mm), labels(static_cast<std::size_t>(of.voxels())) {
    if (!label) return;
    std::size_t i = 0;
    for (int z = 0; z < size.z; ++z) {
      for (int y = 0; y < size.y; ++y) {
        for (int x = 0; x < size.x; ++x) labels[i++] = static_cast<std::uint8_t>(label(x, y, z));
      }
    }
  }
  std::uint8_t at(int x, int y, int z) const {
    return labels[static_cast<std::size_t>((z * size.y + y) * size.x + x)];
  }
  LabelVolume view() const {
    return *LabelVolume::view(std::span<const std::uint8_t>(labels), size, spacing);
  }
};

const std::vector<Region> kOne = {{"one", {1}}};

RegionMetrics evaluate(const Volume& prediction, const Volume& reference,
                       std::vector<double> taus = {1}) {
  PairOptions options;
  options.tau_mm = std::move(taus);
  auto result = evaluate_pair(prediction.view(), reference.view(), kOne, options);
  EXPECT_TRUE(result.ok());
  return std::move(result->front());
}

Volume block(Extent size, SpacingMm spacing, Box box) {
  return {size, spacing, [box](int x, int y, int z) {
            return x >= box.first[0] && x < box.last[0] && y >= box.first[1] && y < box.last[1] &&
                           z >= box.first[2] && z < box.last[2]
                       ? 1
                       : 0;
          }};
}

TEST(PairMetrics, SingleVoxelsAreTheirDistanceApart) {
  const Extent size{90, 30, 20};
  const SpacingMm spacing{0.5, 2, 3};
  const Volume a = block(size, spacing, {{3, 4, 5}, {4, 5, 6}});
  const Volume b = block(size, spacing, {{83, 19, 12}, {84, 20, 13}});
  const double distance = std::sqrt(40.0 * 40 + 30.0 * 30 + 21.0 * 21);
  const RegionMetrics found = evaluate(a, b, {distance * 0.999, distance});
  for (const Estimate& one : {found.hd, found.hd95, found.hd95_pooled, found.assd, found.masd}) {
    EXPECT_DOUBLE_EQ(*one.value, distance);
    EXPECT_EQ(one.flag, "");
  }
  EXPECT_EQ(*found.nsd[0].value, 0);
  EXPECT_EQ(*found.nsd[1].value, 1);
  EXPECT_EQ(*found.dice.value, 0);
  EXPECT_DOUBLE_EQ(found.prediction_ml, 0.003);
}

TEST(PairMetrics, LineAgainstItsEnd) {
  // Distances of the line 0, 1, ... 20 and of the end 0: every figure in closed form.
  const Volume line = block({30, 5, 5}, {1, 1, 1}, {{4, 2, 2}, {25, 3, 3}});
  const Volume end = block({30, 5, 5}, {1, 1, 1}, {{4, 2, 2}, {5, 3, 3}});
  const RegionMetrics found = evaluate(line, end, {2});
  EXPECT_DOUBLE_EQ(*found.hd.value, 20);
  EXPECT_DOUBLE_EQ(*found.hd95.value, 19);
  EXPECT_DOUBLE_EQ(*found.hd95_pooled.value, 0.95 * 21 - 1);
  EXPECT_DOUBLE_EQ(*found.assd.value, 210.0 / 22);
  EXPECT_DOUBLE_EQ(*found.masd.value, 5);
  EXPECT_DOUBLE_EQ(*found.nsd[0].value, 4.0 / 22);
  EXPECT_DOUBLE_EQ(*found.dice.value, 2.0 / 22);
  EXPECT_EQ(found.hd95.convention, kHd95Convention);
}

TEST(PairMetrics, PercentileBetweenTwoDistances) {
  const Volume line = block({90, 1, 1}, {2, 1, 1}, {{10, 0, 0}, {20, 1, 1}});
  const Volume end = block({90, 1, 1}, {2, 1, 1}, {{10, 0, 0}, {11, 1, 1}});
  // 0, 2, ... 18 mm: rank 0.95 * 9 = 8.55.
  EXPECT_DOUBLE_EQ(*evaluate(line, end).hd95.value, 2 * 8.55);
  EXPECT_DOUBLE_EQ(*evaluate(end, line).hd95.value, 2 * 8.55);
}

/// A planar pair whose plane lies across one axis of the volume, with spacings to match.
struct Plane {
  Extent size;
  SpacingMm spacing;
};

TEST(PairMetrics, AnImageOfOneSliceIsPlanarWhicheverItsAxisIs) {
  const auto square = [](int from, int to) {
    std::vector<std::uint8_t> labels(20 * 24);
    for (int y = from; y < to; ++y) {
      for (int x = 4; x < 14; ++x) labels[static_cast<std::size_t>(y * 20 + x)] = 1;
    }
    return labels;
  };
  const auto a = square(4, 15);
  const auto b = square(6, 17);
  const auto measured = [&](const Plane& plane) {
    const auto seen = [&plane](std::span<const std::uint8_t> labels) {
      return LabelVolume::view(labels, plane.size, plane.spacing).value();
    };
    EXPECT_EQ(seen(a).dimensions(), Dimensions::k2);
    PairOptions options;
    options.tau_mm = {1};
    return evaluate_pair(seen(a), seen(b), kOne, options).value().front();
  };
  const RegionMetrics flat = measured({{20, 24, 1}, {0.5, 1.5, 4}});
  EXPECT_DOUBLE_EQ(*flat.hd.value, 3) << "two rows of 1.5 mm";
  for (const Plane& plane :
       {Plane{{20, 1, 24}, {0.5, 4, 1.5}}, Plane{{1, 20, 24}, {4, 0.5, 1.5}}}) {
    const RegionMetrics found = measured(plane);
    EXPECT_EQ(found.hd.value, flat.hd.value);
    EXPECT_EQ(found.assd.value, flat.assd.value);
    EXPECT_EQ(found.nsd[0].value, flat.nsd[0].value);
    EXPECT_EQ(found.prediction_ml, flat.prediction_ml);
  }
}

TEST(PairMetrics, SlicesAcrossOtherAxesAreOtherGrids) {
  const std::vector<std::uint8_t> labels(20 * 24);
  const auto seen = [&labels](Extent size) {
    return LabelVolume::view(std::span<const std::uint8_t>(labels), size, {}).value();
  };
  EXPECT_FALSE(same_grid(seen({1, 20, 24}), seen({20, 24, 1})));
  EXPECT_FALSE(same_grid(seen({20, 1, 24}), seen({20, 24, 1})));
  EXPECT_TRUE(same_grid(seen({20, 1, 24}), seen({20, 1, 24})));
}

TEST(PairMetrics, ShiftedBlocks) {
  const SpacingMm spacing{0.7, 1.1, 2.5};
  const Extent size{60, 60, 60};
  const Volume a = block(size, spacing, {{20, 20, 20}, {40, 40, 40}});
  const std::array<double, 3> mm{spacing.x, spacing.y, spacing.z};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    for (const int shift : {1, 2, 5}) {
      Box moved{{20, 20, 20}, {40, 40, 40}};
      moved.first[axis] += shift;
      moved.last[axis] += shift;
      const RegionMetrics found = evaluate(block(size, spacing, moved), a);
      EXPECT_DOUBLE_EQ(*found.hd.value, shift * mm[axis]);
      EXPECT_DOUBLE_EQ(*found.dice.value, (20.0 - shift) / 20);
      EXPECT_EQ(*found.volume_similarity.value, 1);
      EXPECT_EQ(*found.relative_volume_difference.value, 0);
    }
  }
}

TEST(PairMetrics, ConcentricSpheres) {
  const Extent size{70, 70, 70};
  const auto ball = [&](double radius) {
    return Volume(size, {1, 1, 1}, [radius](int x, int y, int z) {
      return (x - 35) * (x - 35) + (y - 35) * (y - 35) + (z - 35) * (z - 35) <= radius * radius ? 1
                                                                                                : 0;
    });
  };
  const RegionMetrics found = evaluate(ball(20), ball(28), {6.5, 9.5});
  // Each surface is within a voxel of its sphere.
  EXPECT_NEAR(*found.assd.value, 8, 0.5);
  EXPECT_NEAR(*found.hd.value, 8, 1);
  EXPECT_EQ(*found.nsd[0].value, 0);
  EXPECT_EQ(*found.nsd[1].value, 1);
  EXPECT_NEAR(*found.dice.value, 2 * 8000.0 / (8000 + 21952), 0.01);
}

TEST(PairMetrics, TheImagesEdgeIsOutside) {
  // A volume full of the structure has its outermost voxels as surface.
  const Extent size{6, 7, 8};
  const Volume full = block(size, {1, 1, 1}, Box::whole(size));
  const Volume inner = block(size, {1, 1, 1}, {{1, 1, 1}, {5, 6, 7}});
  EXPECT_EQ(*evaluate(full, full).hd.value, 0);
  EXPECT_DOUBLE_EQ(*evaluate(full, inner).hd.value, std::sqrt(3.0));
  EXPECT_FALSE(evaluate(full, full).specificity.value);
}

TEST(PairMetrics, PlanesHaveRims) {
  // In a plane the inner square is not surface: its centre is 2 pixels from the rim.
  const Extent size{9, 9, 1};
  const Volume square = block(size, {1, 1, 1}, {{2, 2, 0}, {7, 7, 1}});
  const Volume pixel = block(size, {1, 1, 1}, {{4, 4, 0}, {5, 5, 1}});
  const RegionMetrics found = evaluate(pixel, square, {2});
  EXPECT_DOUBLE_EQ(*found.hd.value, std::sqrt(8.0));
  EXPECT_DOUBLE_EQ(*found.nsd[0].value, (1 + 4) / 17.0);
}

TEST(PairMetrics, EmptyMasks) {
  const Extent size{8, 8, 8};
  const Volume none(size, {1, 1, 1});
  const Volume some = block(size, {1, 1, 1}, {{2, 2, 2}, {4, 4, 4}});
  const RegionMetrics both = evaluate(none, none);
  for (const Estimate& one : {both.hd, both.hd95, both.hd95_pooled, both.assd, both.masd}) {
    EXPECT_EQ(*one.value, 0);
    EXPECT_EQ(one.flag, flag::kBothEmpty);
  }
  EXPECT_EQ(*both.nsd[0].value, 1);
  EXPECT_EQ(both.nsd[0].flag, flag::kBothEmpty);
  for (const bool predicted : {true, false}) {
    const RegionMetrics one = predicted ? evaluate(some, none) : evaluate(none, some);
    const std::string_view flag = predicted ? flag::kReferenceEmpty : flag::kPredictionEmpty;
    for (const Estimate& each : {one.hd, one.hd95, one.hd95_pooled, one.assd, one.masd}) {
      EXPECT_FALSE(each.value);
      EXPECT_EQ(each.flag, flag);
    }
    EXPECT_EQ(*one.nsd[0].value, 0);
    EXPECT_EQ(one.nsd[0].flag, flag);
    EXPECT_EQ(*one.dice.value, 0);
  }
}

TEST(PairMetrics, SpacingReadAsFloatKeepsItsTau) {
  // Three voxels of 0.8 mm, as a NIfTI header says it, are 2.4000000358 mm.
  const SpacingMm spacing{0.8F, 0.8F, 0.8F};
  const Volume a = block({20, 5, 5}, spacing, {{2, 2, 2}, {3, 3, 3}});
  const Volume b = block({20, 5, 5}, spacing, {{5, 2, 2}, {6, 3, 3}});
  const RegionMetrics found = evaluate(a, b, {2.4, 2.3999});
  EXPECT_EQ(*found.nsd[0].value, 1);
  EXPECT_EQ(*found.nsd[1].value, 0);
}

TEST(PairMetrics, RefusesAMeaninglessTau) {
  const Volume some = block({8, 8, 8}, {1, 1, 1}, {{2, 2, 2}, {4, 4, 4}});
  for (const double tau : {0.0, -1.0, std::nan(""), double{INFINITY}}) {
    PairOptions options;
    options.tau_mm = {1, tau};
    EXPECT_FALSE(evaluate_pair(some.view(), some.view(), kOne, options).ok());
  }
}

TEST(PairMetrics, EveryFigureHasItsEntryInTheVocabulary) {
  const Volume some = block({8, 8, 8}, {1, 1, 1}, {{2, 2, 2}, {4, 4, 4}});
  const RegionMetrics m = evaluate(some, some);
  const std::pair<std::string_view, Estimate> figures[] = {
      {"dice", m.dice},
      {"iou", m.iou},
      {"voxel-sensitivity", m.sensitivity},
      {"voxel-precision", m.precision},
      {"voxel-specificity", m.specificity},
      {"volume-similarity", m.volume_similarity},
      {"relative-volume-difference", m.relative_volume_difference},
      {"hd", m.hd},
      {"hd95", m.hd95},
      {"hd95-pooled", m.hd95_pooled},
      {"assd", m.assd},
      {"masd", m.masd},
      {"nsd", m.nsd[0]}};
  for (const auto& [id, figure] : figures) {
    const MetricEntry* const entry = find_metric(id);
    ASSERT_NE(entry, nullptr) << id;
    EXPECT_EQ(entry->convention, figure.convention);
  }
}

// Properties, on volumes with several labels.

Volume random_volume(const Extent& size, const SpacingMm& spacing, std::mt19937& random) {
  Volume volume(size, spacing);
  for (int blob = 0; blob < 12; ++blob) {
    const auto below = [&](int limit) {
      return static_cast<int>(random() % static_cast<unsigned>(limit));
    };
    const int cx = below(size.x);
    const int cy = below(size.y);
    const int cz = below(size.z);
    const int radius = 1 + below(9);
    const auto label = static_cast<std::uint8_t>(below(5));
    std::size_t i = 0;
    for (int z = 0; z < size.z; ++z) {
      for (int y = 0; y < size.y; ++y) {
        for (int x = 0; x < size.x; ++x, ++i) {
          const int d = (x - cx) * (x - cx) + (y - cy) * (y - cy) + (z - cz) * (z - cz);
          if (d <= radius * radius) volume.labels[i] = label;
        }
      }
    }
  }
  return volume;
}

const std::vector<Region> kTumour = {{"WT", {1, 2, 4}}, {"TC", {1, 4}}, {"ET", {4}}, {"x", {3}}};

std::vector<RegionMetrics> evaluate_all(const Volume& prediction, const Volume& reference,
                                        int threads = 1, Simd simd = best_simd()) {
  PairOptions options;
  options.tau_mm = {0.5, 1, 3};
  options.threads = threads;
  options.distances.simd = simd;
  auto result = evaluate_pair(prediction.view(), reference.view(), kTumour, options);
  EXPECT_TRUE(result.ok());
  return std::move(*result);
}

std::vector<Estimate> symmetric_figures(const RegionMetrics& m) {
  std::vector<Estimate> all = {m.dice, m.iou, m.volume_similarity, m.hd, m.hd95, m.hd95_pooled,
                               m.assd, m.masd};
  all.insert(all.end(), m.nsd.begin(), m.nsd.end());
  return all;
}

std::vector<Estimate> all_figures(const RegionMetrics& m) {
  std::vector<Estimate> all = symmetric_figures(m);
  all.insert(all.end(), {m.sensitivity, m.precision, m.specificity, m.relative_volume_difference});
  return all;
}

void expect_equal(const std::vector<Estimate>& a, const std::vector<Estimate>& b,
                  double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].value.has_value(), b[i].value.has_value()) << a[i].convention;
    EXPECT_EQ(a[i].convention, b[i].convention);
    if (tolerance == 0) {
      EXPECT_EQ(a[i].flag, b[i].flag);
    }
    if (a[i].value) {
      EXPECT_NEAR(*a[i].value, *b[i].value, tolerance * std::abs(*a[i].value)) << a[i].convention;
    }
  }
}

TEST(PairMetrics, SymmetryIdentityAndBounds) {
  std::mt19937 random(1);
  for (int round = 0; round < 6; ++round) {
    const Volume a = random_volume({70, 30, 20}, {0.7, 1, 2}, random);
    const Volume b = random_volume({70, 30, 20}, {0.7, 1, 2}, random);
    const auto ab = evaluate_all(a, b);
    const auto ba = evaluate_all(b, a);
    const auto aa = evaluate_all(a, a);
    for (std::size_t i = 0; i < ab.size(); ++i) {
      expect_equal(symmetric_figures(ab[i]), symmetric_figures(ba[i]), 1e-14);
      EXPECT_EQ(*aa[i].dice.value, 1);
      EXPECT_EQ(*aa[i].hd.value, 0);
      EXPECT_EQ(*aa[i].assd.value, 0);
      EXPECT_EQ(*aa[i].nsd[0].value, 1);
      if (!ab[i].hd.value || !ab[i].hd.flag.empty()) continue;
      EXPECT_LE(*ab[i].hd95.value, *ab[i].hd.value);
      EXPECT_LE(*ab[i].hd95_pooled.value, *ab[i].hd95.value);
      EXPECT_LE(*ab[i].assd.value, *ab[i].hd.value);
      EXPECT_LE(*ab[i].nsd[0].value, *ab[i].nsd[1].value);
      EXPECT_LE(*ab[i].nsd[1].value, *ab[i].nsd[2].value);
      EXPECT_LE(*ab[i].iou.value, *ab[i].dice.value);
    }
  }
}

TEST(PairMetrics, FlipsAxesAndScale) {
  std::mt19937 random(2);
  const Extent size{40, 30, 20};
  const SpacingMm spacing{0.7, 1, 2};
  const Volume a = random_volume(size, spacing, random);
  const Volume b = random_volume(size, spacing, random);
  const auto expected = evaluate_all(a, b);
  const auto flipped = [&](const Volume& v) {
    return Volume(size, spacing, [&v](int x, int y, int z) {
      return v.at(v.size.x - 1 - x, v.size.y - 1 - y, v.size.z - 1 - z);
    });
  };
  const auto turned = [&](const Volume& v) {
    return Volume({size.z, size.x, size.y}, {spacing.z, spacing.x, spacing.y},
                  [&v](int x, int y, int z) { return v.at(y, z, x); });
  };
  const auto after_flip = evaluate_all(flipped(a), flipped(b));
  const auto after_turn = evaluate_all(turned(a), turned(b));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    expect_equal(all_figures(expected[i]), all_figures(after_flip[i]), 1e-14);
    expect_equal(all_figures(expected[i]), all_figures(after_turn[i]), 1e-12);
  }
  Volume large_a = a;
  Volume large_b = b;
  large_a.spacing = large_b.spacing = {7, 10, 20};
  const auto scaled = evaluate_all(large_a, large_b);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!expected[i].hd.value) continue;
    EXPECT_NEAR(*scaled[i].hd95.value, 10 * *expected[i].hd95.value, 1e-11);
    EXPECT_NEAR(*scaled[i].assd.value, 10 * *expected[i].assd.value, 1e-11);
    EXPECT_EQ(*scaled[i].dice.value, *expected[i].dice.value);
    EXPECT_NEAR(scaled[i].prediction_ml, 1000 * expected[i].prediction_ml, 1e-9);
  }
}

TEST(PairMetrics, SameBitsForAnyThreadsAndInstructionSet) {
  std::mt19937 random(3);
  for (int round = 0; round < 4; ++round) {
    const Volume a = random_volume({130, 60, 50}, {0.9, 0.9, 3}, random);
    const Volume b = random_volume({130, 60, 50}, {0.9, 0.9, 3}, random);
    const auto expected = evaluate_all(a, b);
    for (const int threads : {2, 3, 8}) {
      const auto found = evaluate_all(a, b, threads);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        expect_equal(all_figures(expected[i]), all_figures(found[i]), 0);
      }
    }
    for (const Simd simd : available_simd()) {
      const auto found = evaluate_all(a, b, 1, simd);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        expect_equal(all_figures(expected[i]), all_figures(found[i]), 0);
      }
    }
  }
}

}  // namespace
}  // namespace medperf::metrics
