#include "imaging/geometry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace medperf::imaging {
namespace {

std::string in_words(const Vector3& v, std::string_view between) {
  return fmt::format("{:.7g}{}{:.7g}{}{:.7g}", v[0], between, v[1], between, v[2]);
}

std::string in_words(const std::array<Vector3, 3>& axes) {
  return fmt::format("({}), ({}), ({})", in_words(axes[0], " "), in_words(axes[1], " "),
                     in_words(axes[2], " "));
}

/// In the first `count` numbers. Written so that NaN is never near anything.
bool near(const Vector3& a, const Vector3& b, double tolerance, std::size_t count = 3) {
  for (std::size_t d = 0; d < count; ++d) {
    if (!(std::abs(a[d] - b[d]) <= tolerance)) return false;
  }
  return true;
}

/// Spacings within `tolerance` and within a thousandth of them: a microscope's pixels are smaller
/// than a tolerance for scanners.
bool near_spacing(const Vector3& a, const Vector3& b, double tolerance, std::size_t count) {
  for (std::size_t d = 0; d < count; ++d) {
    const double smaller = std::min(a[d], b[d]);
    if (!(std::abs(a[d] - b[d]) <= std::min(tolerance, kSpacingShare * smaller))) return false;
  }
  return true;
}

/// What `tolerance` means for two grids.
struct Tolerances {
  bool one_plane = false;  ///< a 2-D image and a volume of one slice: the third axis says nothing
  std::size_t axes = 3;    ///< that are compared
  double origin_mm = 0;

  Tolerances(const Geometry& a, const Geometry& b, double tolerance) {
    one_plane = a.dimensions != b.dimensions && a.size[2] == 1 && b.size[2] == 1;
    if (one_plane) axes = 2;
    double smallest = 1;
    double farthest = 0;
    for (std::size_t d = 0; d < 3; ++d) {
      if (d < axes) smallest = std::min({smallest, a.spacing_mm[d], b.spacing_mm[d]});
      farthest = std::max({farthest, std::abs(a.origin_mm[d]), std::abs(b.origin_mm[d])});
    }
    // Files hold 32-bit floats: two ways to the same place may differ by a few of their steps.
    constexpr double kFloatSteps = 4 * 0x1p-24;
    origin_mm = std::min(tolerance, std::max(kSpacingShare * smallest, kFloatSteps * farthest));
  }
};

}  // namespace

Vector3 cross(const Vector3& a, const Vector3& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

double dot(const Vector3& a, const Vector3& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

double length(const Vector3& a) {
  return std::sqrt(dot(a, a));
}

std::uint64_t Geometry::voxel_count() const {
  return std::uint64_t{size[0]} * size[1] * size[2];
}

double Geometry::voxel_volume_mm3() const {
  return spacing_mm[0] * spacing_mm[1] * spacing_mm[2];
}

Vector3 Geometry::position_mm(double i, double j, double k) const {
  const Vector3 steps{i * spacing_mm[0], j * spacing_mm[1], k * spacing_mm[2]};
  Vector3 point = origin_mm;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    for (std::size_t d = 0; d < 3; ++d) point[d] += axes[axis][d] * steps[axis];
  }
  return point;
}

Vector3 Geometry::index_of(const Vector3& point_mm) const {
  const Vector3 from_origin{point_mm[0] - origin_mm[0], point_mm[1] - origin_mm[1],
                            point_mm[2] - origin_mm[2]};
  // Cramer's rule, not the transposed matrix: axes are orthogonal only within kShearTolerance.
  const double determinant = dot(axes[0], cross(axes[1], axes[2]));
  return {dot(from_origin, cross(axes[1], axes[2])) / determinant / spacing_mm[0],
          dot(from_origin, cross(axes[2], axes[0])) / determinant / spacing_mm[1],
          dot(from_origin, cross(axes[0], axes[1])) / determinant / spacing_mm[2]};
}

std::vector<GeometryDifference> compare(const Geometry& a, const Geometry& b, double tolerance) {
  using What = GeometryDifference::What;
  std::vector<GeometryDifference> found;
  const Tolerances within(a, b, tolerance);
  if (a.dimensions != b.dimensions && !within.one_plane) {
    found.push_back(
        {What::kDimensions, fmt::format("{}-D against {}-D", a.dimensions, b.dimensions)});
  }
  if (a.size != b.size) {
    found.push_back(
        {What::kSize, fmt::format("size {} x {} x {} against {} x {} x {} voxels", a.size[0],
                                  a.size[1], a.size[2], b.size[0], b.size[1], b.size[2])});
  }
  if (!near_spacing(a.spacing_mm, b.spacing_mm, tolerance, within.axes)) {
    found.push_back(
        {What::kSpacing, fmt::format("spacing {} mm against {} mm", in_words(a.spacing_mm, " x "),
                                     in_words(b.spacing_mm, " x "))});
  }
  if (!near(a.origin_mm, b.origin_mm, within.origin_mm)) {
    found.push_back(
        {What::kOrigin, fmt::format("origin ({}) mm against ({}) mm", in_words(a.origin_mm, ", "),
                                    in_words(b.origin_mm, ", "))});
  }
  bool same_direction = true;
  for (std::size_t axis = 0; axis < within.axes; ++axis) {
    same_direction = same_direction && near(a.axes[axis], b.axes[axis], tolerance);
  }
  if (!same_direction) {
    found.push_back({What::kDirection, fmt::format("directions of the axes {} against {}",
                                                   in_words(a.axes), in_words(b.axes))});
  }
  return found;
}

Status require_same_grid(const Geometry& a, const Geometry& b, std::string_view a_name,
                         std::string_view b_name) {
  const auto differences = compare(a, b);
  if (differences.empty()) return {};
  std::string what = fmt::format("{} and {} lie on different grids: ", a_name, b_name);
  for (std::size_t i = 0; i < differences.size(); ++i) {
    what += (i == 0 ? "" : "; ") + differences[i].text;
  }
  return make_error(ErrorKind::kInvalid, {}, std::move(what),
                    "Bring both onto one grid, or ask for resampling to the reference's.");
}

Status check_geometry(const Geometry& geometry) {
  const auto broken = [](std::string what) {
    return make_error(ErrorKind::kInvalid, {}, std::move(what),
                      "Correct the header or resample the image onto an upright grid.");
  };
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double spacing = geometry.spacing_mm[axis];
    if (!(spacing > 0) || !std::isfinite(spacing)) {
      return broken(fmt::format("the spacing along axis {} is {} mm", axis + 1, spacing));
    }
    if (!std::isfinite(geometry.origin_mm[axis])) {
      return broken("the position of the first voxel is not a finite number");
    }
    if (!(std::abs(length(geometry.axes[axis]) - 1) <= kShearTolerance)) {
      return broken(fmt::format("the direction of axis {} ({}) is no unit vector", axis + 1,
                                in_words(geometry.axes[axis], " ")));
    }
    const std::size_t next = (axis + 1) % 3;
    const double shear = dot(geometry.axes[axis], geometry.axes[next]);
    if (!(std::abs(shear) <= kShearTolerance)) {
      return broken(fmt::format(
          "axes {} and {} are not at right angles (the cosine between them is {:.4g}): the grid "
          "is sheared, as by a tilted gantry",
          axis + 1, next + 1, shear));
    }
  }
  return {};
}

}  // namespace medperf::imaging
