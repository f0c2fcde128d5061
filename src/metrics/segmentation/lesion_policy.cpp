#include "metrics/segmentation/lesion_policy.h"

#include <algorithm>
#include <array>

namespace medperf::metrics {
namespace {

constexpr LesionRules brats(int growth_voxels, double ignored_mm3) {
  return {Neighbours::k26, Neighbours::k18, growth_voxels, ignored_mm3};
}

// Sorted by id.
constexpr std::array kPolicies = {
    LesionPolicy{"brats-2023-gli", brats(3, 50), {}},
    LesionPolicy{"brats-2023-men", brats(1, 50), {}},
    LesionPolicy{"brats-2023-met", brats(1, 2), {}},
    LesionPolicy{"brats-2023-ped", brats(3, 50), {}},
    LesionPolicy{"brats-2023-ssa", brats(3, 50), {}},
};

}  // namespace

std::span<const LesionPolicy> lesion_policies() {
  return kPolicies;
}

const LesionPolicy* find_lesion_policy(std::string_view id) {
  const auto* const found =
      std::find_if(kPolicies.begin(), kPolicies.end(),
                   [id](const LesionPolicy& policy) { return policy.id == id; });
  return found != kPolicies.end() ? found : nullptr;
}

std::vector<Region> brats_regions(int enhancing_label) {
  return {{"WT", {1, 2, enhancing_label}}, {"TC", {1, enhancing_label}}, {"ET", {enhancing_label}}};
}

}  // namespace medperf::metrics
