#pragma once
// The header of NIfTI-1 and NIfTI-2 files, and the grid that it describes.
// Source: nifti1.h and nifti2.h of the NIfTI Data Format Working Group (layout, units, the three
// methods of orientation).

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "imaging/geometry.h"
#include "imaging/volume.h"

namespace medperf::imaging {

inline constexpr std::size_t kNifti1HeaderBytes = 348;
inline constexpr std::size_t kNifti2HeaderBytes = 540;

/// The fields that matter here, in native byte order and with the widths of NIfTI-2.
struct NiftiHeader {
  int version = 1;
  bool swapped = false;     ///< written in the other byte order
  bool single_file = true;  ///< .nii; else a pair .hdr and .img
  std::array<std::int64_t, 8> dim{};
  std::int64_t datatype = 0;
  std::array<double, 8> pixdim{};
  double vox_offset = 0;
  double slope = 0;
  double intercept = 0;
  int units = 0;
  std::int64_t qform_code = 0;
  std::int64_t sform_code = 0;
  std::array<double, 3> quaternion{};  ///< b, c, d
  std::array<double, 3> offset{};
  std::array<std::array<double, 4>, 3> srow{};
};

/// Reads the header from the first bytes of a file (540 are enough). Errors: corrupt (no NIfTI
/// file, cut short), invalid (ANALYZE 7.5, which states no orientation).
Result<NiftiHeader> parse_nifti_header(std::string_view bytes);

/// The element type. Errors: invalid, with the name of a type that is not read (complex, RGB,
/// bits, 128-bit floats).
Result<ElementType> element_type(const NiftiHeader& header);

/// The grid of one 3-D frame and how many there are (dim[4] x ... x dim[7]). Rules:
/// - sform_code > 0: the sform. Else qform_code > 0: the qform. Else pixdim alone, axes taken as
///   R, A, S, with a remark. (nibabel and SPM prefer the sform too.)
/// - Both forms present and apart by more than 1e-3: a remark.
/// - Spacing is the length of the columns of the form used; pixdim that says otherwise: a remark.
/// - xyzt_units m and um are turned into mm; unknown is taken as mm.
/// - RAS is turned into LPS: x and y change their sign.
/// Errors: invalid (dimensions, numbers that are not finite or not above 0, a sheared form).
struct NiftiGrid {
  Geometry geometry;
  std::uint64_t frames = 1;
  std::vector<std::string> remarks;
};
Result<NiftiGrid> nifti_grid(const NiftiHeader& header);

/// A NIfTI-1 header (352 bytes, with the empty extension) that says the same: sform and qform
/// both, units mm, codes 1 (scanner). Errors: invalid (an axis has more than 32767 voxels).
Result<std::string> make_nifti1_header(const Geometry& geometry, ElementType type);

}  // namespace medperf::imaging
