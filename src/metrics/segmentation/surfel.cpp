#include "metrics/segmentation/surfel.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>

#include "metrics/segmentation/overlap.h"
#include "metrics/segmentation/surface_metrics.h"
#include "metrics/segmentation/surfel_area.h"
#include "metrics/segmentation/voxel_distances.h"

namespace medperf::metrics {
namespace {

using Word = std::uint64_t;

constexpr double kShareSlack = 1 - 1e-12;  // sums of areas that reach a share up to rounding

/// Two neighbouring bits of a row, that before `bit` first.
unsigned two_bits(const Word* row, int bit) {
  const int word = bit / 64;
  const int at = bit % 64;
  if (at > 0) return static_cast<unsigned>(row[word] >> (at - 1) & 3U);
  return static_cast<unsigned>(row[word - 1] >> 63 | (row[word] & 1U) << 1);
}

/// Sums of areas by squared distance: an open hash table, as there are few different distances.
class AreaTable {
 public:
  /// The sum for a distance, until the next call.
  double& at(double square) {
    if (2 * used_ >= slots_.size()) grow();
    Slot& slot = find(square);
    if (slot.square < 0) {
      slot.square = square;
      ++used_;
    }
    return slot.area;
  }

  AreaByDistance sorted() const {
    std::vector<Slot> filled;
    std::copy_if(slots_.begin(), slots_.end(), std::back_inserter(filled),
                 [](const Slot& slot) { return slot.square >= 0; });
    std::sort(filled.begin(), filled.end(),
              [](const Slot& a, const Slot& b) { return a.square < b.square; });
    AreaByDistance result;
    for (const Slot& slot : filled) {
      result.distance_mm.push_back(std::sqrt(slot.square));
      result.area.push_back(slot.area);
      result.total_area += slot.area;
    }
    return result;
  }

 private:
  struct Slot {
    double square = -1;  // free
    double area = 0;
  };

  Slot& find(double square) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = std::bit_cast<std::uint64_t>(square) * 0x9E3779B97F4A7C15U >> 32 & mask;
    while (slots_[at].square >= 0 && slots_[at].square != square) at = (at + 1) & mask;
    return slots_[at];
  }

  void grow() {
    const std::vector<Slot> before = std::move(slots_);
    slots_.assign(std::max<std::size_t>(64, before.size() * 2), Slot{});
    for (const Slot& slot : before) {
      if (slot.square >= 0) find(slot.square) = slot;
    }
  }

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

/// The pieces of one surface: their areas, and the sums by distance to the corners of another.
class Surface {
 public:
  Surface(const BitMask& mask, std::span<const double> areas)
      : mask_(mask),
        flat_(areas.size() == 16),
        corners_(surfel_corners(mask, flat_ ? Dimensions::k2 : Dimensions::k3)),
        areas_(areas) {}

  const BitMask& corners() const { return corners_; }

  AreaByDistance distances_to(const BitMask& other, const SpacingMm& spacing) const {
    AreaTable table;
    for_each_distance(corners_, other, spacing,
                      [&](int x, int y, int z, Word bits, double squared_mm2) {
                        double& sum = table.at(squared_mm2);
                        const Rows rows = rows_at(y, z);
                        for (; bits != 0; bits &= bits - 1) {
                          sum += areas_[code(rows, x + mask_.padding() + std::countr_zero(bits))];
                        }
                      });
    return table.sorted();
  }

 private:
  /// The rows around a row of corners, in order of the code's bits; in a plane the first two.
  using Rows = std::array<const Word*, 4>;
  Rows rows_at(int y, int z) const {
    if (flat_) return {mask_.row(y - 1, z), mask_.row(y, z), nullptr, nullptr};
    return {mask_.row(y - 1, z - 1), mask_.row(y, z - 1), mask_.row(y - 1, z), mask_.row(y, z)};
  }
  std::size_t code(const Rows& rows, int bit) const {
    unsigned result = 0;
    for (unsigned i = 0; i < (flat_ ? 2U : 4U); ++i) {
      result |= two_bits(rows[i], bit) << (2 * i);
    }
    return result;
  }

  const BitMask& mask_;
  bool flat_;
  BitMask corners_;
  std::span<const double> areas_;
};

BitMask in_box(const BitMask& mask, const Box& box) {
  if (mask.box() == box && mask.padding() == kSurfacePadding) return mask;
  return moved(mask, box, kSurfacePadding);
}

/// Smallest distance within which the share of the surface lies.
double distance_of_share(const AreaByDistance& distances, double share) {
  const double wanted = share * distances.total_area * kShareSlack;
  double sum = 0;
  for (std::size_t i = 0; i < distances.area.size(); ++i) {
    sum += distances.area[i];
    if (sum >= wanted) return distances.distance_mm[i];
  }
  return distances.distance_mm.back();
}

double area_within(const AreaByDistance& distances, double limit_mm) {
  double sum = 0;
  for (std::size_t i = 0; i < distances.area.size() && distances.distance_mm[i] <= limit_mm; ++i) {
    sum += distances.area[i];
  }
  return sum;
}

/// The value of a pair with an empty mask, or nothing when both have voxels.
std::optional<Estimate> of_empty(const SurfelDistances& distances, double both_empty,
                                 std::optional<double> one_empty) {
  if (distances.flag.empty()) return std::nullopt;
  Estimate result;
  result.convention = distances.convention;
  result.flag = distances.flag;
  result.value = distances.flag == flag::kBothEmpty ? both_empty : one_empty;
  return result;
}

Estimate average(const SurfelDistances& distances, const AreaByDistance& from) {
  if (const auto empty = of_empty(distances, 0, std::nullopt)) return *empty;
  double sum = 0;
  for (std::size_t i = 0; i < from.area.size(); ++i) sum += from.area[i] * from.distance_mm[i];
  Estimate result;
  result.value = sum / from.total_area;
  result.convention = distances.convention;
  return result;
}

}  // namespace

BitMask surfel_corners(const BitMask& mask, Dimensions dimensions) {
  const bool flat = dimensions == Dimensions::k2;
  Box box = mask.box();
  if (box.empty()) return BitMask(Box{}, mask.padding());
  box.last = {box.last[0] + 1, box.last[1] + 1, box.last[2] + (flat ? 0 : 1)};
  BitMask corners(box, mask.padding());
  const Extent extent = corners.extent();
  for (int z = 0; z < extent.z; ++z) {
    for (int y = 0; y < extent.y; ++y) {
      const Word* const rows[] = {mask.row(y - 1, z), mask.row(y, z),
                                  mask.row(y - 1, flat ? z : z - 1), mask.row(y, flat ? z : z - 1)};
      Word* const out = corners.row(y, z);
      for (std::ptrdiff_t i = 0; i < mask.row_words(); ++i) {
        Word any = 0;
        Word all = ~Word{0};
        for (const Word* const row : rows) {
          const Word before = row[i] << 1 | row[i - 1] >> 63;
          any |= row[i] | before;
          all &= row[i] & before;
        }
        out[i] = any & ~all;
      }
    }
  }
  return corners;
}

SurfelDistances surfel_distances(const BitMask& prediction, const BitMask& reference,
                                 const SpacingMm& spacing, Dimensions dimensions) {
  const bool flat = dimensions == Dimensions::k2;
  SurfelDistances result;
  result.convention = flat ? kContourConvention : kSurfelConvention;
  const bool predicted = prediction.any();
  const bool referenced = reference.any();
  if (!predicted || !referenced) {
    result.flag = predicted    ? flag::kReferenceEmpty
                  : referenced ? flag::kPredictionEmpty
                               : flag::kBothEmpty;
    return result;
  }
  const auto solid = surfel_areas_mm2(spacing);
  const auto plane = contour_lengths_mm(spacing);
  const std::span<const double> areas = flat ? std::span<const double>(plane) : solid;
  // The tight box, so that sums are made in an order that depends on the masks only.
  const Box box = prediction.tight_box().united(reference.tight_box());
  const BitMask moved_prediction = in_box(prediction, box);
  const BitMask moved_reference = in_box(reference, box);
  const Surface predicted_surface(moved_prediction, areas);
  const Surface reference_surface(moved_reference, areas);
  result.from_prediction = predicted_surface.distances_to(reference_surface.corners(), spacing);
  result.from_reference = reference_surface.distances_to(predicted_surface.corners(), spacing);
  return result;
}

Result<std::vector<SurfelDistances>> surfel_distances_of_regions(const LabelVolume& prediction,
                                                                 const LabelVolume& reference,
                                                                 std::span<const Region> regions) {
  MEDPERF_TRY(const auto overlaps, overlap_of_regions(prediction, reference, regions));
  std::vector<SurfelDistances> result;
  for (std::size_t i = 0; i < regions.size(); ++i) {
    const Box box = overlaps[i].prediction_box.united(overlaps[i].reference_box);
    result.push_back(surfel_distances(pack(prediction, regions[i], box, kSurfacePadding),
                                      pack(reference, regions[i], box, kSurfacePadding),
                                      reference.spacing(), reference.dimensions()));
  }
  return result;
}

Estimate surfel_hausdorff(const SurfelDistances& distances, double percentile) {
  if (const auto empty = of_empty(distances, 0, std::nullopt)) return *empty;
  Estimate result;
  result.value = std::max(distance_of_share(distances.from_reference, percentile / 100),
                          distance_of_share(distances.from_prediction, percentile / 100));
  result.convention = distances.convention;
  return result;
}

Estimate surfel_surface_dice(const SurfelDistances& distances, double tau_mm) {
  if (const auto empty = of_empty(distances, 1, 0.0)) return *empty;
  const double limit = tau_mm * (1 + kTauSlack);
  Estimate result;
  result.value = (area_within(distances.from_reference, limit) +
                  area_within(distances.from_prediction, limit)) /
                 (distances.from_reference.total_area + distances.from_prediction.total_area);
  result.convention = distances.convention;
  return result;
}

Estimate surfel_average_from_reference(const SurfelDistances& distances) {
  return average(distances, distances.from_reference);
}

Estimate surfel_average_from_prediction(const SurfelDistances& distances) {
  return average(distances, distances.from_prediction);
}

}  // namespace medperf::metrics
