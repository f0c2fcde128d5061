#pragma once
// Plots as SVG within a page, drawn here: no library, no script. Each carries a title and a
// description for those who do not see it.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cohort/summary.h"

namespace medperf::cohort::report {

/// Round numbers that divide low..high into about `wanted` parts; at most a dozen, and fewer (or
/// none) where the range is so narrow that doubles have no round number in it. Preconditions:
/// finite, low < high.
std::vector<double> ticks(double low, double high, int wanted);

/// Dots beyond these are not drawn; who shows a plot says so.
inline constexpr std::size_t kMaxDotsOfBox = 500;
inline constexpr std::size_t kMaxDots = 5000;

struct BoxRow {
  std::string label;
  Spread spread;
  std::vector<double> values;  ///< drawn as dots, at most the first kMaxDotsOfBox
};
struct BoxPlot {
  std::string title;  ///< "dice"
  std::string unit;   ///< "mm"; "1" and empty are not shown
  std::vector<BoxRow> rows;
};
/// One row a box: quartiles, median, whiskers from the 5th to the 95th percentile, a dot a case.
std::string box_plot(const BoxPlot& plot);

using Point = std::pair<double, double>;
struct Guide {
  double y = 0;
  std::string label;
};
struct XyPlot {
  std::string title;
  std::string description;
  std::string x_label;
  std::string y_label;
  std::vector<Point> line;
  std::vector<Point> dots;    ///< at most the first kMaxDots
  std::vector<Guide> guides;  ///< dashed, level
  bool diagonal = false;      ///< dashed, from corner to corner
  bool unit_square = false;   ///< both axes from 0 to 1; else as the data are
};
/// ROC curves, reliability diagrams, Bland-Altman plots.
std::string xy_plot(const XyPlot& plot);

/// Counts of (row, column), both in the order of the names.
struct HeatMap {
  std::string title;
  std::string description;
  std::vector<std::string> names;
  std::vector<std::vector<std::int64_t>> counts;
};
/// A cell is as dark as its share of its row; the counts stand in the cells where they have room.
/// Columns are numbered, as the rows are before their names. Up to 40 names.
std::string heat_map(const HeatMap& map);

}  // namespace medperf::cohort::report
