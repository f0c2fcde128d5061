// Frames of a series, in any order, to one volume: what series_to_volume in dicom.h promises.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <utility>

#include "imaging/dicom.h"
#include "imaging/slice_step.h"

namespace medperf::imaging {
namespace {

Error invalid(std::string what, std::string advice = {}) {
  return make_error(ErrorKind::kInvalid, {}, std::move(what), std::move(advice));
}

struct Slice {
  const DicomImage* image = nullptr;
  std::size_t index = 0;  ///< of the frame in its image
  double along_mm = 0;    ///< along the normal
  const DicomFrame& frame() const { return image->frames[index]; }
};

bool near(const Vector3& a, const Vector3& b) {
  return std::abs(a[0] - b[0]) <= kGeometryTolerance &&
         std::abs(a[1] - b[1]) <= kGeometryTolerance && std::abs(a[2] - b[2]) <= kGeometryTolerance;
}

Status check_same_kind(std::span<const DicomImage> images) {
  std::set<std::string> series;
  std::set<std::string> references;
  for (const DicomImage& image : images) {
    if (image.segmentation) {
      return invalid("a segmentation lies among the images",
                     "Keep segmentations apart from the series that they belong to.");
    }
    series.insert(image.series_uid);
    references.insert(image.frame_of_reference_uid);
  }
  if (series.size() > 1) {
    return invalid(fmt::format("the files belong to {} series", series.size()),
                   "Give the files of one series.");
  }
  if (references.size() > 1) {
    return invalid(
        "the images have different frames of reference: their positions cannot be compared");
  }
  const DicomImage& first = images[0];
  for (const DicomImage& image : images) {
    if (image.rows != first.rows || image.columns != first.columns) {
      return invalid(fmt::format("the images have different sizes: {} x {} and {} x {}",
                                 first.columns, first.rows, image.columns, image.rows),
                     "Scouts and secondary captures do not belong to the volume.");
    }
    if (image.type != first.type) return invalid("the images have pixels of different types");
  }
  return {};
}

Status check_same_plane(std::span<const Slice> slices) {
  const DicomFrame& first = slices[0].frame();
  for (const Slice& slice : slices) {
    const DicomFrame& frame = slice.frame();
    if (!near(frame.along_row, first.along_row) || !near(frame.along_column, first.along_column)) {
      return invalid("the images have different orientations",
                     "Give the files of one stack of slices.");
    }
    if (!(std::abs(frame.spacing_i_mm - first.spacing_i_mm) <= kGeometryTolerance) ||
        !(std::abs(frame.spacing_j_mm - first.spacing_j_mm) <= kGeometryTolerance)) {
      return invalid("the images have different spacings of their pixels");
    }
  }
  return {};
}

/// Steps between the sorted slices: all equal, or an error that says how not.
Result<double> common_step(std::span<const Slice> slices) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < slices.size(); ++i) {
    steps.push_back(slices[i].along_mm - slices[i - 1].along_mm);
  }
  std::vector<double> sorted = steps;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  const double median = *middle;
  const double tolerance = std::max(0.01, 0.01 * median);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string place = fmt::format("between slices {} and {}", i + 1, i + 2);
    if (steps[i] < 1e-3) {
      return invalid(fmt::format("slices {} and {} lie at the same place", i + 1, i + 2),
                     "Give one phase, echo or repetition of the series.");
    }
    if (std::abs(steps[i] - median) <= tolerance) continue;
    const double times = std::round(steps[i] / median);
    if (times >= 2 && std::abs(steps[i] - times * median) <= times * tolerance) {
      return invalid(fmt::format("{:.0f} of the slices {} missing {}", times - 1,
                                 times > 2 ? "are" : "is", place),
                     "Export the series again, whole.");
    }
    return invalid(fmt::format("the slices are unevenly spaced: {:.4g} mm {}, {:.4g} mm elsewhere",
                               steps[i], place, median),
                   "Resample the series onto even steps first.");
  }
  return (slices.back().along_mm - slices[0].along_mm) / static_cast<double>(steps.size());
}

Status check_one_line(std::span<const Slice> slices, const Vector3& normal) {
  const Vector3& start = slices[0].frame().position_mm;
  for (std::size_t i = 1; i < slices.size(); ++i) {
    const double along = slices[i].along_mm - slices[0].along_mm;
    Vector3 aside = slices[i].frame().position_mm;
    for (std::size_t d = 0; d < 3; ++d) aside[d] -= start[d] + along * normal[d];
    if (!(length(aside) <= std::max(0.01, kShearTolerance * along))) {
      return invalid(fmt::format("slice {} lies {:.4g} mm beside the line of the others: the "
                                 "volume is sheared, as by a tilted gantry",
                                 i + 1, length(aside)),
                     "Resample the series onto an upright grid first.");
    }
  }
  return {};
}

/// Applies f(stored value, slice) and stores the outcome as To.
template <typename To, typename F>
void fill(std::span<const Slice> slices, Volume& volume, F&& f) {
  const auto out = volume.as<To>();
  std::size_t place = 0;
  for (const Slice& slice : slices) {
    const std::size_t size = slice.image->rows * slice.image->columns;
    const std::uint8_t* raw =
        slice.image->pixels.data() + slice.index * size * size_of(slice.image->type);
    const auto copy = [&]<typename From>(From) {
      for (std::size_t i = 0; i < size; ++i) {
        From stored;
        std::memcpy(&stored, raw + i * sizeof(From), sizeof(From));
        out[place++] = static_cast<To>(f(stored, slice.frame()));
      }
    };
    switch (slice.image->type) {
      case ElementType::kU8:
        copy(std::uint8_t{});
        break;
      case ElementType::kI8:
        copy(std::int8_t{});
        break;
      case ElementType::kU16:
        copy(std::uint16_t{});
        break;
      case ElementType::kI16:
        copy(std::int16_t{});
        break;
      case ElementType::kU32:
        copy(std::uint32_t{});
        break;
      default:
        copy(std::int32_t{});
        break;
    }
  }
}

Volume values_of(std::span<const Slice> slices, const Geometry& geometry) {
  bool whole = true;
  bool bare = true;
  double lowest = 0;
  double highest = 0;
  for (const Slice& slice : slices) {
    const DicomFrame& frame = slice.frame();
    whole = whole && frame.slope == 1 && frame.intercept == std::trunc(frame.intercept);
    bare = bare && frame.slope == 1 && frame.intercept == 0;
    lowest = std::min(lowest, frame.intercept);
    highest = std::max(highest, frame.intercept);
  }
  const ElementType stored = slices[0].image->type;
  if (bare) {
    Volume volume = make_volume(geometry, stored);
    const std::size_t bytes = geometry.size[0] * geometry.size[1] * size_of(stored);
    for (std::size_t k = 0; k < slices.size(); ++k) {
      std::memcpy(volume.elements.data() + k * bytes,
                  slices[k].image->pixels.data() + slices[k].index * bytes, bytes);
    }
    return volume;
  }
  const auto scaled = [](auto value, const DicomFrame& frame) {
    return frame.slope * static_cast<double>(value) + frame.intercept;
  };
  Volume volume = make_volume(geometry, ElementType::kF64);
  fill<double>(slices, volume, scaled);
  if (!whole) return volume;
  const auto values = volume.as<double>();
  for (const double value : values) {
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
  }
  const auto within = [&]<typename T>(T) {
    return lowest >= std::numeric_limits<T>::min() && highest <= std::numeric_limits<T>::max();
  };
  if (within(std::int16_t{})) {
    Volume narrow = make_volume(geometry, ElementType::kI16);
    fill<std::int16_t>(slices, narrow, scaled);
    return narrow;
  }
  if (within(std::int32_t{})) {
    Volume narrow = make_volume(geometry, ElementType::kI32);
    fill<std::int32_t>(slices, narrow, scaled);
    return narrow;
  }
  return volume;
}

}  // namespace

Result<Volume> series_to_volume(std::span<const DicomImage> images) {
  if (images.empty()) return invalid("there is no image");
  MEDPERF_CHECK(check_same_kind(images));
  std::vector<Slice> slices;
  for (const DicomImage& image : images) {
    for (std::size_t f = 0; f < image.frames.size(); ++f) slices.push_back({&image, f, 0});
  }
  MEDPERF_CHECK(check_same_plane(slices));
  const DicomFrame& any = slices[0].frame();
  Geometry geometry;
  geometry.size = {images[0].columns, images[0].rows, slices.size()};
  geometry.axes = {any.along_row, any.along_column, cross(any.along_row, any.along_column)};
  geometry.spacing_mm = {any.spacing_i_mm, any.spacing_j_mm, 1};
  MEDPERF_CHECK(check_geometry(geometry));

  const Vector3 normal = geometry.axes[2];
  for (Slice& slice : slices) slice.along_mm = dot(slice.frame().position_mm, normal);
  std::stable_sort(slices.begin(), slices.end(),
                   [](const Slice& a, const Slice& b) { return a.along_mm < b.along_mm; });
  std::vector<std::string> remarks;
  if (slices.size() > 1) {
    MEDPERF_TRY(geometry.spacing_mm[2], common_step(slices));
    MEDPERF_CHECK(check_one_line(slices, normal));
  } else {
    MEDPERF_TRY(geometry.spacing_mm[2], lone_step(slices[0].frame(), remarks));
  }
  geometry.origin_mm = slices[0].frame().position_mm;
  MEDPERF_CHECK(check_geometry(geometry));
  for (const DicomImage& image : images) {
    if (!image.lossy) continue;
    remarks.emplace_back("the images were packed with loss");
    break;
  }
  Volume volume = values_of(slices, geometry);
  volume.remarks = std::move(remarks);
  return volume;
}

}  // namespace medperf::imaging
