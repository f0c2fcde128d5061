#pragma once
// What a benchmark decides about lesions: which belong together, which count, and what a missed or
// an invented one costs. None of it is part of a metric; a benchmark names a policy.

#include <span>
#include <string_view>
#include <vector>

#include "metrics/segmentation/bit_mask.h"

namespace medperf::metrics {

/// What the vocabulary says of scores by lesion: each carries the id of its policy.
inline constexpr std::string_view kLesionConvention = "lesion-policy";

/// How lesions are told apart and which are scored.
struct LesionRules {
  Neighbours connectivity = Neighbours::k26;  ///< of predicted components and of grown lesions
  Neighbours growth = Neighbours::k18;        ///< element of the dilation
  int growth_voxels = 3;    ///< reference components that touch when grown so far are one lesion
  double ignored_mm3 = 50;  ///< lesions of at most this volume are not scored
};

/// Values that stand for a lesion without a counterpart, and for a region without any lesion.
struct LesionPenalties {
  double missed_overlap = 0;    ///< Dice and surface Dice of a missed lesion
  double missed_mm = 374;       ///< HD95 of a missed lesion
  double invented_overlap = 0;  ///< of a predicted component that belongs to no lesion
  double invented_mm = 374;
  double nothing_overlap = 1;  ///< nothing to find, nothing invented
  double nothing_mm = 0;
};

struct LesionPolicy {
  std::string_view id;  ///< the convention of every score made with it; must outlive the scores
  LesionRules rules;
  LesionPenalties penalties;
};

/// Named policies, sorted by id: brats-2023-gli, -men, -met, -ped, -ssa. Rules of the evaluation of
/// the BraTS 2023 challenges; 374 mm is about the diagonal of their grid of 240 x 240 x 155 mm.
std::span<const LesionPolicy> lesion_policies();
/// The policy of an id, or null pointer.
const LesionPolicy* find_lesion_policy(std::string_view id);

/// Whole tumour, tumour core and enhancing tumour. The enhancing tumour is label 3 since 2023 and
/// was 4 before; oedema is 2, necrosis 1.
std::vector<Region> brats_regions(int enhancing_label = 3);

}  // namespace medperf::metrics
