#include "metrics/pooling/calibration_histogram.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "metrics/pooling/merge.h"
#include "metrics/statistics/distributions.h"

namespace medperf::metrics {
namespace {

/// A cell as the likelihood sees it: `cases` cases at `centre`, whose true places deviate from it
/// by at most `reach` with a variance of at most `spread`.
struct Group {
  double cases = 0;
  double centre = 0;
  double positive = 0;  ///< 1 or 0
  double reach = 0;
  double spread = 0;
};

double expit(double x) {
  return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
}

/// log(1 + e^x)
double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

std::vector<Group> groups_of(const Bins& bins,
                             const std::vector<CalibrationHistogram::Cell>& cells) {
  std::vector<Group> groups;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto& cell = cells[i];
    if (cell.cases == 0) continue;
    const double low = bins.edge(static_cast<int>(i / 2));
    const double high = bins.edge(static_cast<int>(i / 2) + 1);
    Group group;
    group.cases = static_cast<double>(cell.cases);
    group.centre = std::clamp(*cell.logits.value() / group.cases, low, high);
    group.positive = i % 2 == 1 ? 1 : 0;
    group.reach = std::max(group.centre - low, high - group.centre);
    // The largest variance of values in [low, high] with this mean (Bhatia, Davis, Amer Math
    // Monthly 107 (2000) 353).
    group.spread = (group.centre - low) * (high - group.centre);
    groups.push_back(group);
  }
  return groups;
}

/// Of the negative log-likelihood in (a, b): its value, gradient and second derivatives.
struct Curve {
  double value = 0;
  double g0 = 0, g1 = 0;
  double h00 = 0, h01 = 0, h11 = 0;
  double determinant() const { return h00 * h11 - h01 * h01; }
};

Curve curve_at(const std::vector<Group>& groups, double a, double b) {
  Curve curve;
  for (const Group& group : groups) {
    const double x = group.centre;
    const double eta = a + b * x;
    const double p = expit(eta);
    const double w = group.cases * p * (1 - p);
    const double residual = group.cases * (p - group.positive);
    curve.value += group.cases * (softplus(eta) - group.positive * eta);
    curve.g0 += residual;
    curve.g1 += residual * x;
    curve.h00 += w;
    curve.h01 += w * x;
    curve.h11 += w * x * x;
  }
  return curve;
}

struct Line {
  double a = 0;
  double b = 0;
};

/// Newton's method with halved steps; `fit_slope` false keeps b.
Line fit(const std::vector<Group>& groups, Line line, bool fit_slope) {
  constexpr int kSteps = 200;
  for (int step = 0; step < kSteps; ++step) {
    const Curve at = curve_at(groups, line.a, line.b);
    Line move;
    if (fit_slope) {
      move.a = -(at.h11 * at.g0 - at.h01 * at.g1) / at.determinant();
      move.b = -(at.h00 * at.g1 - at.h01 * at.g0) / at.determinant();
    } else {
      move.a = -at.g0 / at.h00;
    }
    if (!std::isfinite(move.a) || !std::isfinite(move.b)) break;
    double share = 1;
    while (share > 1e-6 &&
           curve_at(groups, line.a + share * move.a, line.b + share * move.b).value > at.value) {
      share /= 2;
    }
    if (share <= 1e-6) break;  // no step goes down: this is the bottom, to rounding
    const double size = std::abs(move.a) + std::abs(move.b);
    line.a += share * move.a;
    line.b += share * move.b;
    if (size < 1e-13 * (1 + std::abs(line.a) + std::abs(line.b))) break;
  }
  return line;
}

/// What the true likelihood can differ from the binned one at its bottom: an upper bound of the
/// score and a lower bound of the curvature.
struct Limits {
  double g0 = 0, g1 = 0;
  double h00 = 0, h01 = 0, h11 = 0;
};

Limits limits_of(const std::vector<Group>& groups, const Line& line) {
  const double steepest = 1 / (6 * std::numbers::sqrt3);  // of the second derivative of expit
  const Curve rest = curve_at(groups, line.a, line.b);
  Limits limits;
  limits.g0 = std::abs(rest.g0);
  limits.g1 = std::abs(rest.g1);
  const double b = std::abs(line.b);
  for (const Group& group : groups) {
    const double p = expit(line.a + line.b * group.centre);
    const double w = p * (1 - p);
    const double first = std::min(0.25, w * std::exp(b * group.reach));
    const double second = std::min(steepest, first);
    const double squares = group.cases * group.spread;
    const double shift = 0.5 * b * b * second * squares;
    limits.g0 += shift;
    limits.g1 += std::abs(group.centre) * shift + b * first * squares;
    const double least = group.cases * w * std::exp(-b * group.reach);
    limits.h00 += least;
    limits.h01 += least * group.centre;
    limits.h11 += least * group.centre * group.centre;
  }
  return limits;
}

/// The least curvature v' H v over |v0| + reach |v1| = 1.
double least_curvature(const Limits& h, double reach) {
  double least = h.h00;
  for (const double sign : {1.0, -1.0}) {
    // v = (1 - t, sign t / reach), t in [0, 1]: the curvature is a parabola in t.
    const double step = sign / reach;
    const double square = h.h00 - 2 * h.h01 * step + h.h11 * step * step;
    const double t = square > 0 ? std::clamp((h.h00 - h.h01 * step) / square, 0.0, 1.0) : 1.0;
    const double v0 = 1 - t;
    const double v1 = step * t;
    least = std::min(least, h.h00 * v0 * v0 + 2 * h.h01 * v0 * v1 + h.h11 * v1 * v1);
  }
  return least;
}

/// How far the true slope can lie from the binned one; nothing if the bins are too wide to say.
std::optional<double> slope_bound(std::vector<Group> groups, Line line) {
  const Curve at = curve_at(groups, line.a, line.b);
  const double origin = at.h01 / at.h00;  // the slope does not depend on it, the bound is tighter
  line.a += line.b * origin;
  double reach = 0;
  for (Group& group : groups) {
    group.centre -= origin;
    reach = std::max(reach, std::abs(group.centre) + group.reach);
  }
  const Limits h = limits_of(groups, line);
  const double determinant = h.h00 * h.h11 - h.h01 * h.h01;
  const double least = least_curvature(h, reach);
  if (!(determinant > 0) || !(least > 0)) return std::nullopt;
  const double score =
      std::sqrt((h.h11 * h.g0 * h.g0 + 2 * std::abs(h.h01) * h.g0 * h.g1 + h.h00 * h.g1 * h.g1) /
                determinant);
  const double ratio = score / std::sqrt(least);
  if (!(ratio < 1)) return std::nullopt;
  return score / (1 - ratio) * std::sqrt(h.h00 / determinant);
}

std::optional<double> intercept_bound(const std::vector<Group>& groups, const Line& line) {
  const Limits h = limits_of(groups, line);
  const double ratio = h.g0 / h.h00;
  if (!(ratio < 1)) return std::nullopt;
  return ratio / (1 - ratio);
}

BoundedEstimate bounded(std::string_view convention, double value, double se,
                        std::optional<double> bound, double level) {
  BoundedEstimate result;
  result.estimate.convention = convention;
  if (!bound) {
    result.estimate.flag = flag::kBinsTooWide;
    return result;
  }
  result.bound = *bound;
  result.estimate.value = value;
  result.estimate.se = se;
  const double half = normal_quantile(0.5 + level / 2) * se + *bound;
  result.estimate.interval = Interval{value - half, value + half};
  return result;
}

/// Why there is no slope; empty if there is one.
std::string_view reason_against(const std::vector<CalibrationHistogram::Cell>& cells,
                                std::int64_t clipped) {
  const std::size_t none = cells.size();
  std::size_t first[2] = {none, none};
  std::size_t last[2] = {0, 0};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].cases == 0) continue;
    first[i % 2] = std::min(first[i % 2], i / 2);
    last[i % 2] = i / 2;
  }
  if (first[0] == none && first[1] == none) return flag::kNoCases;
  if (first[0] == none || first[1] == none) return flag::kOneClass;
  if (clipped > 0) return flag::kClipped;
  const bool overlap = first[1] < last[0] && first[0] < last[1];
  return overlap ? std::string_view() : flag::kSeparated;
}

}  // namespace

Result<CalibrationHistogram> CalibrationHistogram::empty(const Bins& bins) {
  MEDPERF_CHECK(check_bins(bins));
  CalibrationHistogram histogram;
  histogram.bins_ = bins;
  histogram.cells_.resize(2 * static_cast<std::size_t>(bins.count));
  return histogram;
}

Result<CalibrationHistogram> CalibrationHistogram::from_parts(const Bins& bins,
                                                              std::vector<Cell> cells,
                                                              std::int64_t clipped) {
  constexpr double kFarthest = 100;  // beyond it the squares of logits would drown the others
  MEDPERF_TRY(CalibrationHistogram histogram, empty(bins));
  if (cells.size() != histogram.cells_.size() || bins.low < -kFarthest || bins.high > kFarthest) {
    return impossible_summary("its bins are not those of logits");
  }
  std::int64_t total = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto k = static_cast<int>(i / 2);
    if (cells[i].cases < 0 || cells[i].cases > kMostCases ||
        !possible_sum(cells[i].cases, cells[i].logits, bins.edge(k), bins.edge(k + 1))) {
      return impossible_summary("no cases of a bin have its count and sum");
    }
    MEDPERF_TRY(total, added(total, cells[i].cases));
  }
  const std::size_t last = cells.size() - 2;
  std::int64_t at_ends = cells[0].cases + cells[1].cases;
  if (last != 0) at_ends += cells[last].cases + cells[last + 1].cases;
  if (clipped < 0 || clipped > at_ends) {
    return impossible_summary("more cases were moved to an end than are there");
  }
  histogram.cells_ = std::move(cells);
  histogram.clipped_ = clipped;
  return histogram;
}

Status CalibrationHistogram::add(double probability, bool positive) {
  if (!(probability >= 0 && probability <= 1)) {
    return make_error(ErrorKind::kInvalid, "probability", "it lies outside [0, 1]",
                      "Calibration is asked of probabilities, not of scores.");
  }
  const double logit = std::log(probability) - std::log1p(-probability);
  const double kept = std::clamp(logit, bins_.low, bins_.high);
  Cell& cell = cells_[2 * static_cast<std::size_t>(*bins_.of(kept)) + (positive ? 1 : 0)];
  MEDPERF_TRY(cell.cases, added(cell.cases, 1));
  cell.logits.add(kept);
  if (kept != logit) ++clipped_;
  return {};
}

Status CalibrationHistogram::merge(const CalibrationHistogram& other) {
  MEDPERF_CHECK(check_same_rules(bins_.text(), other.bins_.text()));
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    MEDPERF_CHECK(added(cells_[i].cases, other.cells_[i].cases));
  }
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    cells_[i].cases += other.cells_[i].cases;
    cells_[i].logits.merge(other.cells_[i].logits);
  }
  clipped_ += other.clipped_;
  return {};
}

PooledCalibration CalibrationHistogram::calibration(double level) const {
  PooledCalibration result;
  result.clipped = clipped_;
  result.slope.estimate.convention = kHistogramSlopeConvention;
  result.intercept.estimate.convention = kHistogramInterceptConvention;
  const std::string_view reason = reason_against(cells_, clipped_);
  result.slope.estimate.flag = reason;
  if (!reason.empty() && reason != flag::kSeparated) {
    result.intercept.estimate.flag = reason;
    return result;
  }
  const std::vector<Group> groups = groups_of(bins_, cells_);
  const Line in_the_large = fit(groups, {0, 1}, false);
  const Curve large = curve_at(groups, in_the_large.a, 1);
  result.intercept =
      bounded(kHistogramInterceptConvention, in_the_large.a, 1 / std::sqrt(large.h00),
              intercept_bound(groups, in_the_large), level);
  if (!reason.empty()) return result;
  const Line line = fit(groups, {0, 0}, true);
  const Curve at = curve_at(groups, line.a, line.b);
  result.slope = bounded(kHistogramSlopeConvention, line.b, std::sqrt(at.h00 / at.determinant()),
                         slope_bound(groups, line), level);
  return result;
}

}  // namespace medperf::metrics
