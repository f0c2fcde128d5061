#pragma once
// Scores of single lesions, and their mean over a case under a benchmark's policy.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "metrics/estimate.h"
#include "metrics/segmentation/components.h"
#include "metrics/segmentation/lesion_policy.h"

namespace medperf::metrics {

class LabelVolume;

/// Of a lesion too small to be scored: why it has no distance.
inline constexpr std::string_view kNotScored = "not_scored";
/// Of a case with lesions too small to be scored and nothing else: the policy's value for nothing.
inline constexpr std::string_view kNothingScored = "nothing_scored";

/// One lesion of the reference: components that touch when grown are one.
struct Lesion {
  std::int64_t voxels = 0;
  double volume_mm3 = 0;
  Box box;                             ///< in coordinates of the image
  bool scored = false;                 ///< larger than the rules' limit
  std::vector<std::int32_t> found_by;  ///< predicted components that touch the grown lesion
  std::int64_t found_voxels = 0;       ///< of those components
  std::int64_t shared_voxels = 0;      ///< of those components and the lesion
  Estimate dice;                       ///< of the lesion and all of those components
  Estimate hd95;                       ///< mm, surfel; undefined when nothing was found
  std::vector<Estimate> surface_dice;  ///< surfel, one for each tau asked for
};

/// The lesions of one region of one case.
struct LesionTable {
  std::vector<Lesion> lesions;      ///< in order of their first voxel when grown
  std::vector<Component> invented;  ///< predicted components that belong to no lesion
  std::size_t predicted_components = 0;

  // Counts of scored lesions and of invented components. A predicted component that touches only
  // unscored lesions counts nowhere: small lesions shield from false positives, but do not count.
  std::int64_t tp() const;
  std::int64_t fn() const;
  std::int64_t fp() const { return static_cast<std::int64_t>(invented.size()); }
};

/// Lesions of the masks of one region. A predicted component may serve several lesions. Distances
/// are those of scored lesions only. O(voxels of the boxes) and the distances of each lesion.
/// The masks' boxes must lie within the image and hold all of each mask.
LesionTable lesion_table(const BitMask& prediction, const BitMask& reference,
                         const SpacingMm& spacing, const Extent& image, const LesionRules& rules,
                         std::span<const double> taus_mm = {});

// Scores of a case: the mean over scored lesions and invented components, with the policy's values
// for those without counterpart. Their convention is the policy's id.
Estimate lesion_wise_dice(const LesionTable& table, const LesionPolicy& policy);
Estimate lesion_wise_hd95(const LesionTable& table, const LesionPolicy& policy);
/// tau: index into the taus the table was made with.
Estimate lesion_wise_surface_dice(const LesionTable& table, const LesionPolicy& policy,
                                  std::size_t tau);

// Detection rates of scored lesions: TP / (TP + FN), TP / (TP + FP), 2 TP / (2 TP + FP + FN);
// undefined when nothing is in the denominator.
Estimate lesion_sensitivity(const LesionTable& table, const LesionPolicy& policy);
Estimate lesion_precision(const LesionTable& table, const LesionPolicy& policy);
Estimate lesion_f1(const LesionTable& table, const LesionPolicy& policy);

/// The tables of several regions, in their order. Errors: as overlap_of_regions(), and invalid for
/// a tau that is not a finite number of at least 0, or rules with negative numbers.
Result<std::vector<LesionTable>> lesion_tables(const LabelVolume& prediction,
                                               const LabelVolume& reference,
                                               std::span<const Region> regions,
                                               const LesionRules& rules,
                                               std::span<const double> taus_mm = {});

}  // namespace medperf::metrics
