// Pieces of reports; whole pages are looked at by tests/e2e/test_metrics_command.py.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cohort/report/html.h"
#include "cohort/report/overlay.h"
#include "cohort/report/plots.h"
#include "cohort/worst_cases.h"

namespace medperf::cohort::report {
namespace {

TEST(Html, WhatComesFromOutsideIsText) {
  EXPECT_EQ(escaped("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(escaped("a\x01\n\x7f"), "a   ");
  EXPECT_EQ(escaped("\xff"), "\xef\xbf\xbd");
  EXPECT_NE(table({"<c>", {"<h>"}, {{"<r>", "<d>"}}}).find("&lt;d&gt;"), std::string::npos);
  EXPECT_EQ(table({"<c>", {"<h>"}, {{"<r>", "<d>"}}}).find("<d>"), std::string::npos);
}

TEST(Ticks, AreRoundAndWithin) {
  EXPECT_EQ(ticks(0, 1, 5), (std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1}));
  EXPECT_EQ(ticks(-3, 7, 5), (std::vector<double>{-2, 0, 2, 4, 6}));
  for (const double size : {1e-9, 0.37, 12.0, 1e12}) {
    const auto found = ticks(0.1 * size, 0.9 * size, 6);
    EXPECT_GE(found.size(), 3u) << size;
    EXPECT_LE(found.size(), 8u) << size;
  }
}

TEST(Ticks, EndWhateverTheRange) {
  // A whole number above 2^53 plus one is itself: what counts in doubles never gets past it.
  const double next = std::nextafter(0.3, 1.0);
  for (const auto& [low, high] :
       {std::pair(0.3, next), std::pair(1e16, 1e16 + 2), std::pair(-1e16 - 2, -1e16),
        std::pair(0.0, 5e-324), std::pair(-1.7e308, 1.7e308), std::pair(1e308, 1.7e308)}) {
    const auto found = ticks(low, high, 4);
    EXPECT_LE(found.size(), 12u) << low << " " << high;
    for (const double tick : found) EXPECT_TRUE(std::isfinite(tick)) << low << " " << high;
  }
}

TEST(Plots, EveryRangeIsAPlot) {
  for (const auto& [low, high] :
       {std::pair(0.3, std::nextafter(0.3, 1.0)), std::pair(1e16, 1e16 + 2), std::pair(0.0, 5e-324),
        std::pair(-1.7e308, 1.7e308), std::pair(-1e308, -1e308)}) {
    XyPlot plot;
    plot.dots = {{low, high}, {high, low}};
    const BoxPlot boxes{
        "volume", "mm", {{"WT", {low, low, low, low, high, high, high}, {low, high}}}};
    for (const std::string& drawn : {xy_plot(plot), box_plot(boxes)}) {
      EXPECT_EQ(drawn.find("nan"), std::string::npos) << drawn;
      EXPECT_EQ(drawn.find("inf"), std::string::npos) << drawn;
      EXPECT_NE(drawn.find("class=\"grid\""), std::string::npos) << low << " has no tick";
      EXPECT_LT(drawn.size(), 10000u);
    }
  }
}

TEST(Plots, OneValueIsAPlotToo) {
  const std::string plot = box_plot({"dice", "1", {{"WT", {1, 1, 1, 1, 1, 1, 1}, {1}}}});
  EXPECT_NE(plot.find("<circle"), std::string::npos);
  EXPECT_EQ(plot.find("nan"), std::string::npos);
  EXPECT_EQ(plot.find("inf"), std::string::npos);
  EXPECT_EQ(box_plot({"dice", "1", {}}), "");
}

TEST(Plots, GuidesWidenTheRange) {
  XyPlot plot;
  plot.dots = {{0, 0}, {1, 1}};
  plot.guides = {{100, "limit"}};
  EXPECT_NE(xy_plot(plot).find(">100<"), std::string::npos);
}

metrics::LabelVolume view(const std::array<std::uint8_t, 32>& labels) {
  return metrics::LabelVolume::view(std::span<const std::uint8_t>(labels), {4, 4, 2}, {1, 2, 1})
      .value();
}

TEST(Overlay, ShowsTheSliceThatDiffersMost) {
  std::array<std::uint8_t, 32> a{};
  std::array<std::uint8_t, 32> b{};
  a[5] = b[5] = 3;
  a[21] = a[22] = 3;
  const auto overlay = draw_overlay(view(a), view(b), {"lesion", {3}}, "<case>").value();
  EXPECT_EQ(overlay.slice, 1);
  EXPECT_EQ(overlay.differing, 2);
  EXPECT_NE(overlay.svg.find("&lt;case&gt;"), std::string::npos);
  EXPECT_NE(overlay.svg.find("d=\"M1 1h2M1 2h2M1 1v1M3 1v1\""), std::string::npos) << overlay.svg;
  EXPECT_NE(overlay.svg.find("viewBox=\"0 0 4 8.000\""), std::string::npos)
      << "voxels twice as tall";
  EXPECT_FALSE(draw_overlay(view(a), view(b), {"none", {9}}, "none"));
}

TEST(Overlay, IsSmallWhateverTheLabelMapsHold) {
  const int side = 2000;
  std::vector<std::uint8_t> noise(static_cast<std::size_t>(side) * side);
  std::vector<std::uint8_t> other(noise.size());
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < noise.size(); ++i) {
    state = state * 1664525 + 1013904223;
    noise[i] = static_cast<std::uint8_t>(state >> 31);
    other[i] = static_cast<std::uint8_t>(state >> 30 & 1);
  }
  const auto volume = [&](const std::vector<std::uint8_t>& labels) {
    return metrics::LabelVolume::view(std::span<const std::uint8_t>(labels), {side, side, 1},
                                      {1, 1, 1})
        .value();
  };
  const auto overlay = draw_overlay(volume(noise), volume(other), {"all", {1}}, "noise").value();
  EXPECT_LT(overlay.svg.size(), 300'000u);
  EXPECT_EQ(overlay.reduction, 5);
  EXPECT_NE(overlay.svg.find("viewBox=\"0 0 400 400.000\""), std::string::npos);
  std::fill(other.begin(), other.end(), std::uint8_t{0});
  for (int i = 0; i < 40; ++i) other[static_cast<std::size_t>(i * 50) * side] = 1;
  const auto lines = draw_overlay(volume(other), volume(other), {"all", {1}}, "dots").value();
  EXPECT_TRUE(lines.contours);
  EXPECT_NE(lines.svg.find("h1"), std::string::npos) << "single voxels are still seen";
}

CaseResult case_of(std::optional<double> value, std::string_view flag) {
  CaseResult one;
  one.values.push_back({value, {}, {}, "c", flag});
  return one;
}

TEST(WorstCases, UndefinedIsWorseThanAnyValue) {
  CohortResult result;
  result.columns = {{"hd95", "WT", {}}};
  result.cases = {case_of(3, ""), case_of({}, metrics::flag::kBothEmpty),
                  case_of({}, metrics::flag::kPredictionEmpty), case_of(9, ""), case_of(1, "")};
  result.cases.push_back({});
  result.cases.back().failure = make_error(ErrorKind::kNotFound, "x", "gone", "");
  const auto worst = worst_cases(result, 0).value();
  EXPECT_EQ(worst.undefined, (std::vector<std::size_t>{2}));
  EXPECT_EQ(worst.ranked, (std::vector<std::size_t>{3, 0, 4}));
}

TEST(WorstCases, OfSignedMetricsLieFarthestFromTheIdeal) {
  CohortResult result;
  result.columns = {{"relative-volume-difference", "WT", {}}, {"volume", "WT", {}}};
  for (const double value : {0.1, -0.5, 2.0, 0.0}) {
    result.cases.push_back(case_of(value, ""));
    result.cases.back().values.push_back({value, {}, {}, "c", {}});
  }
  EXPECT_EQ(worst_cases(result, 0)->ranked, (std::vector<std::size_t>{2, 1, 0, 3}));
  EXPECT_FALSE(worst_cases(result, 1)) << "no volume is worse than another";
}

}  // namespace
}  // namespace medperf::cohort::report
