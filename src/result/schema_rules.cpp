#include "result/schema_rules.h"

#include <algorithm>
#include <array>
#include <functional>

namespace medperf::result {
namespace {

template <std::size_t N>
bool is_in(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 6> kTypes = {"object", "array",   "string",
                                                    "number", "integer", "boolean"};
constexpr std::array<std::string_view, 7> kCommon = {
    "type", "title", "description", "$comment", "x-medperf", "enum", "const"};
constexpr std::array<std::string_view, 2> kRoot = {"$schema", "$id"};
constexpr std::array<std::string_view, 3> kObject = {"properties", "required",
                                                     "additionalProperties"};
constexpr std::array<std::string_view, 4> kArray = {"items", "minItems", "maxItems", "uniqueItems"};
constexpr std::array<std::string_view, 3> kString = {"minLength", "maxLength", "pattern"};
constexpr std::array<std::string_view, 5> kNumber = {"minimum", "maximum", "exclusiveMinimum",
                                                     "exclusiveMaximum", "multipleOf"};
constexpr std::array<std::string_view, 10> kDeclaration = {
    "metric", "convention",    "direction",     "unit",  "digits",
    "strata", "minimum_count", "suppress_with", "merge", "merge_from"};
constexpr std::array<std::string_view, 3> kMerges = {"none", "sum", "random-effects-logit"};
constexpr std::array<std::string_view, 3> kDirections = {"higher", "lower", "none"};

}  // namespace

NodeType type_of(const Json& node) {
  NodeType found;
  const Json* type = node.find("type");
  if (type == nullptr) return found;
  const Json::Array names = type->is_array() ? type->items() : Json::Array{*type};
  for (const Json& name : names) {
    if (!name.is_string()) return {};
    if (name.as_string() == "null") {
      found.nullable = true;
    } else if (found.name.empty() && is_in(kTypes, name.as_string())) {
      found.name = name.as_string();
    } else {
      return {};
    }
  }
  return found;
}

bool is_known_keyword(std::string_view key, std::string_view type, bool root) {
  if (is_in(kCommon, key) || (root && is_in(kRoot, key))) return true;
  if (type == "object") return is_in(kObject, key);
  if (type == "array") return is_in(kArray, key);
  if (type == "string") return is_in(kString, key);
  if (type == "number" || type == "integer") return is_in(kNumber, key);
  return false;
}

bool is_tame_pattern(std::string_view pattern) {
  if (pattern.size() < 2 || pattern.front() != '^' || pattern.back() != '$') return false;
  bool in_class = false;
  for (std::size_t i = 1; i + 1 < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      // Only escapes that name one character, and digits: \S, \W, \p and the like say "anything
      // but".
      const char next = pattern[++i];
      const bool letter = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z');
      if ((letter && next != 'd') || i + 1 >= pattern.size()) return false;
    } else if (c == '[' && !in_class) {
      if (pattern[i + 1] == '^') return false;
      in_class = true;
    } else if (c == ']') {
      in_class = false;
    } else if (!in_class && (c == '.' || c == '|' || c == '^' || c == '$')) {
      return false;  // "|" would take the anchors off its sides
    }
  }
  return !in_class;
}

bool is_plain_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto inner = [&letter](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), inner);
}

namespace {

/// The parts that random effects need: of a figure with a standard error, or of a proportion.
bool is_complete(const MetricDeclaration& metric) {
  const auto has = [&](std::string_view part) { return metric.merge_from.contains(part); };
  return (metric.merge_from.size() == 3 && has("se") && has("positives") && has("negatives")) ||
         (metric.merge_from.size() == 2 && has("events") && has("total"));
}

void read_merge_from(const Json& declaration, MetricDeclaration& metric,
                     const std::function<void(std::string)>& problem) {
  const Json* parts = declaration.find("merge_from");
  if (parts == nullptr) return;
  if (parts->is_object()) {
    for (const auto& [part, path] : parts->members()) {
      metric.merge_from[part] = path.is_string() ? path.as_string() : "";
    }
  }
  if (metric.merge != "random-effects-logit" || !is_complete(metric)) {
    problem(
        "x-medperf.merge_from belongs to 'random-effects-logit' and names 'se', 'positives', "
        "'negatives', or 'events', 'total'.");
  }
}

}  // namespace

MetricDeclaration read_declaration(const Json& declaration, const std::string& path, bool integer,
                                   std::vector<FieldError>& errors) {
  MetricDeclaration metric;
  metric.path = path;
  const auto problem = [&](std::string message) { errors.push_back({path, std::move(message)}); };
  for (const auto& [key, value] : declaration.members()) {
    if (!is_in(kDeclaration, key)) problem("Unknown key in x-medperf: " + key + ".");
  }
  const auto text = [&](std::string_view key, std::string_view other) {
    const Json* value = declaration.find(key);
    if (value == nullptr) return std::string(other);
    if (!value->is_string() || value->as_string().size() > 200) {
      problem("x-medperf." + std::string(key) + " must be text of at most 200 bytes.");
      return std::string(other);
    }
    return value->as_string();
  };
  metric.metric = text("metric", "");
  if (metric.metric.empty()) problem("x-medperf.metric must name the metric.");
  metric.convention = text("convention", "");
  metric.direction = text("direction", "none");
  if (!is_in(kDirections, metric.direction)) {
    problem("x-medperf.direction must be 'higher', 'lower' or 'none'.");
  }
  metric.unit = text("unit", "");
  metric.merge = text("merge", "none");
  if (!is_in(kMerges, metric.merge)) {
    problem("x-medperf.merge must be 'none', 'sum' or 'random-effects-logit'.");
  }
  read_merge_from(declaration, metric, problem);

  const auto whole = [&](std::string_view key, std::int64_t lowest, std::int64_t highest) {
    const Json* value = declaration.find(key);
    std::optional<std::int64_t> number;
    if (value == nullptr) return number;
    if (value->is_int() && value->as_int() >= lowest && value->as_int() <= highest) {
      number = value->as_int();
    } else {
      problem("x-medperf." + std::string(key) + " must be a whole number from " +
              std::to_string(lowest) + " to " + std::to_string(highest) + ".");
    }
    return number;
  };
  if (const auto digits = whole("digits", 0, 15)) metric.digits = static_cast<int>(*digits);
  metric.minimum_count = whole("minimum_count", 2, 1000);
  if (!integer && !declaration.contains("digits")) {
    problem("A number needs x-medperf.digits: how many decimals may leave.");
  }
  if (integer && declaration.contains("digits")) problem("An integer has no x-medperf.digits.");
  if (!integer && metric.minimum_count) problem("Only an integer can have a minimum_count.");

  if (const Json* others = declaration.find("suppress_with"); others != nullptr) {
    if (!others->is_array() || !metric.minimum_count) {
      problem("x-medperf.suppress_with must be a list of paths beside a minimum_count.");
    } else {
      for (const Json& other : others->items()) {
        if (other.is_string()) metric.suppress_with.push_back(other.as_string());
        if (!other.is_string()) problem("x-medperf.suppress_with must hold paths as text.");
      }
    }
  }
  return metric;
}

}  // namespace medperf::result
