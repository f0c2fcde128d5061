#include "cohort/report/plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "cohort/report/html.h"

namespace medperf::cohort::report {
namespace {

// So narrow that its text, 14 units high, can be read where a phone shows it on 360 pixels.
constexpr double kWidth = 400;
constexpr double kLeft = 112;
constexpr double kRight = 16;
constexpr double kLeftOfCurve = 56;
constexpr std::size_t kLongestLabel = 13;
constexpr double kRow = 44;
constexpr double kCharacter = 8.5;  // a figure at most
constexpr int kMostTicks = 12;

/// From values to places of the picture.
struct Scale {
  double low = 0;
  double high = 1;
  double from = 0;
  double to = 1;
  double operator()(double value) const {
    // Halves, because the whole distance of two doubles may be more than a double holds.
    const double share = (value / 2 - low / 2) / (high / 2 - low / 2);
    return from + std::clamp(share, 0.0, 1.0) * (to - from);
  }
};

/// Closer than this to each other, as a share of their size, values are drawn as equal ones: an
/// axis has no digits for what lies between them.
constexpr double kSmallestRange = 1e-6;
/// Beyond it the air around the values would be more than a double holds.
constexpr double kLargest = std::numeric_limits<double>::max() / 4;

/// A range that holds the values with a little air; wide enough for ticks that differ.
std::pair<double, double> range_of(double low, double high) {
  low = std::clamp(low, -kLargest, kLargest);
  high = std::clamp(high, -kLargest, kLargest);
  const double size = std::max(std::abs(low), std::abs(high));
  const bool narrow = high - low <= size * kSmallestRange || high - low < 1e-290;
  const double air = narrow ? std::max(size * 0.1, 0.5) : (high - low) * 0.04;
  return {low - air, high + air};
}

/// The value with the digits that tell it from its neighbours on the axis.
std::string tick_text(double tick, const std::vector<double>& all) {
  const double step = all.size() > 1 ? all[1] - all[0] : 0;
  const double size = std::max(std::abs(all.front()), std::abs(all.back()));
  const int digits = step > 0 ? static_cast<int>(std::ceil(std::log10(size / step))) + 1 : 6;
  return fmt::format("{:.{}g}", tick, std::clamp(digits, 6, 9));
}

std::string opening(double height, const std::string& title, const std::string& description) {
  return fmt::format(
      "<svg viewBox=\"0 0 {} {:.0f}\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\">"
      "<title>{}</title><desc>{}</desc>\n",
      kWidth, height, escaped(title), escaped(description));
}

std::string segment(const char* kind, double x1, double y1, double x2, double y2) {
  return fmt::format(
      "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", kind, x1,
      y1, x2, y2);
}

std::string label(double x, double y, const char* anchor, std::string_view text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     escaped(text));
}

/// What fits left of a box; the picture's description has the whole of it.
std::string shortened(const std::string& text) {
  if (text.size() <= kLongestLabel) return text;
  std::size_t end = kLongestLabel - 1;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "\u2026";
}

std::string dot(double x, double y) {
  return fmt::format("<circle class=\"dot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"/>\n", x, y);
}

std::string box_of(const BoxRow& row, const Scale& x, double middle) {
  const Spread& s = row.spread;
  std::string out = segment("axis", x(s.q05), middle, x(s.q95), middle);
  out += fmt::format(
      "<rect class=\"box\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"20\"/>\n", x(s.q25),
      middle - 10, std::max(x(s.q75) - x(s.q25), 1.0));
  out += segment("middle", x(s.median), middle - 10, x(s.median), middle + 10);
  for (std::size_t i = 0; i < std::min(row.values.size(), kMaxDotsOfBox); ++i) {
    // Spread out by their number, so that equal values are seen beside each other.
    const double shift = static_cast<double>(i * 7 % 13) - 6;
    out += dot(x(row.values[i]), middle + shift);
  }
  return out;
}

struct Frame {
  Scale x;
  Scale y;
  double height;
};

/// Ticks and their values below a picture; none of the values leaves the picture.
std::string level_axis(const Scale& x, double top, double bottom) {
  std::string out;
  const std::vector<double> found = ticks(x.low, x.high, 4);
  for (const double tick : found) {
    const std::string text = tick_text(tick, found);
    const double half = kCharacter * static_cast<double>(text.size()) / 2;
    out += segment("grid", x(tick), top, x(tick), bottom);
    out += label(std::min(x(tick), kWidth - half), bottom + 20, "middle", text);
  }
  return out;
}

std::string grid_of(const Frame& frame, const XyPlot& plot) {
  std::string out;
  out += level_axis(frame.x, frame.y.to, frame.y.from);
  const std::vector<double> levels = ticks(frame.y.low, frame.y.high, 5);
  for (const double tick : levels) {
    out += segment("grid", frame.x.from, frame.y(tick), frame.x.to, frame.y(tick));
    out += label(frame.x.from - 8, frame.y(tick) + 5, "end", tick_text(tick, levels));
  }
  out += label((frame.x.from + frame.x.to) / 2, frame.y.from + 42, "middle", plot.x_label);
  return out + label(8, 16, "start", plot.y_label);
}

Frame frame_of(const XyPlot& plot) {
  double low_x = 0, high_x = 1, low_y = 0, high_y = 1;
  if (!plot.unit_square) {
    std::vector<Point> all = plot.dots;
    all.insert(all.end(), plot.line.begin(), plot.line.end());
    for (const Guide& guide : plot.guides) {
      if (!all.empty()) all.emplace_back(all.front().first, guide.y);
    }
    if (!all.empty()) {
      const auto by_x = std::minmax_element(all.begin(), all.end());
      const auto by_y =
          std::minmax_element(all.begin(), all.end(),
                              [](const Point& a, const Point& b) { return a.second < b.second; });
      std::tie(low_x, high_x) = range_of(by_x.first->first, by_x.second->first);
      std::tie(low_y, high_y) = range_of(by_y.first->second, by_y.second->second);
    }
  }
  const double height = plot.unit_square ? kWidth + 44 : 360;  // the unit square is a square
  double left = kLeftOfCurve;
  const std::vector<double> levels = ticks(low_y, high_y, 5);
  for (const double tick : levels) {
    left = std::max(left, 12 + kCharacter * static_cast<double>(tick_text(tick, levels).size()));
  }
  return {{low_x, high_x, left, kWidth - kRight}, {low_y, high_y, height - 60, 40}, height};
}

}  // namespace

std::vector<double> ticks(double low, double high, int wanted) {
  const double rough = high / wanted - low / wanted;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = power * 10;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (power * factor >= rough) {
      step = power * factor;
      break;
    }
  }
  std::vector<double> result;
  const double slack = step * 1e-9;
  const double first = std::ceil((low - slack) / step);
  // Counted in whole numbers: a double above 2^53 does not grow by adding 1.
  for (int i = 0; i < kMostTicks; ++i) {
    const double tick = (first + i) * step;
    if (!(tick <= high + slack)) break;  // also where a range is so narrow that nothing is a number
    if (!result.empty() && tick <= result.back()) break;
    result.push_back(tick == 0 ? 0.0 : tick);
  }
  return result;
}

std::string box_plot(const BoxPlot& plot) {
  if (plot.rows.empty()) return {};
  double low = plot.rows[0].spread.minimum;
  double high = plot.rows[0].spread.maximum;
  std::string description;
  for (const BoxRow& row : plot.rows) {
    low = std::min(low, row.spread.minimum);
    high = std::max(high, row.spread.maximum);
    description += fmt::format("{}: median {:.3g}, quartiles {:.3g} and {:.3g}. ", row.label,
                               row.spread.median, row.spread.q25, row.spread.q75);
  }
  const auto [from, to] = range_of(low, high);
  const Scale x{from, to, kLeft, kWidth - kRight};
  const double bottom = 10 + kRow * static_cast<double>(plot.rows.size());
  std::string out = opening(bottom + 50, "Box plots of " + plot.title, description);
  out += level_axis(x, 6, bottom);
  for (std::size_t i = 0; i < plot.rows.size(); ++i) {
    const double middle = 10 + kRow * (static_cast<double>(i) + 0.5);
    out += label(kLeft - 12, middle + 5, "end", shortened(plot.rows[i].label));
    out += box_of(plot.rows[i], x, middle);
  }
  const bool bare = plot.unit.empty() || plot.unit == "1";
  out += label((kLeft + kWidth - kRight) / 2, bottom + 42, "middle",
               bare ? plot.title : plot.title + " in " + plot.unit);
  return out + "</svg>\n";
}

std::string xy_plot(const XyPlot& plot) {
  const Frame frame = frame_of(plot);
  std::string out = opening(frame.height, plot.title, plot.description) + grid_of(frame, plot);
  if (plot.diagonal) out += segment("guide", frame.x.from, frame.y.from, frame.x.to, frame.y.to);
  for (const Guide& guide : plot.guides) {
    out += segment("guide", frame.x.from, frame.y(guide.y), frame.x.to, frame.y(guide.y));
    out += label(frame.x.to, frame.y(guide.y) - 5, "end", guide.label);
  }
  if (!plot.line.empty()) {
    out += "<polyline class=\"line\" points=\"";
    std::string last;
    for (const auto& [x, y] : plot.line) {
      std::string place = fmt::format("{:.1f},{:.1f} ", frame.x(x), frame.y(y));
      if (place == last) continue;  // a curve of a million points is no larger than the picture
      out += place;
      last = std::move(place);
    }
    out += "\"/>\n";
  }
  for (std::size_t i = 0; i < std::min(plot.dots.size(), kMaxDots); ++i) {
    out += dot(frame.x(plot.dots[i].first), frame.y(plot.dots[i].second));
  }
  return out + "</svg>\n";
}

std::string heat_map(const HeatMap& map) {
  constexpr double kTop = 48;
  constexpr double kDarkest = 0.55;  // dark text on it keeps a contrast above 4.5
  constexpr double kLine = 18;       // a line of text
  const std::size_t count = map.names.size();
  if (count == 0) return {};
  const double size = (kWidth - kRight - kLeft) / static_cast<double>(count);
  const auto every = static_cast<std::size_t>(std::ceil(kLine / size));
  std::string out =
      opening(kTop + size * static_cast<double>(count) + 8, map.title, map.description);
  out += label(8, 16, "start", "Reference") + label(kWidth - kRight, 16, "end", "Prediction");
  for (std::size_t i = 0; i < count; ++i) {
    const double at = size * static_cast<double>(i);
    if (i % every == 0) {
      out += label(kLeft + at + size / 2, kTop - 8, "middle", std::to_string(i + 1));
      out += label(kLeft - 6, kTop + at + size / 2 + 5, "end",
                   shortened(fmt::format("{} {}", i + 1, map.names[i])));
    }
    std::int64_t total = 0;
    for (const std::int64_t one : map.counts[i]) total += one;
    for (std::size_t j = 0; j < count; ++j) {
      const std::int64_t cases = map.counts[i][j];
      const double share = total == 0 ? 0 : static_cast<double>(cases) / static_cast<double>(total);
      const double x = kLeft + size * static_cast<double>(j);
      out += fmt::format(
          "<rect class=\"cell\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
          "fill-opacity=\"{:.3f}\"/>\n",
          x, kTop + at, size, size, kDarkest * share);
      const std::string text = std::to_string(cases);
      if (size < kLine + 4 || kCharacter * static_cast<double>(text.size()) > size - 2) continue;
      out += label(x + size / 2, kTop + at + size / 2 + 5, "middle", text);
    }
  }
  return out + "</svg>\n";
}

}  // namespace medperf::cohort::report
