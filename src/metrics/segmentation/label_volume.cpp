#include "metrics/segmentation/label_volume.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace medperf::metrics {
namespace {

constexpr double kSpacingToleranceMm = 1e-4;
constexpr double kSpacingToleranceShare = 1e-3;  // below 0.1 mm, where the other would hide pixels
// A nanometre and a kilometre: squares of distances stay far from both ends of a double.
constexpr double kLeastSpacingMm = 1e-6;
constexpr double kMostSpacingMm = 1e6;

bool usable(double spacing_mm) {
  return spacing_mm >= kLeastSpacingMm && spacing_mm <= kMostSpacingMm;
}

bool alike(double one_mm, double other_mm) {
  const double smaller = std::min(one_mm, other_mm);
  return std::abs(one_mm - other_mm) <=
         std::min(kSpacingToleranceMm, kSpacingToleranceShare * smaller);
}

std::string text(const Extent& size) {
  return std::to_string(size.x) + "x" + std::to_string(size.y) + "x" + std::to_string(size.z);
}

std::string text(const SpacingMm& spacing) {
  return std::to_string(spacing.x) + " x " + std::to_string(spacing.y) + " x " +
         std::to_string(spacing.z) + " mm";
}

/// Moves axes of length 1 behind the others, which keep their order; no label changes its place in
/// memory by it.
void put_single_slices_last(Extent& size, SpacingMm& spacing) {
  std::array<std::pair<int, double>, 3> axes = {
      {{size.x, spacing.x}, {size.y, spacing.y}, {size.z, spacing.z}}};
  std::stable_partition(axes.begin(), axes.end(), [](const auto& axis) { return axis.first > 1; });
  size = {axes[0].first, axes[1].first, axes[2].first};
  spacing = {axes[0].second, axes[1].second, axes[2].second};
}

}  // namespace

Box Box::united(const Box& other) const {
  if (other.empty()) return *this;
  if (empty()) return other;
  Box box = *this;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    box.first[axis] = std::min(first[axis], other.first[axis]);
    box.last[axis] = std::max(last[axis], other.last[axis]);
  }
  return box;
}

Box Box::grown(int voxels, const Extent& image) const {
  if (empty()) return *this;
  const std::array<int, 3> limit{image.x, image.y, image.z};
  Box box = *this;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    box.first[axis] = std::max(0, first[axis] - voxels);
    box.last[axis] = std::min(limit[axis], last[axis] + voxels);
  }
  return box;
}

Result<LabelVolume> LabelVolume::view(Labels labels, Extent size, SpacingMm spacing) {
  if (size.x < 1 || size.y < 1 || size.z < 1) {
    return make_error(ErrorKind::kInvalid, "size", "the volume is " + text(size),
                      "Every axis needs at least one voxel.");
  }
  const std::size_t count = std::visit([](const auto& span) { return span.size(); }, labels);
  // Compared by division: the product of three sizes may exceed 64 bits.
  const auto x = static_cast<std::size_t>(size.x);
  const auto y = static_cast<std::size_t>(size.y);
  if (count % x != 0 || (count / x) % y != 0 || count / x / y != static_cast<std::size_t>(size.z)) {
    return make_error(
        ErrorKind::kInvalid, "size",
        "there are " + std::to_string(count) + " labels for " + text(size) + " voxels",
        "Give one label for each voxel.");
  }
  if (!usable(spacing.x) || !usable(spacing.y) || !usable(spacing.z)) {
    return make_error(ErrorKind::kInvalid, "spacing", "the spacing is " + text(spacing),
                      "Every axis needs a spacing from 1e-6 to 1e6 mm.");
  }
  const Extent grid = size;
  put_single_slices_last(size, spacing);
  return LabelVolume(labels, grid, size, spacing);
}

void LabelVolume::set_labelled_parts(std::vector<std::uint64_t> parts) {
  const std::int64_t needed = (size_.voxels() + 64 * kPart - 1) / (64 * kPart);
  if (static_cast<std::int64_t>(parts.size()) == needed) labelled_parts_ = std::move(parts);
}

std::int32_t LabelVolume::at(int x, int y, int z) const {
  const std::size_t index = (static_cast<std::size_t>(z) * static_cast<std::size_t>(size_.y) +
                             static_cast<std::size_t>(y)) *
                                static_cast<std::size_t>(size_.x) +
                            static_cast<std::size_t>(x);
  return std::visit([index](const auto& span) { return static_cast<std::int32_t>(span[index]); },
                    labels_);
}

Status same_grid(const LabelVolume& prediction, const LabelVolume& reference) {
  if (prediction.grid() != reference.grid()) {
    return make_error(ErrorKind::kInvalid, "size",
                      "the prediction is " + text(prediction.grid()) + ", the reference " +
                          text(reference.grid()),
                      "Resample the prediction to the grid of the reference.");
  }
  const SpacingMm& one = prediction.spacing();
  const SpacingMm& other = reference.spacing();
  if (!alike(one.x, other.x) || !alike(one.y, other.y) || !alike(one.z, other.z)) {
    return make_error(ErrorKind::kInvalid, "spacing",
                      "the prediction has " + text(one) + ", the reference " + text(other),
                      "Resample the prediction to the grid of the reference.");
  }
  return {};
}

Status check_region(const Region& region) {
  if (region.labels.empty()) {
    return make_error(ErrorKind::kInvalid, "region " + region.name, "it has no label",
                      "Name at least one label.");
  }
  if (std::find(region.labels.begin(), region.labels.end(), 0) != region.labels.end()) {
    return make_error(ErrorKind::kInvalid, "region " + region.name,
                      "it contains label 0, which is the background",
                      "Name the labels of structures only.");
  }
  return {};
}

}  // namespace medperf::metrics
