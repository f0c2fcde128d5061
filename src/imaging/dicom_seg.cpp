// Binary DICOM segmentations to label maps and masks: what segmentation_to_* in dicom.h promise.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "imaging/dicom.h"

namespace medperf::imaging {
namespace {

constexpr std::uint64_t kMostVoxels = std::uint64_t{1} << 32;

Error invalid(std::string what, std::string advice = {}) {
  return make_error(ErrorKind::kInvalid, {}, std::move(what), std::move(advice));
}

Status check_segmentation(const DicomImage& image) {
  if (!image.segmentation) return invalid("this DICOM file is no segmentation");
  if (image.frames.empty()) return invalid("the segmentation has no frame");
  return {};
}

/// The step from slice to slice of the segmentation's own grid. `places` are sorted.
Result<double> own_step(const DicomFrame& frame, const std::vector<double>& places) {
  for (const auto& stated : {frame.between_slices_mm, frame.thickness_mm}) {
    if (stated && *stated > 0 && std::isfinite(*stated)) return *stated;
  }
  double step = 0;
  for (std::size_t i = 1; i < places.size(); ++i) {
    const double gap = places[i] - places[i - 1];
    if (gap > 1e-3 && (step == 0 || gap < step)) step = gap;
  }
  if (step == 0) return invalid("the segmentation does not say how far its slices are apart");
  return step;
}

/// In which slice of the grid each frame lies.
Result<std::vector<std::size_t>> slices_of(const DicomImage& image, const Geometry& grid) {
  if (grid.size[0] != image.columns || grid.size[1] != image.rows) {
    return invalid(fmt::format("the segmentation has {} x {} pixels, the grid {} x {}",
                               image.columns, image.rows, grid.size[0], grid.size[1]));
  }
  std::vector<std::size_t> slices;
  for (std::size_t f = 0; f < image.frames.size(); ++f) {
    const DicomFrame& frame = image.frames[f];
    Geometry plane = grid;
    plane.axes[0] = frame.along_row;
    plane.axes[1] = frame.along_column;
    plane.spacing_mm[0] = frame.spacing_i_mm;
    plane.spacing_mm[1] = frame.spacing_j_mm;
    if (const auto apart = compare(grid, plane); !apart.empty()) {
      return invalid(
          fmt::format("frame {} does not lie in the grid's planes: {}", f + 1, apart[0].text));
    }
    const Vector3 index = grid.index_of(frame.position_mm);
    const double slice = std::round(index[2]);
    constexpr double kBeside = 0.01;  // of a voxel
    if (!(std::abs(index[0]) <= kBeside && std::abs(index[1]) <= kBeside &&
          std::abs(index[2] - slice) <= kBeside)) {
      return invalid(
          fmt::format("frame {} lies beside the grid's slices: at index ({:.3f}, {:.3f}, "
                      "{:.3f})",
                      f + 1, index[0], index[1], index[2]),
          "Segment the series whose grid is given, or resample.");
    }
    if (!(slice >= 0 && slice < static_cast<double>(grid.size[2]))) {
      return invalid(fmt::format("frame {} lies outside the grid: slice {:.0f} of {}", f + 1,
                                 slice + 1, grid.size[2]));
    }
    slices.push_back(static_cast<std::size_t>(slice));
  }
  return slices;
}

Result<Geometry> grid_for(const DicomImage& image, const std::optional<Geometry>& grid) {
  MEDPERF_CHECK(check_segmentation(image));
  if (grid) return *grid;
  return segmentation_grid(image);
}

std::string name_of(const DicomImage& image, std::uint16_t number) {
  for (const DicomSegment& segment : image.segments) {
    if (segment.number == number && !segment.label.empty()) {
      return fmt::format("{} ({})", number, segment.label.substr(0, 64));
    }
  }
  return std::to_string(number);
}

template <typename T>
Status paint(const DicomImage& image, const std::vector<std::size_t>& slices, Volume& volume) {
  const auto labels = volume.as<T>();
  const std::size_t plane = image.rows * image.columns;
  for (std::size_t f = 0; f < slices.size(); ++f) {
    const auto number = static_cast<T>(image.frames[f].segment);
    const std::uint8_t* from = image.pixels.data() + f * plane;
    T* to = labels.data() + slices[f] * plane;
    for (std::size_t i = 0; i < plane; ++i) {
      if (from[i] == 0) continue;
      if (to[i] != 0 && to[i] != number) {
        return invalid(fmt::format("segments {} and {} share voxels: this is no label map",
                                   name_of(image, to[i]), name_of(image, number)),
                       "Take one mask for each segment.");
      }
      to[i] = number;
    }
  }
  return {};
}

}  // namespace

Result<Geometry> segmentation_grid(const DicomImage& image) {
  MEDPERF_CHECK(check_segmentation(image));
  const DicomFrame& any = image.frames[0];
  Geometry grid;
  grid.size = {image.columns, image.rows, 1};
  grid.axes = {any.along_row, any.along_column, cross(any.along_row, any.along_column)};
  grid.spacing_mm = {any.spacing_i_mm, any.spacing_j_mm, 1};
  MEDPERF_CHECK(check_geometry(grid));
  std::map<double, const DicomFrame*> sorted;
  for (const DicomFrame& frame : image.frames) {
    sorted.emplace(dot(frame.position_mm, grid.axes[2]), &frame);
  }
  std::vector<double> places;
  for (const auto& [place, frame] : sorted) places.push_back(place);
  MEDPERF_TRY(grid.spacing_mm[2], own_step(any, places));
  grid.origin_mm = sorted.begin()->second->position_mm;
  MEDPERF_CHECK(check_geometry(grid));
  const double count = std::round((places.back() - places.front()) / grid.spacing_mm[2]) + 1;
  constexpr double kMostSlices = 65536;
  if (!(count <= kMostSlices)) {
    return make_error(ErrorKind::kTooLarge, {},
                      fmt::format("the segmentation spans {:.3g} slices", count));
  }
  grid.size[2] = static_cast<std::size_t>(count);
  MEDPERF_CHECK(slices_of(image, grid));
  // A few bytes can claim frames that lie far apart; what is between them would be memory.
  if (grid.voxel_count() > kMostVoxels) {
    return make_error(ErrorKind::kTooLarge, {},
                      fmt::format("the segmentation spans {} voxels", grid.voxel_count()));
  }
  return grid;
}

Result<Volume> segmentation_to_labels(const DicomImage& image,
                                      const std::optional<Geometry>& wanted) {
  MEDPERF_TRY(const Geometry grid, grid_for(image, wanted));
  MEDPERF_TRY(const auto slices, slices_of(image, grid));
  std::uint16_t highest = 0;
  for (const DicomFrame& frame : image.frames) highest = std::max(highest, frame.segment);
  if (highest <= 0xff) {
    Volume volume = make_volume(grid, ElementType::kU8);
    MEDPERF_CHECK(paint<std::uint8_t>(image, slices, volume));
    return volume;
  }
  Volume volume = make_volume(grid, ElementType::kU16);
  MEDPERF_CHECK(paint<std::uint16_t>(image, slices, volume));
  return volume;
}

Result<std::vector<SegmentMask>> segmentation_to_masks(const DicomImage& image,
                                                       const std::optional<Geometry>& wanted) {
  MEDPERF_TRY(const Geometry grid, grid_for(image, wanted));
  MEDPERF_TRY(const auto slices, slices_of(image, grid));
  if (image.segments.size() > kMostVoxels / std::max<std::uint64_t>(1, grid.voxel_count())) {
    return make_error(ErrorKind::kTooLarge, {},
                      fmt::format("{} masks of {} voxels are too many to hold at once",
                                  image.segments.size(), grid.voxel_count()));
  }
  std::map<std::uint16_t, SegmentMask> masks;
  for (const DicomSegment& segment : image.segments) {
    masks[segment.number] = {segment, make_volume(grid, ElementType::kU8)};
  }
  const std::size_t plane = image.rows * image.columns;
  for (std::size_t f = 0; f < slices.size(); ++f) {
    const auto found = masks.find(image.frames[f].segment);
    if (found == masks.end()) {
      return invalid(fmt::format("frame {} is of segment {}, which is not described", f + 1,
                                 image.frames[f].segment));
    }
    const std::uint8_t* from = image.pixels.data() + f * plane;
    std::uint8_t* to = found->second.mask.elements.data() + slices[f] * plane;
    for (std::size_t i = 0; i < plane; ++i) to[i] |= from[i];
  }
  std::vector<SegmentMask> out;
  for (auto& [number, mask] : masks) out.push_back(std::move(mask));
  return out;
}

}  // namespace medperf::imaging
