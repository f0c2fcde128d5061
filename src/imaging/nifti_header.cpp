#include "imaging/nifti_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace medperf::imaging {
namespace {

Error broken(std::string what) {
  return make_error(ErrorKind::kInvalid, {}, std::move(what),
                    "Correct the header, or write the image again.");
}

/// Takes numbers from the header's bytes.
class Fields {
 public:
  Fields(std::string_view bytes, bool swapped) : bytes_(bytes), swapped_(swapped) {}

  template <typename T>
  T at(std::size_t offset) const {
    std::array<char, sizeof(T)> raw;
    std::memcpy(raw.data(), bytes_.data() + offset, sizeof(T));
    if (swapped_) std::reverse(raw.begin(), raw.end());
    return std::bit_cast<T>(raw);
  }
  template <typename To, typename T, std::size_t N>
  void read(std::array<To, N>& out, std::size_t offset) const {
    for (std::size_t i = 0; i < N; ++i) out[i] = at<T>(offset + i * sizeof(T));
  }

 private:
  std::string_view bytes_;
  bool swapped_;
};

NiftiHeader read_version1(const Fields& fields) {
  NiftiHeader h;
  h.version = 1;
  fields.read<std::int64_t, std::int16_t>(h.dim, 40);
  h.datatype = fields.at<std::int16_t>(70);
  fields.read<double, float>(h.pixdim, 76);
  h.vox_offset = fields.at<float>(108);
  h.slope = fields.at<float>(112);
  h.intercept = fields.at<float>(116);
  h.units = fields.at<std::uint8_t>(123);
  h.qform_code = fields.at<std::int16_t>(252);
  h.sform_code = fields.at<std::int16_t>(254);
  fields.read<double, float>(h.quaternion, 256);
  fields.read<double, float>(h.offset, 268);
  for (std::size_t row = 0; row < 3; ++row) fields.read<double, float>(h.srow[row], 280 + 16 * row);
  return h;
}

NiftiHeader read_version2(const Fields& fields) {
  NiftiHeader h;
  h.version = 2;
  fields.read<std::int64_t, std::int64_t>(h.dim, 16);
  h.datatype = fields.at<std::int16_t>(12);
  fields.read<double, double>(h.pixdim, 104);
  h.vox_offset = static_cast<double>(fields.at<std::int64_t>(168));
  h.slope = fields.at<double>(176);
  h.intercept = fields.at<double>(184);
  h.units = fields.at<std::int32_t>(500) & 0xff;
  h.qform_code = fields.at<std::int32_t>(344);
  h.sform_code = fields.at<std::int32_t>(348);
  fields.read<double, double>(h.quaternion, 352);
  fields.read<double, double>(h.offset, 376);
  for (std::size_t row = 0; row < 3; ++row) {
    fields.read<double, double>(h.srow[row], 400 + 32 * row);
  }
  return h;
}

/// An affine map of voxel indices to mm RAS: three columns and the offset.
struct Affine {
  std::array<Vector3, 3> columns{};
  Vector3 offset{};
};

Affine sform_of(const NiftiHeader& h) {
  Affine affine;
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t column = 0; column < 3; ++column) {
      affine.columns[column][row] = h.srow[row][column];
    }
    affine.offset[row] = h.srow[row][3];
  }
  return affine;
}

/// Source: nifti1.h, "METHOD 2": the rotation of the unit quaternion (a, b, c, d), a >= 0.
Result<Affine> qform_of(const NiftiHeader& h) {
  auto [b, c, d] = h.quaternion;
  const double norm2 = b * b + c * c + d * d;
  if (!(norm2 <= 1 + 1e-3)) {
    return broken(fmt::format("the qform's quaternion ({}, {}, {}) is longer than 1", b, c, d));
  }
  // What rounding can make of half a turn (a = 0) is taken as one: the root would turn an error of
  // 1e-7 into 3e-4. Same threshold as nibabel.
  const double rounding = 3 * (h.version == 1 ? double{std::numeric_limits<float>::epsilon()}
                                              : std::numeric_limits<double>::epsilon());
  double a = 0;
  if (norm2 < 1 - rounding) {
    a = std::sqrt(1 - norm2);
  } else {
    const double norm = std::sqrt(norm2);
    b /= norm;
    c /= norm;
    d /= norm;
  }
  Affine affine;
  affine.columns[0] = {a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c)};
  affine.columns[1] = {2 * (b * c - a * d), a * a + c * c - b * b - d * d, 2 * (c * d + a * b)};
  affine.columns[2] = {2 * (b * d + a * c), 2 * (c * d - a * b), a * a + d * d - b * b - c * c};
  affine.offset = h.offset;
  const double qfac = h.pixdim[0] < 0 ? -1 : 1;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const bool flat = h.dim[0] == 2 && axis == 2;
    const double step =
        (flat && !(h.pixdim[3] > 0) ? 1 : h.pixdim[axis + 1]) * (axis == 2 ? qfac : 1);
    for (double& value : affine.columns[axis]) value *= step;
  }
  return affine;
}

Affine pixdim_of(const NiftiHeader& h) {
  Affine affine;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const bool flat = h.dim[0] == 2 && axis == 2;
    affine.columns[axis][axis] = flat && !(h.pixdim[3] > 0) ? 1 : h.pixdim[axis + 1];
  }
  return affine;
}

/// The affine map as a grid in mm LPS.
Result<Geometry> to_grid(Affine affine, const Geometry& sizes, double mm_per_unit) {
  Geometry g = sizes;
  if (g.dimensions == 2 && length(affine.columns[2]) == 0) {
    const Vector3 normal = cross(affine.columns[0], affine.columns[1]);
    const double scale = 1 / (length(normal) * mm_per_unit);
    affine.columns[2] = {normal[0] * scale, normal[1] * scale, normal[2] * scale};
  }
  constexpr Vector3 kRasToLps{-1, -1, 1};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double step = length(affine.columns[axis]);
    g.spacing_mm[axis] = step * mm_per_unit;
    for (std::size_t d = 0; d < 3; ++d) {
      // + 0.0 turns a negative zero into zero
      g.axes[axis][d] = affine.columns[axis][d] / step * kRasToLps[d] + 0.0;
    }
    g.origin_mm[axis] = affine.offset[axis] * mm_per_unit * kRasToLps[axis] + 0.0;
  }
  MEDPERF_CHECK(check_geometry(g));
  return g;
}

/// Size and number of frames from dim; products stay below 2^63.
Status read_size(const NiftiHeader& h, NiftiGrid& grid) {
  const std::int64_t count = h.dim[0];
  if (count < 2 || count > 7) {
    return broken(fmt::format("the image has {} dimensions (2 to 7 are read)", count));
  }
  std::uint64_t product = 1;
  for (std::size_t d = 1; d <= static_cast<std::size_t>(count); ++d) {
    if (h.dim[d] < 1) return broken(fmt::format("dimension {} has {} voxels", d, h.dim[d]));
    const auto extent = static_cast<std::uint64_t>(h.dim[d]);
    if (extent > (std::uint64_t{1} << 62) / product) {
      return make_error(ErrorKind::kTooLarge, {}, "the image has more than 2^62 voxels");
    }
    product *= extent;
    if (d > 3) grid.frames *= extent;
  }
  grid.geometry.dimensions = count == 2 ? 2 : 3;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const bool there = axis < static_cast<std::size_t>(count);
    grid.geometry.size[axis] = there ? static_cast<std::size_t>(h.dim[axis + 1]) : 1;
  }
  return {};
}

Result<double> mm_per_unit(const NiftiHeader& h) {
  switch (h.units & 7) {
    case 0:
    case 2:
      return 1.0;
    case 1:
      return 1000.0;
    case 3:
      return 0.001;
    default:
      return broken(fmt::format("the unit of length has code {} (1 m, 2 mm, 3 um)", h.units & 7));
  }
}

void remark_on_pixdim(const NiftiHeader& h, const Geometry& g, double unit,
                      std::vector<std::string>& remarks) {
  for (std::size_t axis = 0; axis < static_cast<std::size_t>(g.dimensions); ++axis) {
    const double stated = h.pixdim[axis + 1] * unit;
    if (!(std::abs(stated - g.spacing_mm[axis]) <= 1e-3)) {
      remarks.push_back(fmt::format(
          "pixdim states a spacing of {:.7g} mm along axis {}, the orientation {:.7g} mm, which is "
          "used",
          stated, axis + 1, g.spacing_mm[axis]));
    }
  }
}

/// Half of the rotation that the matrix of these columns describes, as (a, b, c, d) with a >= 0.
/// Takes the largest of the four from the diagonal and the others from sums and differences, which
/// never divides by a small number. Source: Shepperd, J. Guidance and Control 1 (1978) 223.
std::array<double, 4> quaternion_of(const std::array<Vector3, 3>& m) {
  const double trace = m[0][0] + m[1][1] + m[2][2];
  std::array<double, 4> q{};
  const std::array<double, 4> squares{trace, m[0][0], m[1][1], m[2][2]};
  const auto largest =
      static_cast<std::size_t>(std::max_element(squares.begin(), squares.end()) - squares.begin());
  const double r =
      std::sqrt(std::max(0.0, largest == 0 ? 1 + trace : 1 + 2 * squares[largest] - trace));
  const double s = 0.5 / r;
  if (largest == 0) {
    q = {r / 2, (m[1][2] - m[2][1]) * s, (m[2][0] - m[0][2]) * s, (m[0][1] - m[1][0]) * s};
  } else {
    const std::size_t i = largest - 1;
    const std::size_t j = (i + 1) % 3;
    const std::size_t k = (i + 2) % 3;
    q[0] = (m[j][k] - m[k][j]) * s;
    q[1 + i] = r / 2;
    q[1 + j] = (m[i][j] + m[j][i]) * s;
    q[1 + k] = (m[i][k] + m[k][i]) * s;
  }
  if (q[0] < 0) {
    for (double& value : q) value = -value;
  }
  return q;
}

template <typename T>
void put(std::string& bytes, std::size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(value));
}

struct CodeRow {
  ElementType type;
  std::int16_t code;
};
constexpr CodeRow kCodes[] = {{ElementType::kU8, 2},     {ElementType::kI16, 4},
                              {ElementType::kI32, 8},    {ElementType::kF32, 16},
                              {ElementType::kF64, 64},   {ElementType::kI8, 256},
                              {ElementType::kU16, 512},  {ElementType::kU32, 768},
                              {ElementType::kI64, 1024}, {ElementType::kU64, 1280}};

std::string_view name_of_unread(std::int64_t code) {
  switch (code) {
    case 1:
      return "single bits";
    case 32:
    case 1792:
    case 2048:
      return "complex numbers";
    case 128:
    case 2304:
      return "colours";
    case 1536:
      return "128-bit floating-point numbers";
    default:
      return "an unknown type";
  }
}

}  // namespace

Result<NiftiHeader> parse_nifti_header(std::string_view bytes) {
  const auto no_nifti = [] {
    return make_error(ErrorKind::kCorrupt, {}, "this is no NIfTI file",
                      "Give a .nii, .nii.gz or .hdr file of NIfTI-1 or NIfTI-2.");
  };
  if (bytes.size() < 4) return no_nifti();
  for (const bool swapped : {false, true}) {
    const Fields fields(bytes, swapped);
    const auto size = fields.at<std::int32_t>(0);
    if (size != kNifti1HeaderBytes && size != kNifti2HeaderBytes) continue;
    if (bytes.size() < static_cast<std::size_t>(size)) {
      return make_error(
          ErrorKind::kCorrupt, {},
          fmt::format("the NIfTI header is cut short: {} of {} bytes", bytes.size(), size));
    }
    const bool first = size == kNifti1HeaderBytes;
    const std::string_view magic = first ? bytes.substr(344, 4) : bytes.substr(4, 4);
    const char version = first ? '1' : '2';
    if (magic[0] != 'n' || (magic[1] != '+' && magic[1] != 'i') || magic[2] != version ||
        magic[3] != '\0') {
      if (!first) return no_nifti();
      return make_error(ErrorKind::kInvalid, {},
                        "the header has the size of NIfTI-1 but not its mark: ANALYZE 7.5, which "
                        "states no orientation, is not read",
                        "Convert the image to NIfTI with its orientation.");
    }
    NiftiHeader header = first ? read_version1(fields) : read_version2(fields);
    header.swapped = swapped;
    header.single_file = magic[1] == '+';
    return header;
  }
  return no_nifti();
}

Result<ElementType> element_type(const NiftiHeader& header) {
  for (const CodeRow& row : kCodes) {
    if (row.code == header.datatype) return row.type;
  }
  return make_error(ErrorKind::kInvalid, {},
                    fmt::format("the voxels are {} (NIfTI datatype {}), which are not read here",
                                name_of_unread(header.datatype), header.datatype),
                    "Save integers of up to 64 bits or floats of 32 or 64 bits.");
}

Result<NiftiGrid> nifti_grid(const NiftiHeader& h) {
  NiftiGrid grid;
  MEDPERF_CHECK(read_size(h, grid));
  MEDPERF_TRY(const double unit, mm_per_unit(h));
  for (int axis = 1; axis <= grid.geometry.dimensions; ++axis) {
    const double stated = h.pixdim[static_cast<std::size_t>(axis)];
    if (!std::isfinite(stated)) {
      return broken(fmt::format("the spacing (pixdim) along axis {} is {}", axis, stated));
    }
    if (h.sform_code <= 0 && !(stated > 0)) {
      return broken(
          fmt::format("the spacing (pixdim) along axis {} is {} and no sform states "
                      "another",
                      axis, stated));
    }
  }
  const Geometry sizes = grid.geometry;
  if (h.sform_code > 0) {
    MEDPERF_TRY(grid.geometry, to_grid(sform_of(h), sizes, unit));
    remark_on_pixdim(h, grid.geometry, unit, grid.remarks);
    if (h.qform_code > 0) {
      const auto affine = qform_of(h);
      const auto other = affine ? to_grid(*affine, sizes, unit) : Result<Geometry>(affine.error());
      if (!other) {
        grid.remarks.push_back("the qform is unusable (" + other.error().what +
                               "); the sform is used");
      } else if (const auto apart = compare(grid.geometry, *other, 1e-3); !apart.empty()) {
        grid.remarks.push_back("sform and qform differ, the sform is used: " + apart[0].text);
      }
    }
  } else if (h.qform_code > 0) {
    MEDPERF_TRY(const Affine affine, qform_of(h));
    MEDPERF_TRY(grid.geometry, to_grid(affine, sizes, unit));
  } else {
    MEDPERF_TRY(grid.geometry, to_grid(pixdim_of(h), sizes, unit));
    grid.remarks.emplace_back(
        "the file states no orientation: its axes are taken as right, anterior, superior");
  }
  return grid;
}

Result<std::string> make_nifti1_header(const Geometry& geometry, ElementType type) {
  std::string bytes(352, '\0');
  put<std::int32_t>(bytes, 0, kNifti1HeaderBytes);
  bytes[38] = 'r';  // "regular", as ANALYZE had it
  put<std::int16_t>(bytes, 40, static_cast<std::int16_t>(geometry.dimensions));
  for (std::size_t d = 1; d <= 7; ++d) {
    const std::size_t extent = d <= 3 ? geometry.size[d - 1] : 1;
    if (extent < 1 || extent > 32767) {
      return make_error(ErrorKind::kInvalid, {},
                        fmt::format("NIfTI-1 holds no axis of {} voxels", extent));
    }
    put<std::int16_t>(bytes, 40 + 2 * d, static_cast<std::int16_t>(extent));
  }
  for (const CodeRow& row : kCodes) {
    if (row.type == type) put<std::int16_t>(bytes, 70, row.code);
  }
  put<std::int16_t>(bytes, 72, static_cast<std::int16_t>(8 * size_of(type)));
  std::array<Vector3, 3> ras = geometry.axes;
  for (Vector3& axis : ras) axis = {-axis[0] + 0.0, -axis[1] + 0.0, axis[2]};
  const Vector3 origin{-geometry.origin_mm[0] + 0.0, -geometry.origin_mm[1] + 0.0,
                       geometry.origin_mm[2]};
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      put(bytes, 280 + 16 * row + 4 * axis,
          static_cast<float>(ras[axis][row] * geometry.spacing_mm[axis]));
    }
    put(bytes, 280 + 16 * row + 12, static_cast<float>(origin[row]));
    put(bytes, 268 + 4 * row, static_cast<float>(origin[row]));
    put(bytes, 80 + 4 * row, static_cast<float>(geometry.spacing_mm[row]));
  }
  const bool left_handed = dot(ras[0], cross(ras[1], ras[2])) < 0;
  put(bytes, 76, left_handed ? -1.0F : 1.0F);  // qfac
  if (left_handed) ras[2] = {-ras[2][0], -ras[2][1], -ras[2][2]};
  const auto q = quaternion_of(ras);
  for (std::size_t i = 0; i < 3; ++i) put(bytes, 256 + 4 * i, static_cast<float>(q[i + 1]));
  put(bytes, 108, 352.0F);
  put(bytes, 112, 1.0F);
  bytes[123] = 2;  // mm
  put<std::int16_t>(bytes, 252, 1);
  put<std::int16_t>(bytes, 254, 1);
  std::memcpy(bytes.data() + 344, "n+1", 4);
  return bytes;
}

}  // namespace medperf::imaging
