// One pass over a pair of volumes. Most of it is background in both, which the loops of kernels.h
// skip at the speed of memory; a block with labels is split into its few pairs of labels, and each
// pair is added to the regions that its labels belong to.
#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>
#include <vector>

#include "metrics/segmentation/kernels.h"
#include "metrics/segmentation/overlap.h"
#include "metrics/workers.h"

namespace medperf::metrics {
namespace {

using RegionSet = std::uint64_t;  // bit i: the i-th region of a group
constexpr std::size_t kGroupSize = 64;
constexpr std::ptrdiff_t kBlock = kernels::kBlock;

/// Which regions a label belongs to.
template <typename T>
class Membership {
 public:
  template <typename Signed>
  static Membership of(std::span<const Region> regions, Signed /*type of the volume*/) {
    Membership result;
    if constexpr (sizeof(T) < 4) result.table_.resize(std::size_t{1} << (8 * sizeof(T)));
    for (std::size_t i = 0; i < regions.size(); ++i) {
      for (const std::int32_t label : regions[i].labels) {
        if (std::in_range<Signed>(label)) result.add(static_cast<T>(label), RegionSet{1} << i);
      }
    }
    return result;
  }

  RegionSet operator[](T label) const {
    if constexpr (sizeof(T) < 4) return table_[label];
    const auto found = std::lower_bound(labels_.begin(), labels_.end(), label);
    if (found == labels_.end() || *found != label) return 0;
    return table_[static_cast<std::size_t>(found - labels_.begin())];
  }

 private:
  void add(T label, RegionSet set) {
    if constexpr (sizeof(T) < 4) {
      table_[label] |= set;
    } else {
      const auto found = std::lower_bound(labels_.begin(), labels_.end(), label);
      const auto at = found - labels_.begin();
      if (found == labels_.end() || *found != label) {
        labels_.insert(found, label);
        table_.insert(table_.begin() + at, 0);
      }
      table_[static_cast<std::size_t>(at)] |= set;
    }
  }

  std::vector<RegionSet> table_;  // by label, or beside labels_ where labels are wide
  std::vector<T> labels_;
};

/// The extremes of voxels met so far.
struct Bounds {
  std::array<int, 3> low{std::numeric_limits<int>::max(), std::numeric_limits<int>::max(),
                         std::numeric_limits<int>::max()};
  std::array<int, 3> high{-1, -1, -1};

  void add(int x_first, int x_last, int y, int z) {
    low = {std::min(low[0], x_first), std::min(low[1], y), std::min(low[2], z)};
    high = {std::max(high[0], x_last), std::max(high[1], y), std::max(high[2], z)};
  }
  Box box() const {
    if (high[0] < 0) return {};
    return {low, {high[0] + 1, high[1] + 1, high[2] + 1}};
  }
};

struct Sums {
  std::int64_t predicted = 0;
  std::int64_t referenced = 0;
  std::int64_t both = 0;
  Bounds prediction;
  Bounds reference;
};
using GroupSums = std::array<Sums, kGroupSize>;

/// Where a block lies: its voxels are those of one row, or of several where rows are short.
struct Place {
  int x, y, z;
  int voxels;  ///< of the block that are left in this row
};

/// Adds one pair of labels of a block. `place` is that of the block's first voxel.
template <typename T>
void add(const kernels::Agreement<T>& pair, const Place& place, const Extent& size,
         const Membership<T>& regions, GroupSums& sums) {
  const RegionSet predicted = regions[pair.predicted];
  const RegionSet referenced = regions[pair.referenced];
  for (RegionSet set = predicted; set != 0; set &= set - 1) {
    sums[static_cast<std::size_t>(std::countr_zero(set))].predicted += pair.count;
  }
  for (RegionSet set = referenced; set != 0; set &= set - 1) {
    sums[static_cast<std::size_t>(std::countr_zero(set))].referenced += pair.count;
  }
  for (RegionSet set = predicted & referenced; set != 0; set &= set - 1) {
    sums[static_cast<std::size_t>(std::countr_zero(set))].both += pair.count;
  }
  std::uint64_t rest = pair.voxels;
  Place here = place;
  int done = 0;  // voxels of the block in the rows before
  while (rest != 0) {
    const std::uint64_t row =
        here.voxels + done < 64 ? rest & ((std::uint64_t{1} << (here.voxels + done)) - 1) : rest;
    if (row != 0) {
      const int first = here.x + std::countr_zero(row) - done;
      const int last = here.x + 63 - std::countl_zero(row) - done;
      for (RegionSet set = predicted; set != 0; set &= set - 1) {
        sums[static_cast<std::size_t>(std::countr_zero(set))].prediction.add(first, last, here.y,
                                                                             here.z);
      }
      for (RegionSet set = referenced; set != 0; set &= set - 1) {
        sums[static_cast<std::size_t>(std::countr_zero(set))].reference.add(first, last, here.y,
                                                                            here.z);
      }
      rest &= ~row;
    }
    done += here.voxels;
    here = {0, here.y + 1, here.z, size.x};
    if (here.y == size.y) here = {0, 0, here.z + 1, size.x};
  }
}

template <typename T>
struct Pair {
  std::span<const T> predicted;
  std::span<const T> referenced;
  Extent size;
  std::vector<std::uint64_t> parts;  // bit: the part is labelled in one of them; empty: all may be
};

/// Blocks first <= i < last.
struct Blocks {
  std::ptrdiff_t first;
  std::ptrdiff_t last;
};

/// The next blocks from `first` on, not beyond `last`, of parts that are labelled.
Blocks next_labelled_parts(std::span<const std::uint64_t> parts, std::ptrdiff_t first,
                           std::ptrdiff_t last) {
  constexpr std::ptrdiff_t kBlocks = LabelVolume::kPart / kBlock;
  const auto labelled = [&](std::ptrdiff_t part) {
    return (parts[static_cast<std::size_t>(part / 64)] >> (part % 64) & 1) != 0;
  };
  if (parts.empty()) return {first, last};
  while (first < last && !labelled(first / kBlocks)) first = (first / kBlocks + 1) * kBlocks;
  std::ptrdiff_t end = first;
  while (end < last && labelled(end / kBlocks)) end = (end / kBlocks + 1) * kBlocks;
  return {std::min(first, last), std::min(end, last)};
}

/// Parts that are labelled in one of the volumes.
std::vector<std::uint64_t> labelled_parts(const LabelVolume& one, const LabelVolume& other) {
  const auto a = one.labelled_parts();
  const auto b = other.labelled_parts();
  if (a.empty() || b.empty()) return {};
  std::vector<std::uint64_t> either(a.begin(), a.end());
  for (std::size_t i = 0; i < either.size(); ++i) either[i] |= b[i];
  return either;
}

Place place_of(std::ptrdiff_t voxel, const Extent& size) {
  const std::ptrdiff_t row = voxel / size.x;
  const int x = static_cast<int>(voxel - row * size.x);
  const std::ptrdiff_t z = row / size.y;
  return {x, static_cast<int>(row - z * size.y), static_cast<int>(z), size.x - x};
}

/// Adds the blocks from first to last, the last of which may be cut short by the end of the volume.
template <typename T>
void scan_blocks(const Pair<T>& pair, std::ptrdiff_t first, std::ptrdiff_t last,
                 const Membership<T>& regions, const kernels::LabelKernels<T>& kernel,
                 GroupSums& sums) {
  kernels::Agreement<T> found[64];
  const auto voxels = static_cast<std::ptrdiff_t>(pair.predicted.size());
  const std::ptrdiff_t whole = std::min(last, voxels / kBlock);
  const T* const p = pair.predicted.data();
  const T* const r = pair.referenced.data();
  for (Blocks part{first, first}; part.last < whole;) {
    part = next_labelled_parts(pair.parts, part.last, whole);
    for (std::ptrdiff_t block = part.first; block < part.last; ++block) {
      block = kernel.next_labelled(p, r, block, part.last);
      if (block == part.last) break;
      const int pairs = kernel.split(p + block * kBlock, r + block * kBlock, found);
      const Place place = place_of(block * kBlock, pair.size);
      for (int i = 0; i < pairs; ++i) add(found[i], place, pair.size, regions, sums);
    }
  }
  if (last > whole) {
    T end[2][kBlock] = {};
    std::copy(p + whole * kBlock, p + voxels, end[0]);
    std::copy(r + whole * kBlock, r + voxels, end[1]);
    const int pairs = kernel.split(end[0], end[1], found);
    const Place place = place_of(whole * kBlock, pair.size);
    for (int i = 0; i < pairs; ++i) add(found[i], place, pair.size, regions, sums);
  }
}

void merge(const Bounds& from, Bounds& to) {
  for (std::size_t axis = 0; axis < 3; ++axis) {
    to.low[axis] = std::min(to.low[axis], from.low[axis]);
    to.high[axis] = std::max(to.high[axis], from.high[axis]);
  }
}

/// Up to 64 regions in one pass.
template <typename T>
void scan_group(const Pair<T>& pair, const Membership<T>& regions,
                const kernels::LabelKernels<T>& kernel, Workers& workers, GroupSums& total) {
  const auto voxels = static_cast<std::ptrdiff_t>(pair.predicted.size());
  const std::ptrdiff_t blocks = (voxels + kBlock - 1) / kBlock;
  // Small enough to balance, large enough to be worth handing out: a quarter of a million voxels.
  constexpr std::ptrdiff_t kBlocksOfItem = 4096;
  const std::ptrdiff_t items = (blocks + kBlocksOfItem - 1) / kBlocksOfItem;
  std::vector<GroupSums> sums(static_cast<std::size_t>(workers.count()));
  workers.run(items, [&](std::ptrdiff_t item, int worker) {
    scan_blocks(pair, item * kBlocksOfItem, std::min(blocks, (item + 1) * kBlocksOfItem), regions,
                kernel, sums[static_cast<std::size_t>(worker)]);
  });
  // Whole numbers: the order of adding does not matter.
  for (const GroupSums& one : sums) {
    for (std::size_t i = 0; i < kGroupSize; ++i) {
      total[i].predicted += one[i].predicted;
      total[i].referenced += one[i].referenced;
      total[i].both += one[i].both;
      merge(one[i].prediction, total[i].prediction);
      merge(one[i].reference, total[i].reference);
    }
  }
}

/// Volumes of one type as bits of that width: the loops do not mind the sign.
template <typename Label>
void scan_typed(std::span<const Label> predicted, std::span<const Label> referenced,
                const Extent& size, std::vector<std::uint64_t> parts,
                std::span<const Region> regions, const kernels::Kernels& kernels, Workers& workers,
                GroupSums& total) {
  using T = std::make_unsigned_t<Label>;
  const Pair<T> pair{{reinterpret_cast<const T*>(predicted.data()), predicted.size()},
                     {reinterpret_cast<const T*>(referenced.data()), referenced.size()},
                     size,
                     std::move(parts)};
  const auto membership = Membership<T>::of(regions, Label{});
  if constexpr (sizeof(T) == 1) scan_group(pair, membership, kernels.labels8, workers, total);
  if constexpr (sizeof(T) == 2) scan_group(pair, membership, kernels.labels16, workers, total);
  if constexpr (sizeof(T) == 4) scan_group(pair, membership, kernels.labels32, workers, total);
}

/// Copies labels into the widest type, for pairs of different types.
std::vector<std::int32_t> widened(const LabelVolume& volume) {
  return std::visit([](auto span) { return std::vector<std::int32_t>(span.begin(), span.end()); },
                    volume.labels());
}

void scan_regions(const LabelVolume& prediction, const LabelVolume& reference,
                  std::span<const Region> regions, const kernels::Kernels& kernels,
                  Workers& workers, GroupSums& total) {
  if (prediction.labels().index() != reference.labels().index()) {
    const std::vector<std::int32_t> p = widened(prediction);
    const std::vector<std::int32_t> r = widened(reference);
    scan_typed<std::int32_t>(p, r, prediction.size(), labelled_parts(prediction, reference),
                             regions, kernels, workers, total);
    return;
  }
  std::visit(
      [&](auto span) {
        scan_typed(span, std::get<decltype(span)>(reference.labels()), prediction.size(),
                   labelled_parts(prediction, reference), regions, kernels, workers, total);
      },
      prediction.labels());
}

}  // namespace

Result<std::vector<RegionOverlap>> overlap_of_regions(const LabelVolume& prediction,
                                                      const LabelVolume& reference,
                                                      std::span<const Region> regions,
                                                      Workers& workers, Simd simd) {
  MEDPERF_CHECK(same_grid(prediction, reference));
  for (const Region& region : regions) MEDPERF_CHECK(check_region(region));
  std::vector<RegionOverlap> result;
  while (result.size() < regions.size()) {
    const auto group =
        regions.subspan(result.size(), std::min(kGroupSize, regions.size() - result.size()));
    GroupSums sums;
    scan_regions(prediction, reference, group, kernels::of(simd), workers, sums);
    for (std::size_t i = 0; i < group.size(); ++i) {
      const Sums& one = sums[i];
      Overlap counts{one.both, one.predicted - one.both, one.referenced - one.both, 0};
      counts.tn = prediction.size().voxels() - counts.tp - counts.fp - counts.fn;
      result.push_back({counts, one.prediction.box(), one.reference.box()});
    }
  }
  return result;
}

Result<std::vector<RegionOverlap>> overlap_of_regions(const LabelVolume& prediction,
                                                      const LabelVolume& reference,
                                                      std::span<const Region> regions,
                                                      int threads) {
  Workers workers(threads);
  return overlap_of_regions(prediction, reference, regions, workers);
}

}  // namespace medperf::metrics
