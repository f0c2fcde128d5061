#include "metrics/segmentation/surfel_area.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace medperf::metrics {
namespace {

// Places in a cube of eight voxel centres, in half voxels: voxels have even coordinates (0 or 2),
// midpoints of the cube's edges have one odd coordinate.
using Point = std::array<int, 3>;
using Triangle = std::array<Point, 3>;

Point corner(unsigned index) {
  return {static_cast<int>(index & 1) * 2, static_cast<int>(index >> 1 & 1) * 2,
          static_cast<int>(index >> 2 & 1) * 2};
}

/// The voxels of `code` that face-neighbours lead to from voxel `start`.
unsigned group_of(unsigned code, unsigned start) {
  unsigned group = 1U << start;
  for (unsigned before = 0; before != group;) {
    before = group;
    for (unsigned voxel = 0; voxel < 8; ++voxel) {
      if ((before >> voxel & 1) == 0) continue;
      for (unsigned axis = 0; axis < 3; ++axis) group |= code & 1U << (voxel ^ 1U << axis);
    }
  }
  return group;
}

bool share_a_face(const Point& a, const Point& b) {
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (a[axis] == b[axis] && a[axis] != 1) return true;
  }
  return false;
}

/// The midpoints of the edges that lead out of the group, in the order in which the surface meets
/// them: neighbours lie on one face of the cube.
std::vector<Point> loop_around(unsigned group) {
  std::vector<Point> open;
  for (unsigned voxel = 0; voxel < 8; ++voxel) {
    if ((group >> voxel & 1) == 0) continue;
    for (unsigned axis = 0; axis < 3; ++axis) {
      if ((group >> (voxel ^ 1U << axis) & 1) != 0) continue;
      open.push_back(corner(voxel));
      open.back()[axis] = 1;
    }
  }
  std::vector<Point> loop = {open.back()};
  open.pop_back();
  while (!open.empty()) {
    const auto next = std::find_if(open.begin(), open.end(), [&loop](const Point& candidate) {
      return share_a_face(loop.back(), candidate);
    });
    loop.push_back(*next);
    open.erase(next);
  }
  return loop;
}

std::size_t axis_of(const Point& midpoint) {
  return midpoint[0] == 1 ? 0U : midpoint[1] == 1 ? 1U : 2U;
}

/// Loops of three, four (flat), five and six midpoints are all there are.
std::vector<Triangle> filled(std::vector<Point> loop) {
  if (loop.size() == 3) return {{loop[0], loop[1], loop[2]}};
  if (loop.size() == 4) return {{loop[0], loop[1], loop[2]}, {loop[0], loop[2], loop[3]}};
  if (loop.size() == 5) {
    // Three voxels around a bend. The midpoints beside their plane make one triangle, with that of
    // the voxel in the bend between the others; what is left is flat.
    while (axis_of(loop[4]) != axis_of(loop[0]) || axis_of(loop[1]) != axis_of(loop[0])) {
      std::rotate(loop.begin(), loop.begin() + 1, loop.end());
    }
    return {{loop[4], loop[0], loop[1]}, {loop[1], loop[2], loop[3]}, {loop[1], loop[3], loop[4]}};
  }
  // Flat, or around a twisted row of four voxels. Of the latter's triangulations the one that cuts
  // off every second midpoint is the same from both ends and from both sides.
  return {{loop[0], loop[2], loop[4]},
          {loop[0], loop[1], loop[2]},
          {loop[2], loop[3], loop[4]},
          {loop[4], loop[5], loop[0]}};
}

/// Cross product of two sides: twice the triangle's area as a vector, in quarters of a unit area.
Point normal(const Triangle& triangle) {
  Point u{};
  Point v{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    u[axis] = triangle[1][axis] - triangle[0][axis];
    v[axis] = triangle[2][axis] - triangle[0][axis];
  }
  return {u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]};
}

using Normals = std::array<std::vector<Point>, 256>;

Normals normals_of_codes() {
  Normals normals;
  for (unsigned code = 1; code < 255; ++code) {
    unsigned left = std::popcount(code) > 4 ? ~code & 255U : code;
    while (left != 0) {
      const unsigned group = group_of(left, static_cast<unsigned>(std::countr_zero(left)));
      for (const Triangle& triangle : filled(loop_around(group))) {
        normals[code].push_back(normal(triangle));
      }
      left &= ~group;
    }
  }
  return normals;
}

}  // namespace

std::array<double, 256> surfel_areas_mm2(const SpacingMm& spacing) {
  static const Normals normals = normals_of_codes();
  std::array<double, 256> areas{};
  for (std::size_t code = 1; code < 255; ++code) {
    for (const Point& one : normals[code]) {
      const double x = one[0] * spacing.y * spacing.z;
      const double y = one[1] * spacing.x * spacing.z;
      const double z = one[2] * spacing.x * spacing.y;
      areas[code] += std::sqrt(x * x + y * y + z * z) / 8;
    }
  }
  return areas;
}

std::array<double, 16> contour_lengths_mm(const SpacingMm& spacing) {
  const double along_x = spacing.x;
  const double along_y = spacing.y;
  const double across = std::hypot(spacing.x, spacing.y) / 2;  // cuts off one pixel
  std::array<double, 16> lengths{};
  for (unsigned code = 1; code < 15; ++code) {
    const bool top = (code & 3U) == 3U || (code & 3U) == 0U;   // both pixels of dy = 0 alike
    const bool left = (code & 5U) == 5U || (code & 5U) == 0U;  // both pixels of dx = 0 alike
    if (std::popcount(code) != 2) {
      lengths[code] = across;
    } else if (top) {
      lengths[code] = along_x;
    } else if (left) {
      lengths[code] = along_y;
    } else {
      lengths[code] = 2 * across;
    }
  }
  return lengths;
}

}  // namespace medperf::metrics
