#include "metrics/segmentation/rules_json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "metrics/convention.h"

namespace medperf::metrics {
namespace {

Error wrong(std::string_view key, std::string what) {
  return make_error(ErrorKind::kInvalid, std::string(key), std::move(what),
                    "See docs/metrics/panoptic.md and docs/metrics/lesion-wise.md.");
}

int number_of(Neighbours neighbours) {
  return neighbour_count(neighbours, Dimensions::k3);
}

Status read(std::string_view key, const Json& value, Neighbours& out) {
  for (const Neighbours one : {Neighbours::k6, Neighbours::k18, Neighbours::k26}) {
    if (!value.is_int() || value.as_int() != number_of(one)) continue;
    out = one;
    return {};
  }
  return wrong(key, "it is none of 6, 18 and 26");
}

Status read(std::string_view key, const Json& value, double most, double& out) {
  if (!value.is_number() || !(value.as_double() >= 0 && value.as_double() <= most)) {
    return wrong(key, "it is no number from 0 to " + to_text(Json(most)));
  }
  out = value.as_double();
  return {};
}

Status read_growth(std::string_view key, const Json& value, int& out) {
  constexpr int kMost = 100;
  if (!value.is_int() || value.as_int() < 0 || value.as_int() > kMost) {
    return wrong(key, "it is no whole number from 0 to 100");
  }
  out = static_cast<int>(value.as_int());
  return {};
}

Status read_id(const Json& value, std::string_view& out) {
  constexpr std::size_t kLongest = 60;
  const std::string id = value.is_string() ? value.as_string() : std::string();
  const bool plain = std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
  if (id.empty() || id.size() > kLongest || !plain) {
    return wrong("id", "it is not 1 to 60 of a-z, 0-9, - and .");
  }
  if (find_lesion_policy(id) != nullptr) {
    return wrong("id", "a policy of this name exists, with its own rules");
  }
  out = kept_convention(id);
  return {};
}

Status read_one(const std::string& key, const Json& value, LesionPolicy& out) {
  constexpr double kMostMm3 = 1e12;
  constexpr double kMostMm = 1e6;
  auto& [connectivity, growth, growth_voxels, ignored_mm3] = out.rules;
  LesionPenalties& costs = out.penalties;
  if (key == "id") return read_id(value, out.id);
  if (key == "connectivity") return read(key, value, connectivity);
  if (key == "growth") return read(key, value, growth);
  if (key == "growth_voxels") return read_growth(key, value, growth_voxels);
  if (key == "ignored_mm3") return read(key, value, kMostMm3, ignored_mm3);
  if (key == "missed_overlap") return read(key, value, 1, costs.missed_overlap);
  if (key == "missed_mm") return read(key, value, kMostMm, costs.missed_mm);
  if (key == "invented_overlap") return read(key, value, 1, costs.invented_overlap);
  if (key == "invented_mm") return read(key, value, kMostMm, costs.invented_mm);
  if (key == "nothing_overlap") return read(key, value, 1, costs.nothing_overlap);
  if (key == "nothing_mm") return read(key, value, kMostMm, costs.nothing_mm);
  return wrong("a key of the lesion policy", "it is unknown");
}

}  // namespace

Json to_json(const InstanceRules& rules) {
  const bool optimal = rules.match.matching == Matching::kOptimal;
  return Json::object({{"iou_above", rules.match.iou_above},
                       {"matching", optimal ? "optimal" : "greedy"},
                       {"connectivity", number_of(rules.connectivity)},
                       {"instance_maps", rules.whole_maps}});
}

Result<InstanceRules> read_instance_rules(const Json& document) {
  InstanceRules rules;
  if (!document.is_object()) return wrong("panoptic", "it is no table");
  for (const auto& [key, value] : document.members()) {
    if (key == "iou_above") {
      MEDPERF_CHECK(read(key, value, std::nextafter(1.0, 0.0), rules.match.iou_above));
    } else if (key == "matching") {
      const std::string text = value.is_string() ? value.as_string() : std::string();
      if (text != "greedy" && text != "optimal")
        return wrong(key, "it is neither greedy nor optimal");
      rules.match.matching = text == "optimal" ? Matching::kOptimal : Matching::kGreedy;
    } else if (key == "connectivity") {
      MEDPERF_CHECK(read(key, value, rules.connectivity));
    } else if (key == "instance_maps") {
      if (!value.is_bool()) return wrong(key, "it is neither true nor false");
      rules.whole_maps = value.as_bool();
    } else {
      return wrong("a key of panoptic", "it is unknown");
    }
  }
  return rules;
}

Json to_json(const LesionPolicy& policy) {
  const LesionRules& rules = policy.rules;
  const LesionPenalties& costs = policy.penalties;
  return Json::object({{"id", policy.id},
                       {"connectivity", number_of(rules.connectivity)},
                       {"growth", number_of(rules.growth)},
                       {"growth_voxels", rules.growth_voxels},
                       {"ignored_mm3", rules.ignored_mm3},
                       {"missed_overlap", costs.missed_overlap},
                       {"missed_mm", costs.missed_mm},
                       {"invented_overlap", costs.invented_overlap},
                       {"invented_mm", costs.invented_mm},
                       {"nothing_overlap", costs.nothing_overlap},
                       {"nothing_mm", costs.nothing_mm}});
}

Result<LesionPolicy> read_lesion_policy(const Json& document) {
  LesionPolicy policy;
  if (!document.is_object()) return wrong("lesion_policy", "it is neither an id nor a table");
  for (const auto& [key, value] : document.members()) {
    MEDPERF_CHECK(read_one(key, value, policy));
  }
  for (const char* const key : {"id", "growth_voxels", "ignored_mm3", "missed_mm", "invented_mm"}) {
    if (document.find(key) == nullptr) return wrong(key, "the lesion policy does not say it");
  }
  return policy;
}

}  // namespace medperf::metrics
