#include "cohort/label_map.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/files.h"
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

Result<imaging::Geometry> plain_grid(std::array<std::size_t, 3> size, const PlainImageRule& rule) {
  if (!rule.spacing_mm && rule.needs_spacing) {
    return make_error(ErrorKind::kInvalid, {}, "the file does not say how large its voxels are",
                      "Give their size in mm (--spacing), or ask for no distances and volumes.");
  }
  imaging::Geometry grid;
  grid.size = size;
  grid.dimensions = size[2] == 1 ? 2 : 3;
  if (rule.spacing_mm) grid.spacing_mm = *rule.spacing_mm;
  MEDPERF_CHECK(imaging::check_geometry(grid));
  return grid;
}

Result<imaging::Volume> from_png(const fs::path& path, const PlainImageRule& rule) {
  MEDPERF_TRY(const std::string bytes, read_file(path, mebibytes(256)));
  MEDPERF_TRY(const imaging::GreyImage image, imaging::parse_png(bytes));
  MEDPERF_TRY(const imaging::Geometry grid, plain_grid({image.width, image.height, 1}, rule));
  imaging::Volume volume = imaging::make_volume(grid, ElementType::kU16);
  std::copy(image.pixels.begin(), image.pixels.end(), volume.as<std::uint16_t>().begin());
  return imaging::to_labels(std::move(volume));
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

Result<imaging::Volume> from_npy(const fs::path& path, const PlainImageRule& rule) {
  MEDPERF_TRY(const std::string bytes, read_file(path, mebibytes(1025)));
  MEDPERF_TRY(const imaging::NpyArray array, imaging::parse_npy(bytes));
  const auto& shape = array.shape;
  if (shape.size() != 2 && shape.size() != 3) {
    return make_error(ErrorKind::kInvalid, {}, "the array is " + array.description(),
                      "A label map has two axes (y, x) or three (z, y, x).");
  }
  const std::size_t slices = shape.size() == 3 ? shape[0] : 1;
  MEDPERF_TRY(const imaging::Geometry grid,
              plain_grid({shape.back(), shape[shape.size() - 2], slices}, rule));
  imaging::Volume volume = imaging::make_volume(grid, element_of(array.type));
  std::memcpy(volume.elements.data(), array.data.data(),
              std::min(array.data.size(), volume.elements.size()));
  return imaging::to_labels(std::move(volume));
}

Result<imaging::Volume> from_dicom(const fs::path& path) {
  std::error_code failure;
  if (fs::is_directory(path, failure)) {
    MEDPERF_TRY(imaging::Volume volume, imaging::read_dicom_series(path));
    return imaging::to_labels(std::move(volume));
  }
  MEDPERF_TRY(const imaging::DicomImage image, imaging::read_dicom(path));
  return imaging::segmentation_to_labels(image);
}

Result<imaging::Volume> read_any(const fs::path& path, const PlainImageRule& rule) {
  const std::string name = path.filename().string();
  if (ends_with_any(name, {".nii", ".nii.gz", ".hdr", ".hdr.gz", ".img", ".img.gz"})) {
    return imaging::read_nifti_labels(path);
  }
  if (name.ends_with(".png")) return from_png(path, rule);
  if (name.ends_with(".npy")) return from_npy(path, rule);
  return from_dicom(path);
}

}  // namespace

Result<imaging::Volume> read_label_map(const fs::path& path, const PlainImageRule& rule) {
  auto volume = read_any(path, rule);
  if (volume) return volume;
  Error error = std::move(volume).error();
  if (error.where.find(path.string()) != std::string::npos) return error;
  return std::move(error).at(path.string());
}

}  // namespace medperf::cohort
