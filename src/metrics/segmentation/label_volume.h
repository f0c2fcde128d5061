#pragma once
// A view on a volume of labels, and the regions that are made of labels.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace medperf::metrics {

/// Voxels along x, y and z. A 2-D image has z = 1.
struct Extent {
  int x = 0;
  int y = 0;
  int z = 1;
  std::int64_t voxels() const { return std::int64_t{x} * y * z; }
  bool operator==(const Extent&) const = default;
};

/// Whether the neighbours of a voxel lie in its plane or around it. An image with z = 1 is planar;
/// a structure that lies in one slice of a volume is not.
enum class Dimensions { k2, k3 };

/// Distance of neighbouring voxel centres along x, y and z, in millimetres.
struct SpacingMm {
  double x = 1;
  double y = 1;
  double z = 1;
  double voxel_mm3() const { return x * y * z; }
  bool operator==(const SpacingMm&) const = default;
};

/// A box of voxels, first inclusive, last exclusive. Empty: no voxel in it.
struct Box {
  std::array<int, 3> first{0, 0, 0};
  std::array<int, 3> last{0, 0, 0};

  bool empty() const { return first[0] >= last[0] || first[1] >= last[1] || first[2] >= last[2]; }
  Extent extent() const {
    return empty() ? Extent{0, 0, 0}
                   : Extent{last[0] - first[0], last[1] - first[1], last[2] - first[2]};
  }
  /// The smallest box around both; an empty one adds nothing.
  Box united(const Box& other) const;
  /// Larger by `voxels` on every side, but not beyond an image of this size.
  Box grown(int voxels, const Extent& image) const;
  static Box whole(const Extent& image) { return {{0, 0, 0}, {image.x, image.y, image.z}}; }
  bool operator==(const Box&) const = default;
};

/// Labels of a grid, x fastest, then y, then z. Does not own them: they must outlive the view.
/// A single slice is planar whichever axis it lies across: an axis of length 1 becomes the last
/// one, with its spacing. So an image is measured alike as (x, y, 1), (x, 1, y) and (1, x, y).
class LabelVolume {
 public:
  using Labels = std::variant<std::span<const std::uint8_t>, std::span<const std::uint16_t>,
                              std::span<const std::int16_t>, std::span<const std::int32_t>>;

  /// Errors: invalid when a size is below 1 or their product is not the number of labels, or when a
  /// spacing is not within 1e-6 .. 1e6 mm.
  static Result<LabelVolume> view(Labels labels, Extent size, SpacingMm spacing);

  /// Axes of length 1 come last; so it is of spacing(), at() and every box.
  const Extent& size() const { return size_; }
  /// As it was given.
  const Extent& grid() const { return grid_; }
  const SpacingMm& spacing() const { return spacing_; }
  Dimensions dimensions() const { return size_.z == 1 ? Dimensions::k2 : Dimensions::k3; }
  const Labels& labels() const { return labels_; }

  /// Labels of a part: all but those of labelled parts are 0 for sure.
  static constexpr std::int64_t kPart = 1024;
  /// Tells what is known of parts from elsewhere, so that comparing volumes need not look at the
  /// others: bit i is set when labels kPart * i to kPart * (i + 1) may be other than 0. Empty: any
  /// may. Ignored when it does not have a bit for every part.
  void set_labelled_parts(std::vector<std::uint64_t> parts);
  std::span<const std::uint64_t> labelled_parts() const { return labelled_parts_; }
  /// One label; slow, for tests and sparse reading.
  std::int32_t at(int x, int y, int z) const;

 private:
  LabelVolume(Labels labels, Extent grid, Extent size, SpacingMm spacing)
      : labels_(labels), grid_(grid), size_(size), spacing_(spacing) {}

  Labels labels_;
  Extent grid_;
  Extent size_;
  SpacingMm spacing_;
  std::vector<std::uint64_t> labelled_parts_;
};

/// Errors: invalid when the grids differ in size, or in spacing by more than a ten-thousandth of a
/// millimetre or a thousandth of the spacing: such a pair has to be resampled by an explicit rule
/// first.
Status same_grid(const LabelVolume& prediction, const LabelVolume& reference);

/// A named union of labels, such as the whole tumour {1, 2, 4}.
struct Region {
  std::string name;
  std::vector<std::int32_t> labels;
};

/// Errors: invalid for no label at all, and for label 0, which is the background everywhere.
Status check_region(const Region& region);

}  // namespace medperf::metrics
