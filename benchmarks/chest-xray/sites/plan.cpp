#include "plan.h"

#include <algorithm>
#include <cstring>

#include "base/yaml.h"

namespace cxr {

using medperf::Error;
using medperf::ErrorKind;
using medperf::Json;
using medperf::make_error;
using medperf::Result;
using medperf::Status;

namespace {

constexpr const char* kAdvice = "Compare with benchmarks/chest-xray/sites/sites.yaml.";

Error invalid(std::string where, std::string what) {
  return make_error(ErrorKind::kInvalid, std::move(where), std::move(what), kAdvice);
}

Result<double> number(const Json& shift, const std::string& site, const char* key, double low,
                      double high) {
  const Json* value = shift.find(key);
  if (value == nullptr || !value->is_number() || value->as_double() < low ||
      value->as_double() > high) {
    return invalid(site + ".shift." + key,
                   "must be a number from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return value->as_double();
}

Result<Shift> parse_shift(const Json& entry, const std::string& site) {
  const Json* shift = entry.find("shift");
  if (shift == nullptr || !shift->is_object()) return invalid(site + ".shift", "is missing");
  Shift out;
  MEDPERF_TRY(out.rotation, number(*shift, site, "rotation", 0, 45));
  MEDPERF_TRY(out.blur, number(*shift, site, "blur", 0, 1));
  MEDPERF_TRY(out.gamma, number(*shift, site, "gamma", 0.1, 10));
  MEDPERF_TRY(out.contrast, number(*shift, site, "contrast", 0, 10));
  MEDPERF_TRY(out.noise, number(*shift, site, "noise", 0, 1));
  return out;
}

Result<Site> parse_site(const Json& entry) {
  Site site;
  site.id = entry.get_string("id");
  const bool plain = std::all_of(site.id.begin(), site.id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (site.id.empty() || !plain) {
    return invalid("sites.id", "must be made of a-z, 0-9 and '-'");
  }
  for (const char* split : {"val", "test"}) {
    for (const int label : {0, 1}) {
      const char* name = label == 0 ? "normal" : "pneumonia";
      const Json* count = entry.find_path({"counts", split, name});
      if (count == nullptr || !count->is_int() || count->as_int() < 0) {
        return invalid(site.id + ".counts." + split + "." + name, "must be a count");
      }
      site.counts[{split, label}] = static_cast<std::size_t>(count->as_int());
    }
  }
  MEDPERF_TRY(site.shift, parse_shift(entry, site.id));
  return site;
}

}  // namespace

Result<Plan> parse_plan(std::string_view yaml) {
  MEDPERF_TRY(const Json document, medperf::parse_yaml(yaml));
  if (document.get_string("format") != "medperf/chest-xray-sites/v1") {
    return invalid("format", "must be 'medperf/chest-xray-sites/v1'");
  }
  Plan plan;
  plan.salt = document.get_string("salt");
  const Json* excluded = document.find("excluded");
  const Json* sites = document.find("sites");
  if (plan.salt.empty() || excluded == nullptr || !excluded->is_array() || sites == nullptr ||
      !sites->is_array()) {
    return invalid({}, "needs 'salt' and the lists 'excluded' and 'sites'");
  }
  for (const Json& entry : excluded->items()) {
    plan.excluded.emplace(entry.get_string("split"),
                          static_cast<std::size_t>(entry.get_int("index", -1)));
  }
  for (const Json& entry : sites->items()) {
    MEDPERF_TRY(Site site, parse_site(entry));
    plan.sites.push_back(std::move(site));
  }
  return plan;
}

Result<Splits> read_splits(const std::map<std::string, medperf::imaging::NpyArray>& arrays) {
  Splits splits;
  for (const char* name : {"train", "val", "test"}) {
    const auto images = arrays.find(std::string(name) + "_images");
    const auto labels = arrays.find(std::string(name) + "_labels");
    if (images == arrays.end() || labels == arrays.end() || images->second.shape.size() != 3 ||
        images->second.type != medperf::imaging::NpyType::kU8 || images->second.shape[1] != kSide ||
        images->second.shape[2] != kSide || labels->second.count() != images->second.shape[0]) {
      return make_error(ErrorKind::kInvalid, name,
                        "images of 28x28 bytes and a label each expected",
                        "Use data/pneumoniamnist.npz of this benchmark.");
    }
    Split split;
    split.images.resize(images->second.shape[0]);
    for (std::size_t i = 0; i < split.images.size(); ++i) {
      std::memcpy(split.images[i].data(), images->second.data.data() + i * kPixels, kPixels);
    }
    for (const double label : medperf::imaging::to_doubles(labels->second)) {
      split.labels.push_back(label > 0.5 ? 1 : 0);
    }
    splits[name] = std::move(split);
  }
  return splits;
}

Status check_exclusions(const Plan& plan, const Splits& splits) {
  std::set<Image> seen(splits.at("train").images.begin(), splits.at("train").images.end());
  for (const char* name : {"val", "test"}) {
    const Split& split = splits.at(name);
    for (std::size_t i = 0; i < split.images.size(); ++i) {
      const bool repeated = !seen.insert(split.images[i]).second;
      if (repeated == plan.excluded.contains({name, i})) continue;
      return invalid("excluded", std::string(name) + " " + std::to_string(i) +
                                     (repeated ? " has pixels that occur before, and is missing"
                                               : " has pixels of its own, and needs no exclusion"));
    }
  }
  return {};
}

}  // namespace cxr
