#include "metrics/segmentation/distance_field.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace medperf::metrics {
namespace {

// Rows of masks are padded and rounded up to words: distances to the end of a row are asked for
// too.
constexpr int kBeyondBox = 2 * 64;

std::vector<double> squares_along(int extent, double spacing_mm) {
  std::vector<double> squares(static_cast<std::size_t>(extent + kBeyondBox));
  for (std::size_t d = 0; d < squares.size(); ++d) {
    const double distance_mm = static_cast<double>(d) * spacing_mm;
    squares[d] = distance_mm * distance_mm;
  }
  return squares;
}

struct Neighbour {
  double squared_mm2;
  int dx, dy, dz;  // not negative
};

/// Shifts to all neighbours whose offsets are those of `n` up to sign; both signs of x are one.
void add_shifts(const Neighbour& n, std::ptrdiff_t row, std::ptrdiff_t slice,
                std::vector<kernels::Shift>& shifts) {
  for (const int y : {n.dy, -n.dy}) {
    for (const int z : {n.dz, -n.dz}) {
      shifts.push_back({y * row + z * slice, n.dx});
      if (n.dz == 0) break;
    }
    if (n.dy == 0) break;
  }
}

}  // namespace

AxisSquares::AxisSquares(const Extent& extent, const SpacingMm& spacing)
    : x(squares_along(extent.x, spacing.x)),
      y(squares_along(extent.y, spacing.y)),
      z(squares_along(extent.z, spacing.z)) {}

NearShells::NearShells(const AxisSquares& squares, std::ptrdiff_t row_words,
                       std::ptrdiff_t slice_words, bool planar) {
  constexpr auto kBeyond = static_cast<std::size_t>(kReach) + 1;
  // Nearer than the first neighbour out of reach: all of these are within it.
  double limit = std::min(squares.x[kBeyond], squares.y[kBeyond]);
  if (!planar) limit = std::min(limit, squares.z[kBeyond]);
  std::vector<Neighbour> neighbours;
  for (int dz = 0; dz <= (planar ? 0 : kReach); ++dz) {
    for (int dy = 0; dy <= kReach; ++dy) {
      for (int dx = 0; dx <= kReach; ++dx) {
        const double squared = squares.of(dx, dy, dz);
        if (squared < limit) neighbours.push_back({squared, dx, dy, dz});
      }
    }
  }
  std::stable_sort(
      neighbours.begin(), neighbours.end(),
      [](const Neighbour& a, const Neighbour& b) { return a.squared_mm2 < b.squared_mm2; });
  for (const Neighbour& one : neighbours) {
    if (squared_mm2.empty() || squared_mm2.back() != one.squared_mm2) {
      squared_mm2.push_back(one.squared_mm2);
      shell_end.push_back(0);
    }
    add_shifts(one, row_words, slice_words, shifts);
    shell_end.back() = static_cast<int>(shifts.size());
  }
}

RowOrder::RowOrder(const AxisSquares& squares, std::ptrdiff_t row_words, std::ptrdiff_t slice_words,
                   const Extent& extent, std::size_t limit) {
  // A radius whose ellipse holds about `limit` rows, but no more rows than the box has.
  const double spacing_y = std::sqrt(squares.y[1]);
  const double spacing_z = std::sqrt(squares.z[1]);
  constexpr double kPi = 3.14159265358979323846;
  double radius = std::sqrt(static_cast<double>(limit) * spacing_y * spacing_z / kPi);
  if (extent.z == 1) radius = static_cast<double>(limit) * spacing_y / 2;
  const int reach_y = std::min(extent.y - 1, static_cast<int>(radius / spacing_y) + 1);
  const int reach_z = std::min(extent.z - 1, static_cast<int>(radius / spacing_z) + 1);
  for (int dz = -reach_z; dz <= reach_z; ++dz) {
    for (int dy = -reach_y; dy <= reach_y; ++dy) {
      rows.push_back(
          {squares.of(0, std::abs(dy), std::abs(dz)), dy * row_words + dz * slice_words, dy, dz});
    }
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const kernels::RowOffset& a, const kernels::RowOffset& b) {
                     return a.squared_mm2 < b.squared_mm2;
                   });
  constexpr double kNever = std::numeric_limits<double>::infinity();
  complete_mm2 = kNever;
  if (reach_y < extent.y - 1) {
    complete_mm2 = std::min(complete_mm2, squares.y[static_cast<std::size_t>(reach_y) + 1]);
  }
  if (reach_z < extent.z - 1) {
    complete_mm2 = std::min(complete_mm2, squares.z[static_cast<std::size_t>(reach_z) + 1]);
  }
  while (!rows.empty() && rows.back().squared_mm2 >= complete_mm2) rows.pop_back();
}

}  // namespace medperf::metrics
