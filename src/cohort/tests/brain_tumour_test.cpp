// From files of real patients to metrics: five algorithms of BraTS 2020 against the fusion of
// their results (tests/data/brain-tumour, with its attribution).

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "base/files.h"
#include "cohort/label_pair.h"
#include "imaging/nifti.h"
#include "metrics/segmentation/overlap.h"

namespace medperf::cohort {
namespace {

const fs::path kFolder = MEDPERF_SOURCE_DIR "/tests/data/brain-tumour";
const std::vector<metrics::Region> kRegions{{"WT", {1, 2, 4}}, {"TC", {1, 4}}, {"ET", {4}}};

std::vector<metrics::RegionOverlap> overlaps(const std::string& site,
                                             const std::string& algorithm) {
  const auto pair = read_label_pair(kFolder / site / (algorithm + ".nii.gz"),
                                    kFolder / site / "consensus_simple.nii.gz");
  if (!pair) throw std::runtime_error(pair.error().text());
  return metrics::overlap_of_regions(view_of(pair->prediction).value(),
                                     view_of(pair->reference).value(), kRegions)
      .value();
}

double rounded(const metrics::RegionOverlap& overlap) {
  return std::round(metrics::dice(overlap.counts).value.value() * 1000) / 1000;
}

TEST(BrainTumour, TheKnownFigures) {
  const auto a = overlaps("site-a", "hnfnetv1-20");
  EXPECT_EQ(rounded(a[0]), 0.975);
  EXPECT_EQ(rounded(a[1]), 0.909);
  const auto b = overlaps("site-b", "hnfnetv1-20");
  EXPECT_EQ(rounded(b[0]), 0.978);
  EXPECT_EQ(rounded(b[1]), 0.953);
  EXPECT_EQ(rounded(b[2]), 0.974);
  const auto scan = overlaps("site-b", "scan-20");
  EXPECT_EQ(rounded(scan[0]), 0.910);
  EXPECT_EQ(rounded(scan[1]), 0.959);
  EXPECT_EQ(rounded(scan[2]), 0.927);
}

TEST(BrainTumour, EveryCountAndDiceIsThatOfNumPy) {
  std::ifstream table(kFolder / "dice.csv");
  std::string line;
  std::getline(table, line);
  std::map<std::string, std::vector<metrics::RegionOverlap>> done;
  int rows = 0;
  while (std::getline(table, line)) {
    SCOPED_TRACE(line);
    std::stringstream cells(line);
    std::string site, algorithm, region, tp, fp, fn, dice;
    for (std::string* cell : {&site, &algorithm, &region, &tp, &fp, &fn, &dice}) {
      std::getline(cells, *cell, ',');
    }
    auto& found = done[site + algorithm];
    if (found.empty()) found = overlaps(site, algorithm);
    const auto index = static_cast<std::size_t>(rows % 3);
    ASSERT_EQ(kRegions[index].name, region);
    const metrics::Overlap& counts = found[index].counts;
    EXPECT_EQ(counts.tp, std::stoll(tp));
    EXPECT_EQ(counts.fp, std::stoll(fp));
    EXPECT_EQ(counts.fn, std::stoll(fn));
    EXPECT_EQ(counts.tp + counts.fp + counts.fn + counts.tn, 240 * 240 * 155);
    EXPECT_DOUBLE_EQ(metrics::dice(counts).value.value(), std::stod(dice));
    ++rows;
  }
  EXPECT_EQ(rows, 30);
}

// The fusion of site-a has no enhancing tumour. Two algorithms find some: their Dice is 0. Three
// find none: theirs is 1. Both say in a flag that this is the edge case, so that a benchmark can
// leave it out or score it otherwise.
TEST(BrainTumour, TheEmptyReference) {
  for (const auto& [algorithm, finds] : {std::pair{"hnfnetv1-20", true},
                                         {"sanet0-20", true},
                                         {"isen-20", false},
                                         {"scan-20", false},
                                         {"yixinmpl-20", false}}) {
    SCOPED_TRACE(algorithm);
    const metrics::Overlap counts = overlaps("site-a", algorithm)[2].counts;
    EXPECT_EQ(counts.referenced(), 0);
    const metrics::Estimate dice = metrics::dice(counts);
    EXPECT_EQ(dice.value, finds ? 0.0 : 1.0);
    EXPECT_EQ(dice.flag, finds ? "ref_empty" : "both_empty");
    EXPECT_FALSE(metrics::voxel_sensitivity(counts).value);
  }
}

TEST(BrainTumour, TwoPatientsOfOneAtlasLieOnOneGridAndAShiftedOneDoesNot) {
  const fs::path reference = kFolder / "site-a" / "consensus_simple.nii.gz";
  auto volume = imaging::read_nifti_labels(reference).value();
  EXPECT_EQ(volume.geometry.size, (std::array<std::size_t, 3>{240, 240, 155}));
  EXPECT_EQ(volume.type, imaging::ElementType::kU8);
  volume.geometry.origin_mm[2] += 1;  // one slice up
  const fs::path shifted =
      fs::temp_directory_path() / ("brain_tumour_test." + std::to_string(::getpid()) + ".nii.gz");
  std::ofstream(shifted, std::ios::binary) << imaging::write_nifti(volume).value();

  const auto refused = read_label_pair(shifted, reference);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("origin"), std::string::npos) << refused.error().what;
  EXPECT_NE(refused.error().where.find(shifted.string()), std::string::npos);
  const auto pair = read_label_pair(shifted, reference, imaging::GridRule::kResampleNearest);
  ASSERT_TRUE(pair);
  EXPECT_FALSE(pair->prediction.remarks.empty());
  const auto moved = metrics::overlap_of_regions(view_of(pair->prediction).value(),
                                                 view_of(pair->reference).value(), kRegions);
  const double dice = metrics::dice(moved.value()[0].counts).value.value();
  EXPECT_GT(dice, 0.8);
  EXPECT_LT(dice, 1.0);
  fs::remove(shifted);
}

TEST(LabelPair, FloatsAreNoView) {
  imaging::Geometry g;
  g.size = {2, 2, 2};
  EXPECT_FALSE(view_of(imaging::make_volume(g, imaging::ElementType::kF32)));
  EXPECT_TRUE(view_of(imaging::make_volume(g, imaging::ElementType::kU16)));
}

}  // namespace
}  // namespace medperf::cohort
