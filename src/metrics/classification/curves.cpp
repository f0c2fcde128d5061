#include "metrics/classification/curves.h"

#include <algorithm>

#include "metrics/classification/checks.h"

namespace medperf::metrics {
namespace {

/// Whether b lies on the straight line from a to c in the plane of (fp, tp): cross product zero.
bool on_line(const Confusion& a, const Confusion& b, const Confusion& c) {
  return (b.fp - a.fp) * (c.tp - b.tp) == (c.fp - b.fp) * (b.tp - a.tp);
}

void collapse(std::vector<CurvePoint>& points) {
  std::vector<CurvePoint> kept;
  for (const CurvePoint& point : points) {
    while (kept.size() >= 2 &&
           on_line(kept[kept.size() - 2].table, kept.back().table, point.table)) {
      kept.pop_back();
    }
    kept.push_back(point);
  }
  points = std::move(kept);
}

double ratio(std::int64_t part, std::int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

/// Sums `area(previous table, table)` over the points, or says why there is no curve.
template <typename Area>
Result<Estimate> precision_recall_area(std::span<const ScoredCase> cases,
                                       std::string_view convention, const Area& area) {
  MEDPERF_TRY(const std::vector<CurvePoint> points, operating_points(cases));
  Estimate estimate;
  estimate.convention = convention;
  if (points.empty() || points.back().table.tp == 0 || points.back().table.fp == 0) {
    estimate.flag = points.empty() ? flag::kNoCases : flag::kOneClass;
    return estimate;
  }
  double sum = 0;
  for (std::size_t i = 1; i < points.size(); ++i) {
    sum += area(points[i - 1].table, points[i].table);
  }
  estimate.value = sum;
  return estimate;
}

}  // namespace

Result<std::vector<CurvePoint>> operating_points(std::span<const ScoredCase> cases,
                                                 bool collapsed) {
  MEDPERF_CHECK(check_finite_scores(cases));
  std::vector<CurvePoint> points;
  if (cases.empty()) return points;
  std::vector<ScoredCase> ordered(cases.begin(), cases.end());
  std::sort(ordered.begin(), ordered.end(),
            [](const ScoredCase& a, const ScoredCase& b) { return a.score > b.score; });
  Confusion table;
  for (const ScoredCase& one : ordered) (one.positive ? table.fn : table.tn) += 1;
  points.push_back({std::nullopt, table});
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    if (ordered[i].positive) {
      ++table.tp;
      --table.fn;
    } else {
      ++table.fp;
      --table.tn;
    }
    const bool last_of_score = i + 1 == ordered.size() || ordered[i + 1].score != ordered[i].score;
    if (last_of_score) points.push_back({ordered[i].score, table});
  }
  if (collapsed) collapse(points);
  return points;
}

std::optional<CurvePoint> largest_youden(std::span<const CurvePoint> points) {
  if (points.empty() || points.back().table.tp == 0 || points.back().table.fp == 0) {
    return std::nullopt;
  }
  const std::int64_t positives = points.back().table.tp;
  const std::int64_t negatives = points.back().table.fp;
  const CurvePoint* best = nullptr;
  std::int64_t most = 0;
  for (const CurvePoint& point : points) {
    const std::int64_t scaled = point.table.tp * negatives - point.table.fp * positives;
    if (best == nullptr || scaled > most) {
      best = &point;
      most = scaled;
    }
  }
  return *best;
}

Result<Estimate> average_precision(std::span<const ScoredCase> cases) {
  return precision_recall_area(
      cases, kAveragePrecisionConvention, [](const Confusion& before, const Confusion& here) {
        return ratio(here.tp - before.tp, here.tp + here.fn) * ratio(here.tp, here.tp + here.fp);
      });
}

Result<Estimate> auprc_trapezoid(std::span<const ScoredCase> cases) {
  return precision_recall_area(
      cases, kAuprcTrapezoidConvention, [](const Confusion& before, const Confusion& here) {
        const double begin =
            before.tp + before.fp == 0 ? 1 : ratio(before.tp, before.tp + before.fp);
        const double end = ratio(here.tp, here.tp + here.fp);
        return ratio(here.tp - before.tp, here.tp + here.fn) * (begin + end) / 2;
      });
}

}  // namespace medperf::metrics
