#include "parameters.h"

#include <algorithm>
#include <array>

namespace evaluator {
namespace {

using namespace medperf;

Error wrong(std::string_view key, std::string what) {
  return make_error(ErrorKind::kInvalid, "parameters: " + std::string(key), std::move(what),
                    "See benchmarks/standard/evaluation/README.md.");
}

Result<double> number(std::string_view key, const Json& value) {
  if (!value.is_number()) return wrong(key, "it is no number");
  return value.as_double();
}

Result<std::int64_t> whole(std::string_view key, const Json& value, std::int64_t most) {
  if (!value.is_int() || value.as_int() < 0 || value.as_int() > most) {
    return wrong(key, "it is no whole number from 0 to " + std::to_string(most));
  }
  return value.as_int();
}

Result<std::vector<double>> numbers(std::string_view key, const Json& value) {
  std::vector<double> list;
  if (!value.is_array()) return wrong(key, "it is no list of numbers");
  for (const Json& item : value.items()) {
    MEDPERF_TRY(const double one, number(key, item));
    list.push_back(one);
  }
  return list;
}

Status read_regions(const Json& value, cohort::SegmentationOptions& options) {
  if (!value.is_object()) return wrong("regions", "it is no table of names and labels");
  for (const auto& [name, labels] : value.members()) {
    metrics::Region region{name, {}};
    if (!labels.is_array()) return wrong("regions", "the labels of a region are no list");
    for (const Json& label : labels.items()) {
      MEDPERF_TRY(const std::int64_t one, whole("regions", label, 2147483647));
      region.labels.push_back(static_cast<std::int32_t>(one));
    }
    options.regions.push_back(std::move(region));
  }
  return {};
}

Status read_texts(const Json& value, std::vector<std::string>& out) {
  if (!value.is_array()) return wrong("metrics", "it is no list of ids");
  for (const Json& item : value.items()) {
    if (!item.is_string()) return wrong("metrics", "an id is no text");
    out.push_back(item.as_string());
  }
  return {};
}

Status read_spacing(const Json& value, cohort::SegmentationOptions& options) {
  MEDPERF_TRY(const auto list, numbers("spacing_mm", value));
  if (list.size() != 2 && list.size() != 3) return wrong("spacing_mm", "it is not x, y and z");
  std::array<double, 3> spacing{1, 1, 1};
  std::copy(list.begin(), list.end(), spacing.begin());
  options.spacing_mm = spacing;
  return {};
}

Status read_one(const std::string& key, const Json& value, Parameters& out) {
  cohort::SegmentationOptions& options = out.segmentation;
  const std::string text = value.is_string() ? value.as_string() : std::string();
  if (key == "kind") {
    out.kind = text;
  } else if (key == "regions") {
    return read_regions(value, options);
  } else if (key == "metrics") {
    return read_texts(value, options.metrics);
  } else if (key == "tau_mm") {
    MEDPERF_TRY(options.tau_mm, numbers(key, value));
  } else if (key == "spacing_mm") {
    return read_spacing(value, options);
  } else if (key == "lesion_policy") {
    if (value.is_string()) {
      options.lesion_policy = text;
    } else {
      MEDPERF_TRY(options.own_lesion_policy, metrics::read_lesion_policy(value));
    }
  } else if (key == "panoptic") {
    MEDPERF_TRY(options.instances, metrics::read_instance_rules(value));
  } else if (key == "resample") {
    if (text != "refuse" && text != "nearest")
      return wrong(key, "it is neither refuse nor nearest");
    if (text == "nearest") options.grid_rule = imaging::GridRule::kResampleNearest;
  } else if (key == "largest_map_mib") {
    MEDPERF_TRY(const std::int64_t most, whole(key, value, 65536));
    options.largest_map = mebibytes(static_cast<std::uint64_t>(most));
  } else if (key == "threshold") {
    MEDPERF_TRY(out.threshold, number(key, value));
  } else if (key == "summary") {
    if (!value.is_bool()) return wrong(key, "it is neither true nor false");
    out.summary = value.as_bool();
  } else if (key == "level") {
    MEDPERF_TRY(out.bootstrap.level, number(key, value));
  } else if (key == "bootstrap") {
    MEDPERF_TRY(const std::int64_t replicates, whole(key, value, 1'000'000));
    out.bootstrap.replicates = static_cast<int>(replicates);
  } else if (key == "minimum_patients") {
    MEDPERF_TRY(out.minimum_patients, whole(key, value, 1'000'000));
    if (out.minimum_patients < 1) return wrong(key, "it is less than 1");
  } else if (key == "seed") {
    MEDPERF_TRY(const std::int64_t seed, whole(key, value, 9'000'000'000'000'000));
    out.bootstrap.seed = static_cast<std::uint64_t>(seed);
  } else {
    return wrong("a key", "it is unknown");
  }
  return {};
}

}  // namespace

Result<Parameters> read_parameters(const Json& document) {
  Parameters parameters;
  if (!document.is_object()) return wrong("file", "it is no table");
  for (const auto& [key, value] : document.members()) {
    MEDPERF_CHECK(read_one(key, value, parameters));
  }
  constexpr std::array kKinds = {"segmentation", "binary-classification", "classification",
                                 "regression"};
  if (std::find(kKinds.begin(), kKinds.end(), parameters.kind) == kKinds.end()) {
    return wrong("kind",
                 "it is none of segmentation, binary-classification, classification, regression");
  }
  if (parameters.kind == "binary-classification") {
    if (document.find("threshold") == nullptr || parameters.threshold < 0 ||
        parameters.threshold > 1) {
      return wrong("threshold", "it is missing or not a number in [0, 1]");
    }
  }
  return parameters;
}

}  // namespace evaluator
