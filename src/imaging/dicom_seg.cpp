// Binary DICOM segmentations to label maps: what segmentation_* in dicom.h promise.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/encoding.h"
#include "imaging/dicom.h"
#include "imaging/slice_step.h"

namespace medperf::imaging {
namespace {

Error invalid(std::string what, std::string advice = {}) {
  return make_error(ErrorKind::kInvalid, {}, std::move(what), std::move(advice));
}

/// A few bytes can claim frames that lie far apart; what is between them would be memory.
Status check_extent(const Geometry& grid, const Bytes& limit, std::size_t bytes_each = 1) {
  const std::uint64_t plane = std::uint64_t{grid.size[0]} * grid.size[1] * bytes_each;
  if (plane != 0 && grid.size[2] <= limit.value / plane) return {};
  return make_error(ErrorKind::kTooLarge, {},
                    fmt::format("the segmentation spans {} slices of {} x {} voxels: more than {}",
                                grid.size[2], grid.size[0], grid.size[1], to_string(limit)),
                    "Raise the limit if it is as large as that.");
}

Status check_segmentation(const DicomImage& image) {
  if (!image.segmentation) return invalid("this DICOM file is no segmentation");
  if (image.frames.empty()) return invalid("the segmentation has no frame");
  return {};
}

/// In which slice of the grid each frame lies, also before the first (negative) or behind the last.
Result<std::vector<std::int64_t>> slices_of(const DicomImage& image, const Geometry& grid) {
  if (grid.size[0] != image.columns || grid.size[1] != image.rows) {
    return invalid(fmt::format("the segmentation has {} x {} pixels, the grid {} x {}",
                               image.columns, image.rows, grid.size[0], grid.size[1]));
  }
  std::vector<std::int64_t> slices;
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
          "Compare segmentations of one series, or ask for resampling to the reference's grid.");
    }
    constexpr double kFarthest = 1e9;  // slices: fits every type, and no limit on memory
    if (!(std::abs(slice) <= kFarthest)) {
      return make_error(ErrorKind::kTooLarge, {},
                        fmt::format("frame {} lies {:.3g} slices away", f + 1, slice));
    }
    slices.push_back(static_cast<std::int64_t>(slice));
  }
  return slices;
}

/// A label for people: "2 (liver)".
std::string name_of(const DicomImage& image, std::int32_t number) {
  for (const DicomSegment& segment : image.segments) {
    if (segment.number == number && !segment.label.empty()) {
      return fmt::format("{} ({})", number, printable(segment.label, 64));
    }
  }
  return std::to_string(number);
}

struct Canvas {
  std::span<std::uint8_t> bytes;
  OccupiedBlocks& occupied;
};

/// Where the voxels of the frames are: false when a set has a label that T cannot hold.
template <typename T>
Result<bool> paint(const DicomImage& image, const std::vector<std::int64_t>& slices,
                   const Canvas& canvas, SegmentSets* sets) {
  auto* const labels = reinterpret_cast<T*>(canvas.bytes.data());
  const std::size_t plane = image.rows * image.columns;
  for (std::size_t f = 0; f < slices.size(); ++f) {
    const std::uint16_t number = image.frames[f].segment;
    const std::uint8_t* from = image.pixels.data() + f * plane;
    const std::size_t start = static_cast<std::size_t>(slices[f]) * plane;
    for (std::size_t i = 0; i < plane; ++i) {
      if (from[i] == 0) continue;
      T& to = labels[start + i];
      canvas.occupied.mark((start + i) * sizeof(T), (start + i + 1) * sizeof(T));
      if (to == 0 || to == static_cast<T>(number)) {
        to = static_cast<T>(number);
        continue;
      }
      if (sets == nullptr) {
        return invalid(fmt::format("segments {} and {} share voxels: this is no label map",
                                   name_of(image, static_cast<std::int32_t>(to)),
                                   name_of(image, number)));
      }
      MEDPERF_TRY(const std::int32_t set, sets->with(static_cast<std::int32_t>(to), number));
      if (!std::in_range<T>(set)) return false;
      to = static_cast<T>(set);
    }
  }
  return true;
}

/// Nothing when T is too small for a set's label.
template <typename T>
Result<std::optional<Volume>> painted(const DicomImage& image,
                                      const std::vector<std::int64_t>& slices, const Geometry& grid,
                                      SegmentSets* sets, const Bytes& limit) {
  MEDPERF_CHECK(check_extent(grid, limit, sizeof(T)));
  Result<bool> done = false;
  Volume volume;
  volume.geometry = grid;
  volume.type = ElementTypeOf<T>::value;
  volume.elements = ElementBuffer::sparse(
      grid.voxel_count() * sizeof(T), [&](std::span<std::uint8_t> bytes, OccupiedBlocks& occupied) {
        done = paint<T>(image, slices, {bytes, occupied}, sets);
      });
  if (!done) return std::move(done).error();
  if (!*done) return std::optional<Volume>();
  return std::optional<Volume>(std::move(volume));
}

}  // namespace

Result<SegmentationGrid> segmentation_grid(std::span<const DicomImage* const> segmentations,
                                           const Bytes& limit) {
  std::vector<const DicomFrame*> frames;
  for (const DicomImage* const image : segmentations) {
    MEDPERF_CHECK(check_segmentation(*image));
    for (const DicomFrame& frame : image->frames) frames.push_back(&frame);
  }
  const DicomFrame& any = *frames[0];
  SegmentationGrid found;
  Geometry& grid = found.geometry;
  grid.size = {segmentations[0]->columns, segmentations[0]->rows, 1};
  grid.axes = {any.along_row, any.along_column, cross(any.along_row, any.along_column)};
  grid.spacing_mm = {any.spacing_i_mm, any.spacing_j_mm, 1};
  MEDPERF_CHECK(check_geometry(grid));
  const auto along = [&grid](const DicomFrame* frame) {
    return dot(frame->position_mm, grid.axes[2]);
  };
  std::stable_sort(frames.begin(), frames.end(),
                   [&](const DicomFrame* a, const DicomFrame* b) { return along(a) < along(b); });
  std::vector<double> places;
  for (const DicomFrame* frame : frames) places.push_back(along(frame));
  MEDPERF_TRY(grid.spacing_mm[2], sparse_step(frames, places, found.remarks));
  grid.origin_mm = frames[0]->position_mm;
  MEDPERF_CHECK(check_geometry(grid));
  for (const DicomImage* const image : segmentations) {
    MEDPERF_TRY(grid, grid_with_frames(grid, *image, limit));
  }
  return found;
}

Result<Geometry> grid_with_frames(const Geometry& grid, const DicomImage& image,
                                  const Bytes& limit) {
  MEDPERF_CHECK(check_segmentation(image));
  MEDPERF_TRY(const auto slices, slices_of(image, grid));
  const auto [least, most] = std::minmax_element(slices.begin(), slices.end());
  const std::int64_t first = std::min<std::int64_t>(0, *least);
  const std::int64_t last = std::max(static_cast<std::int64_t>(grid.size[2]), *most + 1);
  Geometry longer = grid;
  longer.size[2] = static_cast<std::size_t>(last - first);
  if (first != 0) longer.origin_mm = grid.position_mm(0, 0, static_cast<double>(first));
  MEDPERF_CHECK(check_extent(longer, limit));
  return longer;
}

Result<Volume> segmentation_to_labels(const DicomImage& image, const Geometry& grid,
                                      SegmentSets* sets, const Bytes& limit) {
  MEDPERF_CHECK(check_segmentation(image));
  MEDPERF_TRY(const auto slices, slices_of(image, grid));
  for (std::size_t f = 0; f < slices.size(); ++f) {
    if (slices[f] < 0 || slices[f] >= static_cast<std::int64_t>(grid.size[2])) {
      return invalid(fmt::format("frame {} lies outside the grid: slice {} of {}", f + 1,
                                 slices[f] + 1, grid.size[2]));
    }
  }
  std::uint16_t highest = 0;
  for (const DicomFrame& frame : image.frames) highest = std::max(highest, frame.segment);
  if (highest <= 0xff) {
    MEDPERF_TRY(auto volume, painted<std::uint8_t>(image, slices, grid, sets, limit));
    if (volume) return *std::move(volume);
  }
  MEDPERF_TRY(auto middle, painted<std::uint16_t>(image, slices, grid, sets, limit));
  if (middle) return *std::move(middle);
  MEDPERF_TRY(auto wide, painted<std::int32_t>(image, slices, grid, sets, limit));
  if (wide) return *std::move(wide);
  return make_error(ErrorKind::kBug, {}, "the label of a set of segments is beyond 32 bits");
}

}  // namespace medperf::imaging
