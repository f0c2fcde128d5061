#include "cohort/label_map.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "imaging/dicom.h"
#include "imaging/nifti.h"
#include "imaging/npy.h"
#include "imaging/png.h"

namespace medperf::cohort {
namespace {

using imaging::ElementType;

bool ends_with_any(const std::string& name, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [&name](std::string_view ending) { return name.ends_with(ending); });
}

Result<imaging::Geometry> plain_grid(std::array<std::size_t, 3> size, const LabelMapRules& rules) {
  if (!rules.spacing_mm && rules.needs_spacing) {
    return make_error(ErrorKind::kInvalid, {}, "the file does not say how large its voxels are",
                      "Give their size in mm (--spacing), or ask for no distances and volumes.");
  }
  imaging::Geometry grid;
  grid.size = size;
  grid.dimensions = size[2] == 1 ? 2 : 3;
  if (rules.spacing_mm) grid.spacing_mm = *rules.spacing_mm;
  MEDPERF_CHECK(imaging::check_geometry(grid));
  return grid;
}

Result<imaging::Volume> from_png(const fs::path& path, const LabelMapRules& rules) {
  MEDPERF_TRY(const std::string bytes, read_file(path, rules.limit, rules.links));
  imaging::PngLimits limits;
  limits.pixels = std::min(limits.pixels, rules.limit.value / sizeof(std::uint16_t));
  limits.fewest_bits = 1;
  MEDPERF_TRY(const imaging::GreyImage image, imaging::parse_png(bytes, limits));
  MEDPERF_TRY(const imaging::Geometry grid, plain_grid({image.width, image.height, 1}, rules));
  imaging::Volume volume = imaging::make_volume(grid, ElementType::kU16);
  std::copy(image.pixels.begin(), image.pixels.end(), volume.as<std::uint16_t>().begin());
  return imaging::to_labels(std::move(volume), rules.limit);
}

ElementType element_of(imaging::NpyType type) {
  switch (type) {
    case imaging::NpyType::kBool:
    case imaging::NpyType::kU8:
      return ElementType::kU8;
    case imaging::NpyType::kI8:
      return ElementType::kI8;
    case imaging::NpyType::kU16:
      return ElementType::kU16;
    case imaging::NpyType::kI16:
      return ElementType::kI16;
    case imaging::NpyType::kU32:
      return ElementType::kU32;
    case imaging::NpyType::kI32:
      return ElementType::kI32;
    case imaging::NpyType::kU64:
      return ElementType::kU64;
    case imaging::NpyType::kI64:
      return ElementType::kI64;
    case imaging::NpyType::kF32:
      return ElementType::kF32;
    case imaging::NpyType::kF64:
      break;
  }
  return ElementType::kF64;
}

Result<imaging::Volume> from_npy(const fs::path& path, const LabelMapRules& rules) {
  constexpr std::uint64_t kHeader = 1 << 20;
  MEDPERF_TRY(const std::string bytes,
              read_file(path, Bytes{rules.limit.value + kHeader}, rules.links));
  MEDPERF_TRY(const imaging::NpyArray array, imaging::parse_npy(bytes, {.data = rules.limit}));
  const auto& shape = array.shape;
  if (shape.size() != 2 && shape.size() != 3) {
    return make_error(ErrorKind::kInvalid, {}, "the array is " + array.description(),
                      "A label map has two axes (y, x) or three (z, y, x).");
  }
  const std::size_t slices = shape.size() == 3 ? shape[0] : 1;
  MEDPERF_TRY(const imaging::Geometry grid,
              plain_grid({shape.back(), shape[shape.size() - 2], slices}, rules));
  imaging::Volume volume = imaging::make_volume(grid, element_of(array.type));
  std::memcpy(volume.elements.data(), array.data.data(),
              std::min(array.data.size(), volume.elements.size()));
  return imaging::to_labels(std::move(volume), rules.limit);
}

Result<imaging::Volume> from_series(const fs::path& path, const LabelMapRules& rules) {
  MEDPERF_TRY(imaging::Volume volume,
              imaging::read_dicom_series(path, {.pixels = rules.limit}, rules.links));
  return imaging::to_labels(std::move(volume), rules.limit);
}

Result<imaging::Volume> from_nifti(const fs::path& path, const LabelMapRules& rules) {
  imaging::NiftiOptions options;
  options.limit = rules.limit;
  options.links = rules.links;
  options.accept = rules.accept;
  return imaging::read_nifti_labels(path, options);
}

Result<LabelFile> from_segmentation(const fs::path& path, const LabelMapRules& rules) {
  auto image = imaging::read_dicom(path, {.pixels = rules.limit}, rules.links);
  if (image) return LabelFile(std::move(image).value());
  Error error = std::move(image).error();
  // Of a file that says by its name that it is something else, no more is to be said.
  if (error.kind == ErrorKind::kCorrupt && path.extension() != ".dcm") {
    error.kind = ErrorKind::kInvalid;
    error.advice =
        "Label maps are read from files that end in .nii, .nii.gz, .hdr, .img, .png or .npy, from "
        "DICOM segmentations and from folders with a DICOM series.";
  }
  return error;
}

/// As a file of labels, whatever function of that kind reads them.
Result<LabelFile> as_file(Result<imaging::Volume>&& volume) {
  if (!volume) return std::move(volume).error();
  return LabelFile(std::move(volume).value());
}

Result<LabelFile> read_any(const fs::path& path, const LabelMapRules& rules) {
  const std::string name = path.filename().string();
  if (ends_with_any(name, {".nii", ".nii.gz", ".hdr", ".hdr.gz", ".img", ".img.gz"})) {
    return as_file(from_nifti(path, rules));
  }
  if (name.ends_with(".png")) return as_file(from_png(path, rules));
  if (name.ends_with(".npy")) return as_file(from_npy(path, rules));
  std::error_code failure;
  if (fs::is_directory(path, failure)) return as_file(from_series(path, rules));
  return from_segmentation(path, rules);
}

}  // namespace

Error advised(Error error) {
  if (error.kind == ErrorKind::kTooLarge) {
    error.advice =
        "If it is as large as that, raise the limit (--largest-map; largest_map_mib in the "
        "parameters of a benchmark).";
  }
  return error;
}

Result<LabelFile> read_label_file(const fs::path& path, const LabelMapRules& rules) {
  auto file = read_any(path, rules);
  if (file) return file;
  Error error = advised(std::move(file).error());
  const std::string name = printable(path.string());
  if (error.where.find(name) != std::string::npos) return error;
  return std::move(error).at(name);
}

}  // namespace medperf::cohort
