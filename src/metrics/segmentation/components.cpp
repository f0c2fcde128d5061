#include "metrics/segmentation/components.h"

#include <algorithm>
#include <array>
#include <bit>

namespace medperf::metrics {
namespace {

/// Root of a run's tree; halves the path on the way.
std::int32_t root_of(std::vector<ComponentRun>& runs, std::int32_t run) {
  while (runs[static_cast<std::size_t>(run)].component != run) {
    auto& parent = runs[static_cast<std::size_t>(run)].component;
    parent = runs[static_cast<std::size_t>(parent)].component;
    run = parent;
  }
  return run;
}

/// The earlier run becomes the root, so that a root is the first run of its component.
void join(std::vector<ComponentRun>& runs, std::size_t a, std::size_t b) {
  if (runs[a].component == runs[b].component) return;  // as nearly all are
  const std::int32_t one = root_of(runs, static_cast<std::int32_t>(a));
  const std::int32_t other = root_of(runs, static_cast<std::int32_t>(b));
  runs[static_cast<std::size_t>(std::max(one, other))].component = std::min(one, other);
}

}  // namespace

Components::Components(const BitMask& mask, Neighbours neighbours)
    : box_(mask.box()), extent_(mask.extent()), neighbours_(neighbours) {
  collect_runs(mask);
  join_rows();
  number();
}

void Components::collect_runs(const BitMask& mask) {
  row_start_.reserve(static_cast<std::size_t>(extent_.y) * static_cast<std::size_t>(extent_.z) + 1);
  for (int z = 0; z < extent_.z; ++z) {
    for (int y = 0; y < extent_.y; ++y) {
      row_start_.push_back(runs_.size());
      const std::uint64_t* const words = mask.row(y, z);
      std::uint64_t before = 0;  // the bit before the word
      int first = 0;
      bool inside = false;
      for (std::ptrdiff_t i = 0; i < mask.row_words(); ++i) {
        // Bits that differ from the one before: runs begin and end there. Padding ends the last.
        std::uint64_t edges = words[i] ^ (words[i] << 1 | before);
        before = words[i] >> 63;
        for (; edges != 0; edges &= edges - 1) {
          const int x = static_cast<int>(i) * 64 + std::countr_zero(edges) - mask.padding();
          if (inside) {
            runs_.push_back({first, x, static_cast<std::int32_t>(runs_.size())});
          } else {
            first = x;
          }
          inside = !inside;
        }
      }
    }
  }
  row_start_.push_back(runs_.size());
}

void Components::join_rows() {
  // Of each pair of rows one looks back at the other. `reach` 1: diagonal neighbours in x count.
  struct Back {
    int dy;
    int dz;
    int reach;
  };
  const int face = neighbours_ == Neighbours::k6 ? 0 : 1;
  const int edge = neighbours_ == Neighbours::k26 ? 1 : 0;
  std::vector<Back> backs = {{-1, 0, face}, {0, -1, face}};
  if (neighbours_ != Neighbours::k6) {
    backs.push_back({-1, -1, edge});
    backs.push_back({1, -1, edge});
  }
  for (int z = 0; z < extent_.z; ++z) {
    for (int y = 0; y < extent_.y; ++y) {
      const auto here = row(y, z);
      if (here.empty()) continue;
      const auto here_start = static_cast<std::size_t>(here.data() - runs_.data());
      for (const Back& back : backs) {
        if (y + back.dy < 0 || y + back.dy >= extent_.y || z + back.dz < 0) continue;
        const auto there = row(y + back.dy, z + back.dz);
        const auto there_start = static_cast<std::size_t>(there.data() - runs_.data());
        for (std::size_t i = 0, j = 0; i < here.size() && j < there.size();) {
          if (there[j].last + back.reach <= here[i].first) {
            ++j;
          } else if (here[i].last + back.reach <= there[j].first) {
            ++i;
          } else {
            join(runs_, here_start + i, there_start + j);
            here[i].last < there[j].last ? ++i : ++j;
          }
        }
      }
    }
  }
}

void Components::extend(Component& component, const ComponentRun& run, int y, int z) const {
  const std::array<int, 3> first = {box_.first[0] + run.first, box_.first[1] + y,
                                    box_.first[2] + z};
  const std::array<int, 3> last = {box_.first[0] + run.last, first[1] + 1, first[2] + 1};
  Box& box = component.box;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const bool fresh = component.voxels == 0;
    box.first[axis] = fresh ? first[axis] : std::min(box.first[axis], first[axis]);
    box.last[axis] = fresh ? last[axis] : std::max(box.last[axis], last[axis]);
  }
  component.voxels += run.last - run.first;
}

void Components::number() {
  // A root comes before all runs of its component, so one pass forward sees it first.
  std::size_t index = 0;
  std::vector<std::int32_t> number_of(runs_.size());
  for (int z = 0; z < extent_.z; ++z) {
    for (int y = 0; y < extent_.y; ++y) {
      const std::size_t end = index + row(y, z).size();
      for (; index < end; ++index) {
        ComponentRun& run = runs_[index];
        if (run.component == static_cast<std::int32_t>(index)) {
          number_of[index] = static_cast<std::int32_t>(components_.size());
          components_.emplace_back();
        } else {
          number_of[index] = number_of[static_cast<std::size_t>(run.component)];
        }
        extend(components_[static_cast<std::size_t>(number_of[index])], run, y, z);
      }
    }
  }
  for (std::size_t i = 0; i < runs_.size(); ++i) runs_[i].component = number_of[i];
}

std::int32_t Components::at(int x, int y, int z) const {
  for (const ComponentRun& run : row(y, z)) {
    if (run.first <= x && x < run.last) return run.component;
  }
  return -1;
}

BitMask Components::mask_of(const std::vector<bool>& wanted, const Box& box, int padding) const {
  BitMask mask(box, padding);
  const Extent extent = mask.extent();
  const int dx = box_.first[0] - box.first[0];
  const int dy = box_.first[1] - box.first[1];
  const int dz = box_.first[2] - box.first[2];
  for (int z = std::max(0, -dz); z < std::min(extent_.z, extent.z - dz); ++z) {
    for (int y = std::max(0, -dy); y < std::min(extent_.y, extent.y - dy); ++y) {
      for (const ComponentRun& run : row(y, z)) {
        if (!wanted[static_cast<std::size_t>(run.component)]) continue;
        const int first = std::max(0, run.first + dx);
        const int last = std::min(extent.x, run.last + dx);
        if (first < last) mask.set_run(y + dy, z + dz, first, last);
      }
    }
  }
  return mask;
}

std::vector<ComponentOverlap> overlaps(const Components& a, const Components& b) {
  std::vector<ComponentOverlap> shares;  // one a pair of runs
  const Extent extent_a = a.box().extent();
  const Extent extent_b = b.box().extent();
  const int dx = b.box().first[0] - a.box().first[0];
  const int dy = b.box().first[1] - a.box().first[1];
  const int dz = b.box().first[2] - a.box().first[2];
  for (int z = std::max(0, dz); z < std::min(extent_a.z, extent_b.z + dz); ++z) {
    for (int y = std::max(0, dy); y < std::min(extent_a.y, extent_b.y + dy); ++y) {
      const auto row_a = a.row(y, z);
      const auto row_b = b.row(y - dy, z - dz);
      for (std::size_t i = 0, j = 0; i < row_a.size() && j < row_b.size();) {
        const int first = std::max(row_a[i].first, row_b[j].first + dx);
        const int last = std::min(row_a[i].last, row_b[j].last + dx);
        if (first < last) {
          const ComponentOverlap share{row_a[i].component, row_b[j].component, last - first};
          if (!shares.empty() && shares.back().a == share.a && shares.back().b == share.b) {
            shares.back().voxels += share.voxels;
          } else {
            shares.push_back(share);
          }
        }
        row_a[i].last < row_b[j].last + dx ? ++i : ++j;
      }
    }
  }
  std::sort(shares.begin(), shares.end(), [](const auto& one, const auto& other) {
    return one.a != other.a ? one.a < other.a : one.b < other.b;
  });
  std::vector<ComponentOverlap> sums;
  for (const ComponentOverlap& share : shares) {
    if (!sums.empty() && sums.back().a == share.a && sums.back().b == share.b) {
      sums.back().voxels += share.voxels;
    } else {
      sums.push_back(share);
    }
  }
  return sums;
}

int neighbour_count(Neighbours neighbours, Dimensions dimensions) {
  if (dimensions == Dimensions::k2) return neighbours == Neighbours::k6 ? 4 : 8;
  if (neighbours == Neighbours::k6) return 6;
  return neighbours == Neighbours::k18 ? 18 : 26;
}

}  // namespace medperf::metrics
