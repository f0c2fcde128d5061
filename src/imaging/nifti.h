#pragma once
// NIfTI-1 and NIfTI-2 images: single files (.nii, .nii.gz) and pairs (.hdr and .img), read with
// limits; NIfTI-1 written.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/linked_files.h"
#include "base/result.h"
#include "imaging/nifti_header.h"
#include "imaging/volume.h"

namespace medperf::imaging {

struct NiftiOptions {
  Bytes limit = mebibytes(4096);  ///< of the unpacked file, the packed one, and the volume
  /// Which 3-D frame of a file with a fourth dimension (time, channels), from 0. Without it a file
  /// of several frames is refused: which one is meant is not for a reader to guess.
  std::optional<std::uint64_t> frame = std::nullopt;
  /// Asked before the voxels are read: an error is the answer then. Who wants an image on a grid
  /// that is known need not hold another.
  std::function<Status(const Geometry&)> accept = {};
  Links links = Links::kRefuse;  ///< of the files to be read
};

/// Reads a single-file image given as bytes, packed by gzip or not. All integer types of 8 to 64
/// bits and floats of 32 and 64, in both byte orders; voxels come in native order. With scl_slope
/// (finite, not 0; and not 1 with an intercept of 0) the result is f64, slope x stored +
/// intercept. How orientation is read: nifti_grid.
/// Size: the header is unpacked alone first; what it announces, as stored and as scaled, is held
/// against the limit and against what the packed bytes can hold at all before memory is taken.
/// Errors: corrupt (no NIfTI, damaged, shorter or longer than announced), invalid (types, header,
/// sheared grid, several frames), too_large.
Result<Volume> parse_nifti(std::string_view bytes, const NiftiOptions& options = {});

/// The same for a pair: the bytes of the header file and of the image file, each packed or not.
Result<Volume> parse_nifti_pair(std::string_view header, std::string_view image,
                                const NiftiOptions& options = {});

/// Reads a file: a single one, or a pair by the name of its .hdr or .img (also with .gz).
Result<Volume> read_nifti(const std::filesystem::path& path, const NiftiOptions& options = {});

/// parse_nifti and read_nifti, then to_labels; scaled voxels become labels one by one.
Result<Volume> parse_nifti_labels(std::string_view bytes, const NiftiOptions& options = {});
Result<Volume> read_nifti_labels(const std::filesystem::path& path,
                                 const NiftiOptions& options = {});

enum class NiftiPacking { kNone, kGzip };
/// The bytes of a NIfTI-1 file: the same bytes for the same volume, with no date or name in them.
/// Geometry is rounded to 32-bit floats, as the format has it. Errors: invalid (an axis of more
/// than 32767 voxels).
Result<std::string> write_nifti(const Volume& volume, NiftiPacking packing = NiftiPacking::kGzip);

}  // namespace medperf::imaging
