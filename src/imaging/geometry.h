#pragma once
// Where the voxels of a volume lie in the patient, and whether two volumes lie on the same grid.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace medperf::imaging {

using Vector3 = std::array<double, 3>;

/// A grid of voxels in the patient.
///
/// Coordinates are millimetres in **LPS** (x grows to the patient's left, y to posterior, z to
/// superior), everywhere in this room: DICOM's and ITK's convention. NIfTI files hold RAS; their
/// reader turns x and y around, their writer turns them back. Axes are i, j, k with i fastest in
/// memory. They are orthogonal: readers refuse a sheared grid (see kShearTolerance), since
/// distances in it are not those that the metrics compute from the spacing.
struct Geometry {
  int dimensions = 3;                 ///< 2 (then size[2] is 1) or 3
  std::array<std::size_t, 3> size{};  ///< voxels along i, j, k
  Vector3 spacing_mm{1, 1, 1};        ///< between the centres of neighbours along i, j, k
  Vector3 origin_mm{0, 0, 0};         ///< the centre of voxel (0, 0, 0)
  std::array<Vector3, 3> axes{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};  ///< unit vectors of i, j, k

  std::uint64_t voxel_count() const;
  double voxel_volume_mm3() const;
  /// Element of the 3x3 direction matrix of DICOM and ITK: column a is the unit vector of axis a.
  double direction(std::size_t row, std::size_t column) const { return axes[column][row]; }
  /// The centre of voxel (i, j, k), which may lie outside the grid, in mm LPS.
  Vector3 position_mm(double i, double j, double k) const;
  /// The (broken) voxel indices of a point in mm LPS: the inverse of position_mm.
  Vector3 index_of(const Vector3& point_mm) const;
};

/// Two axes whose unit vectors have a scalar product above this are called sheared (0.06 degrees;
/// files rounded to four digits stay far below).
inline constexpr double kShearTolerance = 1e-3;
/// Sizes are compared exactly; spacing and origin within this many mm, direction cosines within
/// this number.
inline constexpr double kGeometryTolerance = 1e-4;
/// Spacings besides within this share of the smaller, origins within this share of the smallest
/// spacing or the rounding of 32-bit floats at that place: what counts below 0.1 mm.
inline constexpr double kSpacingShare = 1e-3;

/// One thing in which two grids differ, said for people.
struct GeometryDifference {
  enum class What { kDimensions, kSize, kSpacing, kOrigin, kDirection };
  What what = What::kSize;
  std::string text;  ///< "spacing 1 x 1 x 1 mm against 1 x 1 x 2.5 mm"
};

/// All differences of two grids; empty: they are the same grid. Symmetric but for the wording.
/// A NaN differs from everything. A 2-D image and a volume of one slice may be the same grid: what
/// the third axis of either states is not compared then.
std::vector<GeometryDifference> compare(const Geometry& a, const Geometry& b,
                                        double tolerance = kGeometryTolerance);

/// Error (invalid), naming every difference, unless the two are the same grid. `a` and `b` name
/// the volumes in the message, e.g. "prediction" and "reference".
Status require_same_grid(const Geometry& a, const Geometry& b, std::string_view a_name,
                         std::string_view b_name);

/// Error (invalid) when an axis is no unit vector, two are sheared, a spacing is not above 0 or
/// anything is not finite: what each reader calls last.
Status check_geometry(const Geometry& geometry);

/// The unit vectors of i and j are given: k's, right-handed.
Vector3 cross(const Vector3& a, const Vector3& b);
double dot(const Vector3& a, const Vector3& b);
double length(const Vector3& a);

}  // namespace medperf::imaging
