#include "metrics/segmentation/lesion_wise.h"

#include <algorithm>
#include <cmath>

#include "metrics/segmentation/overlap.h"
#include "metrics/segmentation/surface_distance.h"
#include "metrics/segmentation/surfel.h"

namespace medperf::metrics {
namespace {

/// The work on one region.
class LesionFinder {
 public:
  LesionFinder(const BitMask& prediction, const BitMask& reference, const SpacingMm& spacing,
               const Extent& image, const LesionRules& rules, std::span<const double> taus_mm)
      : predicted_(prediction, rules.connectivity),
        parts_(reference, rules.connectivity),
        zones_(grown(reference, image, rules), rules.connectivity),
        zone_of_part_(parts_.size()),
        spacing_(spacing),
        dimensions_(image.z == 1 ? Dimensions::k2 : Dimensions::k3),
        rules_(rules),
        taus_mm_(taus_mm) {}

  LesionTable table() {
    LesionTable table;
    table.predicted_components = predicted_.size();
    table.lesions.resize(zones_.size());
    collect_parts(table.lesions);
    collect_found(table);
    for (std::size_t zone = 0; zone < zones_.size(); ++zone) score(table.lesions[zone], zone);
    return table;
  }

 private:
  static BitMask grown(const BitMask& reference, const Extent& image, const LesionRules& rules) {
    const Box box = reference.tight_box();
    if (box.empty()) return BitMask(Box{});
    return dilated(moved(reference, box.grown(rules.growth_voxels, image)), rules.growth,
                   rules.growth_voxels);
  }

  /// Every part of the reference lies in exactly one zone: a zone is the union of its parts, grown.
  void collect_parts(std::vector<Lesion>& lesions) {
    for (const ComponentOverlap& pair : overlaps(parts_, zones_)) {
      zone_of_part_[static_cast<std::size_t>(pair.a)] = static_cast<std::size_t>(pair.b);
      Lesion& lesion = lesions[static_cast<std::size_t>(pair.b)];
      lesion.voxels += pair.voxels;
      lesion.box = lesion.box.united(parts_[static_cast<std::size_t>(pair.a)].box);
    }
  }

  void collect_found(LesionTable& table) {
    std::vector<bool> belongs(predicted_.size());
    for (const ComponentOverlap& pair : overlaps(zones_, predicted_)) {
      Lesion& lesion = table.lesions[static_cast<std::size_t>(pair.a)];
      lesion.found_by.push_back(pair.b);
      lesion.found_voxels += predicted_[static_cast<std::size_t>(pair.b)].voxels;
      belongs[static_cast<std::size_t>(pair.b)] = true;
    }
    // A part that shares a voxel with a predicted component is found by it: it lies in its zone.
    for (const ComponentOverlap& pair : overlaps(parts_, predicted_)) {
      table.lesions[zone_of_part_[static_cast<std::size_t>(pair.a)]].shared_voxels += pair.voxels;
    }
    for (std::size_t i = 0; i < predicted_.size(); ++i) {
      if (!belongs[i]) table.invented.push_back(predicted_[i]);
    }
  }

  void score(Lesion& lesion, std::size_t zone) const {
    lesion.volume_mm3 = static_cast<double>(lesion.voxels) * spacing_.voxel_mm3();
    lesion.scored = lesion.volume_mm3 > rules_.ignored_mm3;
    lesion.dice = dice({lesion.shared_voxels, lesion.found_voxels - lesion.shared_voxels,
                        lesion.voxels - lesion.shared_voxels, 0});
    lesion.hd95.convention = dimensions_ == Dimensions::k2 ? kContourConvention : kSurfelConvention;
    lesion.surface_dice.resize(taus_mm_.size(), lesion.hd95);
    if (!lesion.scored) {
      lesion.hd95.flag = kNotScored;
      for (Estimate& estimate : lesion.surface_dice) estimate.flag = kNotScored;
      return;
    }
    const auto distances = distances_of(lesion, zone);
    lesion.hd95 = surfel_hausdorff(distances, 95);
    for (std::size_t i = 0; i < taus_mm_.size(); ++i) {
      lesion.surface_dice[i] = surfel_surface_dice(distances, taus_mm_[i]);
    }
  }

  SurfelDistances distances_of(const Lesion& lesion, std::size_t zone) const {
    std::vector<bool> found(predicted_.size());
    Box box = lesion.box;
    for (const std::int32_t component : lesion.found_by) {
      found[static_cast<std::size_t>(component)] = true;
      box = box.united(predicted_[static_cast<std::size_t>(component)].box);
    }
    std::vector<bool> parts(parts_.size());
    for (std::size_t part = 0; part < parts.size(); ++part) {
      parts[part] = zone_of_part_[part] == zone;
    }
    return surfel_distances(predicted_.mask_of(found, box, kSurfacePadding),
                            parts_.mask_of(parts, box, kSurfacePadding), spacing_, dimensions_);
  }

  Components predicted_;
  Components parts_;
  Components zones_;
  std::vector<std::size_t> zone_of_part_;
  SpacingMm spacing_;
  Dimensions dimensions_;
  LesionRules rules_;
  std::span<const double> taus_mm_;
};

/// Mean over scored lesions and invented components. `value` gives a lesion's own value, if any.
template <typename Value>
Estimate mean(const LesionTable& table, std::string_view convention, double missed, double invented,
              double nothing, Value value) {
  Estimate result;
  result.convention = convention;
  const std::int64_t scored = table.tp() + table.fn() + table.fp();
  if (scored == 0) {
    result.value = nothing;
    const bool empty = table.lesions.empty() && table.predicted_components == 0;
    result.flag = empty ? flag::kBothEmpty : kNothingScored;
    return result;
  }
  double sum = invented * static_cast<double>(table.fp());
  for (const Lesion& lesion : table.lesions) {
    if (!lesion.scored) continue;
    const Estimate& own = value(lesion);
    sum += lesion.found_by.empty() ? missed : *own.value;
  }
  result.value = sum / static_cast<double>(scored);
  return result;
}

Estimate rate(std::int64_t part, std::int64_t whole, std::string_view convention,
              std::string_view reason) {
  Estimate result;
  result.convention = convention;
  if (whole == 0) {
    result.flag = reason;
  } else {
    result.value = static_cast<double>(part) / static_cast<double>(whole);
  }
  return result;
}

Status check(const LesionRules& rules, std::span<const double> taus_mm) {
  const auto proper = [](double number) { return std::isfinite(number) && number >= 0; };
  if (rules.growth_voxels < 0 || !proper(rules.ignored_mm3)) {
    return make_error(ErrorKind::kInvalid, "lesion rules",
                      "the growth and the smallest volume must not be negative");
  }
  if (!std::all_of(taus_mm.begin(), taus_mm.end(), proper)) {
    return make_error(ErrorKind::kInvalid, "tau", "a tolerance must be a number of at least 0 mm");
  }
  return {};
}

}  // namespace

std::int64_t LesionTable::tp() const {
  return std::count_if(lesions.begin(), lesions.end(), [](const Lesion& lesion) {
    return lesion.scored && !lesion.found_by.empty();
  });
}

std::int64_t LesionTable::fn() const {
  return std::count_if(lesions.begin(), lesions.end(), [](const Lesion& lesion) {
    return lesion.scored && lesion.found_by.empty();
  });
}

LesionTable lesion_table(const BitMask& prediction, const BitMask& reference,
                         const SpacingMm& spacing, const Extent& image, const LesionRules& rules,
                         std::span<const double> taus_mm) {
  return LesionFinder(prediction, reference, spacing, image, rules, taus_mm).table();
}

Estimate lesion_wise_dice(const LesionTable& table, const LesionPolicy& policy) {
  const LesionPenalties& cost = policy.penalties;
  return mean(table, policy.id, cost.missed_overlap, cost.invented_overlap, cost.nothing_overlap,
              [](const Lesion& lesion) -> const Estimate& { return lesion.dice; });
}

Estimate lesion_wise_hd95(const LesionTable& table, const LesionPolicy& policy) {
  const LesionPenalties& cost = policy.penalties;
  return mean(table, policy.id, cost.missed_mm, cost.invented_mm, cost.nothing_mm,
              [](const Lesion& lesion) -> const Estimate& { return lesion.hd95; });
}

Estimate lesion_wise_surface_dice(const LesionTable& table, const LesionPolicy& policy,
                                  std::size_t tau) {
  const LesionPenalties& cost = policy.penalties;
  return mean(
      table, policy.id, cost.missed_overlap, cost.invented_overlap, cost.nothing_overlap,
      [tau](const Lesion& lesion) -> const Estimate& { return lesion.surface_dice.at(tau); });
}

Estimate lesion_sensitivity(const LesionTable& table, const LesionPolicy& policy) {
  return rate(table.tp(), table.tp() + table.fn(), policy.id, flag::kNoPositives);
}

Estimate lesion_precision(const LesionTable& table, const LesionPolicy& policy) {
  return rate(table.tp(), table.tp() + table.fp(), policy.id, flag::kNoCalled);
}

Estimate lesion_f1(const LesionTable& table, const LesionPolicy& policy) {
  return rate(2 * table.tp(), 2 * table.tp() + table.fp() + table.fn(), policy.id,
              flag::kNothingPositive);
}

Result<std::vector<LesionTable>> lesion_tables(const LabelVolume& prediction,
                                               const LabelVolume& reference,
                                               std::span<const Region> regions,
                                               const LesionRules& rules,
                                               std::span<const double> taus_mm) {
  MEDPERF_CHECK(check(rules, taus_mm));
  MEDPERF_TRY(const auto overlaps, overlap_of_regions(prediction, reference, regions));
  std::vector<LesionTable> tables;
  for (std::size_t i = 0; i < regions.size(); ++i) {
    tables.push_back(lesion_table(pack(prediction, regions[i], overlaps[i].prediction_box),
                                  pack(reference, regions[i], overlaps[i].reference_box),
                                  reference.spacing(), reference.size(), rules, taus_mm));
  }
  return tables;
}

}  // namespace medperf::metrics
