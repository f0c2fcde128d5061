// What leaves the room as a document.

#include <gtest/gtest.h>

#include <limits>

#include "metrics/estimate_json.h"

namespace medperf::metrics {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::string text_of(const Estimate& estimate, bool with_se = true) {
  Json row = Json::object();
  set_members(row, estimate, with_se);
  return to_text(row);
}

TEST(EstimateJson, UndefinedIsNullWithItsReason) {
  EXPECT_EQ(text_of({0.5, 0.1, Interval{0.25, 0.75}, "c", {}}),
            R"({"value":0.5,"se":0.1,"low":0.25,"high":0.75,"flag":"ok"})");
  EXPECT_EQ(text_of({{}, {}, {}, "c", flag::kNoCases}, false),
            R"({"value":null,"low":null,"high":null,"flag":"no_cases"})");
}

TEST(EstimateJson, WhatIsNotFiniteIsNullAndSaysSo) {
  for (const double bad : {kInfinity, -kInfinity, kNan}) {
    EXPECT_EQ(text_of({bad, 0.1, Interval{0, 1}, "c", {}}),
              R"({"value":null,"se":null,"low":null,"high":null,"flag":"not_finite"})")
        << "what is around no value is none";
    EXPECT_EQ(text_of({0.5, 0.1, Interval{bad, 1}, "c", {}}),
              R"({"value":0.5,"se":0.1,"low":null,"high":null,"flag":"not_finite"})");
    EXPECT_EQ(text_of({0.5, 0.1, Interval{0, bad}, "c", flag::kDegenerate}),
              R"({"value":0.5,"se":0.1,"low":null,"high":null,"flag":"degenerate"})")
        << "an earlier remark of the value stays";
    EXPECT_EQ(text_of({0.5, bad, {}, "c", {}}),
              R"({"value":0.5,"se":null,"low":null,"high":null,"flag":"not_finite"})");
  }
}

TEST(Finite, LeavesTheRestAsItIs) {
  const Estimate same = finite({0.5, 0.1, Interval{0.25, 0.75}, "c", flag::kDegenerate});
  EXPECT_EQ(same.value, 0.5);
  EXPECT_EQ(same.se, 0.1);
  EXPECT_TRUE(same.interval);
  EXPECT_EQ(same.flag, flag::kDegenerate);
  EXPECT_EQ(same.convention, "c");
}

}  // namespace
}  // namespace medperf::metrics
