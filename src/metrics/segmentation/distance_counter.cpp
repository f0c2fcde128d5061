#include "metrics/segmentation/distance_counter.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace medperf::metrics {

void DistanceCounter::add(double squared_mm2, std::int64_t voxels) {
  if (2 * (used_ + 1) > table_.size()) grow();
  DistanceCount& one = place(squared_mm2);
  used_ += one.voxels == 0 ? 1 : 0;
  one.squared_mm2 = squared_mm2;
  one.voxels += voxels;
}

void DistanceCounter::merge(const DistanceCounter& other) {
  for (const DistanceCount& one : other.table_) {
    if (one.voxels != 0) add(one.squared_mm2, one.voxels);
  }
}

std::vector<DistanceCount> DistanceCounter::ascending() const {
  std::vector<DistanceCount> all;
  all.reserve(used_);
  for (const DistanceCount& one : table_) {
    if (one.voxels != 0) all.push_back(one);
  }
  std::sort(all.begin(), all.end(), [](const DistanceCount& a, const DistanceCount& b) {
    return a.squared_mm2 < b.squared_mm2;
  });
  return all;
}

DistanceCount& DistanceCounter::place(double squared_mm2) {
  // The size is a power of two; the upper bits of the product depend on all bits of the number.
  const std::uint64_t product = std::bit_cast<std::uint64_t>(squared_mm2) * 0x9e3779b97f4a7c15;
  const std::size_t mask = table_.size() - 1;
  std::size_t at = static_cast<std::size_t>(product >> 32) & mask;
  while (table_[at].voxels != 0 && table_[at].squared_mm2 != squared_mm2) at = (at + 1) & mask;
  return table_[at];
}

void DistanceCounter::grow() {
  std::vector<DistanceCount> old(std::max<std::size_t>(256, 2 * table_.size()),
                                 DistanceCount{0, 0});
  std::swap(old, table_);
  for (const DistanceCount& one : old) {
    if (one.voxels != 0) place(one.squared_mm2) = one;
  }
}

}  // namespace medperf::metrics
