// What a benchmark decides about instances and lesions: read, obeyed and said.

#include "metrics/segmentation/rules_json.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "cohort/segmentation.h"
#include "cohort/site_summary.h"
#include "imaging/npy.h"
#include "metrics/pooling/site_summary.h"

namespace medperf::cohort {
namespace {

class SegmentationRules : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("rules_test." + std::to_string(::getpid()));
    fs::create_directories(folder_);
    options_.regions = {{"a", {1, 2}}};
    options_.metrics = {"panoptic-quality"};
    options_.spacing_mm = {1, 1, 1};
  }
  void TearDown() override { fs::remove_all(folder_); }

  /// A map of 8 columns, a digit a pixel.
  fs::path map(const std::string& name, const std::vector<std::string>& rows) const {
    std::string labels;
    for (const std::string& row : rows) {
      for (const char c : row) labels += static_cast<char>(c == '.' ? 0 : c - '0');
    }
    std::ofstream(folder_ / name, std::ios::binary)
        << imaging::write_npy({imaging::NpyType::kU8, {rows.size(), 8}, labels});
    return folder_ / name;
  }
  Result<CohortResult> measured(const std::vector<std::string>& prediction,
                                const std::vector<std::string>& reference) const {
    const std::vector<CaseFiles> cases = {
        {"a", map("p.npy", prediction), map("r.npy", reference), "a", {}}};
    return measure_segmentations(cases, options_);
  }
  metrics::Estimate first(const std::vector<std::string>& prediction,
                          const std::vector<std::string>& reference) const {
    const auto result = measured(prediction, reference);
    if (!result || result->cases[0].failure) {
      ADD_FAILURE() << (result ? result->cases[0].failure->text() : result.error().text());
      return {};
    }
    return result->cases[0].values[0];
  }

  fs::path folder_;
  SegmentationOptions options_;
};

TEST_F(SegmentationRules, ThresholdMatchingAndConnectivityAreTheBenchmarks) {
  const std::vector<std::string> corners = {"11......", "11......", "..11....", "..11...."};
  const std::vector<std::string> lower = {"........", "........", "..11....", "..11...."};
  auto found = first(lower, corners);
  EXPECT_EQ(found.value, 0) << "half of one instance whose parts touch at a corner";
  EXPECT_EQ(found.convention, "panoptic-iou-greedy>0.5/components-8");
  options_.instances.connectivity = metrics::Neighbours::k6;
  found = first(lower, corners);
  EXPECT_EQ(found.value, 2.0 / 3) << "one of two instances";
  EXPECT_EQ(found.convention, "panoptic-iou-greedy>0.5/components-4");
  options_.instances = {{0.25, metrics::Matching::kOptimal}, metrics::Neighbours::k26, false};
  found = first(lower, corners);
  EXPECT_EQ(found.value, 0.5);
  EXPECT_EQ(found.convention, "panoptic-iou-optimal>0.25/components-8");
}

TEST_F(SegmentationRules, EveryLabelOfAnInstanceMapIsAnInstance) {
  options_.instances.whole_maps = true;
  options_.regions.clear();
  const std::vector<std::string> reference = {"1122....", "1122....", "........", "3......3"};
  const std::vector<std::string> prediction = {"5577....", "5577....", "........", "........"};
  const auto result = measured(prediction, reference);
  ASSERT_TRUE(result) << result.error().text();
  ASSERT_EQ(result->columns.size(), 1u);
  EXPECT_EQ(result->columns[0].region, "instances");
  const metrics::Estimate& found = result->cases[0].values[0];
  EXPECT_EQ(found.value, 2 / 2.5) << "two of three, the last in two pieces";
  EXPECT_EQ(found.convention, "panoptic-iou-greedy>0.5/instances");

  // Beside it what is of regions.
  options_.regions = {{"a", {1, 2}}};
  options_.metrics = {"dice", "panoptic-quality"};
  const auto both = measured(reference, reference);
  ASSERT_TRUE(both) << both.error().text();
  ASSERT_EQ(both->columns.size(), 2u);
  EXPECT_EQ(both->columns[0].title(), "a dice");
  EXPECT_EQ(both->columns[1].title(), "instances panoptic-quality");
  EXPECT_EQ(both->cases[0].values[1].value, 1);

  options_.regions = {{"instances", {1}}};
  EXPECT_FALSE(measured(reference, reference)) << "two regions of one name";
  options_.regions.clear();
  EXPECT_FALSE(measured(reference, reference)) << "dice is of a region";
  options_.metrics = {"dice"};
  options_.regions = {{"a", {1, 2}}};
  EXPECT_FALSE(measured(reference, reference)) << "nothing is of instances";
}

TEST_F(SegmentationRules, SitesOfOtherRulesAreNotMerged) {
  const std::vector<std::string> map = {"11......"};
  const auto rules = [&] { return summarise_segmentations(*measured(map, map), options_)->rules; };
  const std::string usual = rules();
  EXPECT_NE(usual.find(R"("panoptic":{"connectivity":26,)"), std::string::npos) << usual;
  options_.instances.match.iou_above = 0.25;
  EXPECT_NE(rules(), usual);
  options_.metrics = {"dice"};
  EXPECT_EQ(rules(), R"({"lesion_policy":"","regions":{"a":[1,2]},"resample":"refuse"})");
  options_.metrics = {"lesion-dice"};
  options_.own_lesion_policy = metrics::LesionPolicy{"mine", {}, {}};
  const std::string own = rules();
  EXPECT_NE(own.find(R"("id":"mine")"), std::string::npos) << own;
  options_.own_lesion_policy->rules.growth_voxels = 7;
  EXPECT_NE(rules(), own);
}

TEST_F(SegmentationRules, ALesionPolicyOfTheBenchmarksOwn) {
  options_.metrics = {"lesion-dice"};
  const std::vector<std::string> reference = {"11......", "11......", "........", ".....111"};
  const std::vector<std::string> prediction = {"11......", "11......", "........", "........"};
  const auto policy = metrics::read_lesion_policy(
      parse_json(R"({"id": "ours-2025", "growth_voxels": 0, "ignored_mm3": 0, "missed_mm": 9,
                     "missed_overlap": 0.5, "invented_mm": 9, "connectivity": 6})")
          .value());
  ASSERT_TRUE(policy) << policy.error().text();
  options_.own_lesion_policy = *policy;
  auto found = first(prediction, reference);
  EXPECT_EQ(found.value, 0.75) << "one found, one missed";
  EXPECT_EQ(found.convention, "ours-2025");
  options_.own_lesion_policy->rules.ignored_mm3 = 3;
  EXPECT_EQ(first(prediction, reference).value, 1);
}

TEST(SegmentationRulesDocument, IsReadAsItIsWritten) {
  metrics::InstanceRules rules{{0.1, metrics::Matching::kOptimal}, metrics::Neighbours::k18, true};
  EXPECT_EQ(*metrics::read_instance_rules(to_json(rules)), rules);
  EXPECT_EQ(*metrics::read_instance_rules(Json::object()), metrics::InstanceRules());
  for (const char* text :
       {"[]", R"({"iou": 0.5})", R"({"iou_above": 1})", R"({"iou_above": -0.1})",
        R"({"matching": "best"})", R"({"connectivity": 8})", R"({"instance_maps": 1})"}) {
    EXPECT_FALSE(metrics::read_instance_rules(parse_json(text).value())) << text;
  }
  Json policy = to_json(metrics::LesionPolicy{"ours", {}, {}});
  EXPECT_EQ(to_json(*metrics::read_lesion_policy(policy)), policy);
  const auto with = [&policy](const char* key, Json value) {
    Json changed = policy;
    changed.set(key, std::move(value));
    return metrics::read_lesion_policy(changed).ok();
  };
  EXPECT_TRUE(with("growth_voxels", 1));
  EXPECT_FALSE(with("growth_voxels", -1));
  EXPECT_FALSE(with("id", "brats-2023-gli")) << "another policy's name";
  EXPECT_FALSE(with("id", "No Name"));
  EXPECT_FALSE(with("missed_overlap", 1.5));
  EXPECT_FALSE(with("ignored_mm3", "50"));
  EXPECT_FALSE(with("growth", 4));
  EXPECT_FALSE(with("costs", 1));
  EXPECT_FALSE(metrics::read_lesion_policy(Json::object({{"id", "ours"}})))
      << "what has no common value";
}

}  // namespace
}  // namespace medperf::cohort
