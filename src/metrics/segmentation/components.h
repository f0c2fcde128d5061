#pragma once
// Connected components of a mask, as runs of voxels: no volume of labels is made.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "metrics/segmentation/bit_mask.h"

namespace medperf::metrics {

/// Neighbours share at least a corner: 26 in a volume, 8 in a plane.
inline constexpr std::string_view kComponentConvention = "components-26";

/// A maximal run of set voxels of one row, first <= x < last, in coordinates of the mask's box.
struct ComponentRun {
  int first = 0;
  int last = 0;
  std::int32_t component = 0;
};

/// Size and place of one component.
struct Component {
  std::int64_t voxels = 0;
  Box box;  ///< in coordinates of the image
};

/// The components of a mask, numbered from 0 by their first voxel in scan order (x fastest, then y,
/// then z): the numbers depend on the mask alone.
class Components {
 public:
  /// O(words of the mask + runs), nearly: union-find over the runs of neighbouring rows.
  /// Rosenfeld, Pfaltz, J ACM 13 (1966) 471; Tarjan, J ACM 22 (1975) 215.
  Components(const BitMask& mask, Neighbours neighbours);

  const Box& box() const { return box_; }
  Neighbours neighbours() const { return neighbours_; }
  std::size_t size() const { return components_.size(); }
  const Component& operator[](std::size_t index) const { return components_[index]; }
  const std::vector<Component>& all() const { return components_; }

  /// The runs of a row of the box, from left to right.
  std::span<const ComponentRun> row(int y, int z) const {
    const auto index = static_cast<std::size_t>(z) * static_cast<std::size_t>(extent_.y) +
                       static_cast<std::size_t>(y);
    return std::span(runs_).subspan(row_start_[index], row_start_[index + 1] - row_start_[index]);
  }
  /// The component of a voxel of the box, or -1. O(runs of the row).
  std::int32_t at(int x, int y, int z) const;

  /// The voxels of the components with wanted[index] true, in another box of the image; bits
  /// outside that box are dropped.
  BitMask mask_of(const std::vector<bool>& wanted, const Box& box, int padding = 1) const;

 private:
  void collect_runs(const BitMask& mask);
  void join_rows();
  void number();
  void extend(Component& component, const ComponentRun& run, int y, int z) const;

  Box box_;
  Extent extent_;
  Neighbours neighbours_;
  std::vector<ComponentRun> runs_;
  std::vector<std::size_t> row_start_;  // of row y + z * extent.y; one more at the end
  std::vector<Component> components_;
};

/// Voxels that a component of each list share.
struct ComponentOverlap {
  std::int32_t a = 0;
  std::int32_t b = 0;
  std::int64_t voxels = 0;
  bool operator==(const ComponentOverlap&) const = default;
};

/// All pairs that share at least one voxel, by a, then b. The boxes may differ, the image is one.
std::vector<ComponentOverlap> overlaps(const Components& a, const Components& b);

/// 6, 18 or 26; in a plane 4 or 8. What a convention writes down.
int neighbour_count(Neighbours neighbours, Dimensions dimensions);

}  // namespace medperf::metrics
