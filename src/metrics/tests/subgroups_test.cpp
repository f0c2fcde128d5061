#include "metrics/statistics/subgroups.h"

#include <gtest/gtest.h>

#include <vector>

#include "metrics/statistics/mean.h"

namespace medperf::metrics {
namespace {

struct Cohort {
  std::vector<double> values;
  std::vector<std::uint32_t> groups;
  std::vector<std::int64_t> patients;
};

/// Group 0 has value 0.9, group 1 has 0.6 (12 patients each), group 2 has 0.1 but 3 patients only.
Cohort cohort() {
  Cohort made;
  for (int i = 0; i < 27; ++i) {
    const int group = i < 12 ? 0 : i < 24 ? 1 : 2;
    made.groups.push_back(static_cast<std::uint32_t>(group));
    made.values.push_back(group == 0 ? 0.9 : group == 1 ? 0.6 : 0.1);
    made.patients.push_back(1000 + i);
  }
  return made;
}

Result<SubgroupTable> table_of(const Cohort& cohort, const SubgroupOptions& options = {}) {
  return subgroup_table(
      cohort.groups, 4, cohort.patients,
      [&](std::span<const std::uint32_t> cases) {
        std::vector<double> chosen;
        for (const std::uint32_t i : cases) chosen.push_back(cohort.values[i]);
        return *mean_estimate(chosen);
      },
      options);
}

TEST(Subgroups, SmallGroupsHaveNoFigureAndAreNeverTheWorst) {
  const auto table = table_of(cohort());
  ASSERT_TRUE(table.ok());
  EXPECT_NEAR(*table->groups[0].estimate.value, 0.9, 1e-15);
  EXPECT_EQ(table->groups[2].cases, 3);
  EXPECT_FALSE(table->groups[2].estimate.value.has_value());
  EXPECT_EQ(table->groups[2].estimate.flag, flag::kGroupTooSmall);
  EXPECT_EQ(table->groups[3].patients, 0);  // nobody, and yet a row
  EXPECT_EQ(*table->worst, 1u);
  EXPECT_NEAR(*table->gap, 0.3, 1e-12);
  EXPECT_NEAR(*table->overall.value, (12 * 1.5 + 0.3) / 27, 1e-12);
}

TEST(Subgroups, OneGroupWithAFigureHasNoGap) {
  Cohort one = cohort();
  for (std::size_t i = 12; i < 24; ++i) one.patients[i] = 7;  // the second group: one patient
  const auto table = table_of(one);
  EXPECT_EQ(*table->worst, 0u);
  EXPECT_FALSE(table->gap.has_value());
}

TEST(Subgroups, LowerIsBetterTurnsTheWorst) {
  SubgroupOptions options;
  options.direction = Direction::kLower;
  const auto table = table_of(cohort(), options);
  EXPECT_EQ(*table->worst, 0u);
  EXPECT_NEAR(*table->gap, 0.3, 1e-12);
}

TEST(Subgroups, TheMinimumCountsPatientsNotImages) {
  Cohort images = cohort();
  for (std::int64_t& patient : images.patients) patient /= 6;  // up to six images of one patient
  const auto table = table_of(images);
  EXPECT_EQ(table->groups[0].cases, 12);
  EXPECT_EQ(table->groups[0].patients, 3);
  EXPECT_FALSE(table->worst.has_value());
  EXPECT_FALSE(table->gap.has_value());
  EXPECT_TRUE(table->overall.value.has_value());
}

TEST(Subgroups, RefusesIncompleteTables) {
  Cohort broken = cohort();
  broken.groups[4] = 4;
  EXPECT_FALSE(table_of(broken).ok());
  broken = cohort();
  broken.patients.pop_back();
  EXPECT_FALSE(table_of(broken).ok());
  SubgroupOptions options;
  options.minimum_patients = 0;
  EXPECT_FALSE(table_of(cohort(), options).ok());
  options = {};
  options.direction = Direction::kNone;
  EXPECT_FALSE(table_of(cohort(), options).ok());
}

}  // namespace
}  // namespace medperf::metrics
