#include "result/schema.h"

#include <algorithm>

#include "domain/messages.h"
#include "result/schema_rules.h"

namespace medperf::result {
namespace {

constexpr int kDeepest = 8;
constexpr std::int64_t kLongestText = 64;
constexpr std::int64_t kLongestChoice = 200;
constexpr double kLargestInteger = 0x1p53;  // beyond it a JSON number loses digits

struct Leaf {
  std::string path;
  bool nullable;
};

// Walks a schema once and collects its numbers, its leaves and everything that is wrong with it.
class Walker {
 public:
  void walk(const Json& document) { visit(document, "", 0, false, 1); }
  void resolve_suppression();
  void check_merging();
  /// The paths of x-medperf.shown, or what it is without it.
  std::vector<std::string> shown(const Json& document);

  std::vector<MetricDeclaration> metrics;
  std::optional<SummaryDeclaration> summary;
  std::vector<FieldError> errors;

 private:
  void problem(const std::string& path, std::string message) {
    errors.push_back({path.empty() ? "(root)" : path, std::move(message)});
  }
  void visit(const Json& node, const std::string& path, int depth, bool in_list,
             std::int64_t copies);
  void visit_object(const Json& node, const std::string& path, int depth, bool in_list,
                    std::int64_t copies);
  void visit_array(const Json& node, const std::string& path, int depth, std::int64_t copies);
  void visit_summary(const Json& node, const NodeType& type, const std::string& path, bool in_list);
  void visit_leaf(const Json& node, const NodeType& type, const std::string& path, bool in_list);
  void visit_text(const Json& node, const std::string& path, bool in_list);
  void visit_number(const Json& node, bool integer, const std::string& path);
  bool is_declared(std::string_view path) const {
    return std::any_of(metrics.begin(), metrics.end(),
                       [path](const MetricDeclaration& metric) { return metric.path == path; });
  }
  bool has_fixed_values(const Json& node, const NodeType& type, const std::string& path);

  std::vector<Leaf> leaves_;
  std::int64_t values_ = 0;
};

std::string child(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

void Walker::visit(const Json& node, const std::string& path, int depth, bool in_list,
                   std::int64_t copies) {
  if (!node.is_object()) return problem(path, "Each part of the schema must be an object.");
  if (depth > kDeepest) return problem(path, "The schema is nested too deeply.");
  const NodeType type = type_of(node);
  if (type.name.empty()) return problem(path, "'type' must be one type, or one type and null.");
  for (const auto& [key, value] : node.members()) {
    if (!is_known_keyword(key, type.name, depth == 0)) {
      problem(path, "A result schema cannot use '" + key + "' for the type " + type.name + ".");
    }
  }
  if (depth == 0 && (type.name != "object" || type.nullable)) {
    return problem(path, "The schema must be that of an object.");
  }
  if (type.name == "object" && depth > 0 && declares_summary(node)) {
    return visit_summary(node, type, path, in_list);
  }
  if (type.name == "object") return visit_object(node, path, depth, in_list, copies);
  if (type.name == "array") return visit_array(node, path, depth, copies);
  values_ += copies;
  if (values_ > kMostValues) {
    return problem(path, "A result may hold at most " + std::to_string(kMostValues) + " values.");
  }
  leaves_.push_back({path, type.nullable});
  visit_leaf(node, type, path, in_list);
}

void Walker::visit_object(const Json& node, const std::string& path, int depth, bool in_list,
                          std::int64_t copies) {
  const Json* additional = node.find("additionalProperties");
  if (additional == nullptr || *additional != Json(false)) {
    problem(path, "An object needs 'additionalProperties': false.");
  }
  if (node.contains("enum") || node.contains("const")) {
    problem(path, "An object cannot have 'enum' or 'const'.");
  }
  if (depth == 0) {
    const Json* format = node.find_path({"x-medperf", "format"});
    if (node.contains("x-medperf") && (format == nullptr || *format != Json(kResultSchemaFormat))) {
      problem(path, "x-medperf.format must be '" + std::string(kResultSchemaFormat) + "'.");
    }
  } else if (node.contains("x-medperf")) {
    problem(path, "x-medperf belongs to numbers, not to objects.");
  }
  const Json* properties = node.find("properties");
  // Inside, {} is an object that is always empty, such as the reasons of a figure that has none.
  if (properties == nullptr || !properties->is_object() ||
      (depth == 0 && properties->members().empty())) {
    return problem(path, "An object needs 'properties'.");
  }
  for (const auto& [name, property] : properties->members()) {
    if (!is_plain_name(name)) {
      problem(path, "A property name must be a letter, then letters, digits, '_' or '-'.");
      continue;
    }
    visit(property, child(path, name), depth + 1, in_list, copies);
  }
  if (const Json* required = node.find("required"); required != nullptr) {
    const auto is_declared = [properties](const Json& name) {
      return name.is_string() && properties->contains(name.as_string());
    };
    if (!required->is_array() ||
        !std::all_of(required->items().begin(), required->items().end(), is_declared)) {
      problem(path, "'required' must list declared properties.");
    }
  }
}

void Walker::visit_summary(const Json& node, const NodeType& type, const std::string& path,
                           bool in_list) {
  for (const std::string_view key :
       {"properties", "required", "additionalProperties", "enum", "const"}) {
    if (node.contains(key)) {
      problem(path, "A summary has no '" + std::string(key) + "': its form describes it.");
    }
  }
  if (!type.nullable) problem(path, "A summary must allow null: it is suppressed for few cases.");
  if (in_list || summary) problem(path, "A result has one summary, outside lists.");
  leaves_.push_back({path, type.nullable});
  summary = read_summary_declaration(node, path, errors);
}

void Walker::visit_array(const Json& node, const std::string& path, int depth,
                         std::int64_t copies) {
  if (node.contains("enum") || node.contains("const") || node.contains("x-medperf")) {
    problem(path, "A list cannot have 'enum', 'const' or 'x-medperf'.");
  }
  const Json* most = node.find("maxItems");
  if (most == nullptr || !most->is_int() || most->as_int() < 1 || most->as_int() > kMostValues) {
    return problem(path, "A list needs 'maxItems' from 1 to " + std::to_string(kMostValues) + ".");
  }
  const Json* items = node.find("items");
  if (items == nullptr || !items->is_object()) {
    return problem(path, "A list needs one schema for all its 'items'.");
  }
  visit(*items, child(path, "*"), depth + 1, true,
        std::min(copies * most->as_int(), kMostValues + 1));
}

// True if the node lists all its values itself, by const or enum; they must be short and of its
// type.
bool Walker::has_fixed_values(const Json& node, const NodeType& type, const std::string& path) {
  const Json* constant = node.find("const");
  const Json* choices = node.find("enum");
  if (constant == nullptr && choices == nullptr) return false;
  Json::Array values;
  if (constant != nullptr) values.push_back(*constant);
  if (choices != nullptr && choices->is_array()) values = choices->items();
  bool has_null = false;
  for (const Json& value : values) {
    has_null = has_null || value.is_null();
    const bool fits =
        (value.is_null() && type.nullable) || (type.name == "string" && value.is_string()) ||
        (type.name == "boolean" && value.is_bool()) || (type.name == "integer" && value.is_int()) ||
        (type.name == "number" && value.is_number());
    if (!fits) problem(path, "A value of 'enum' or 'const' does not fit the type.");
    if (value.is_string() && value.as_string().size() > kLongestChoice) {
      problem(path, "A value of 'enum' or 'const' is too long.");
    }
  }
  if (values.empty()) problem(path, "'enum' must list the values.");
  if (type.nullable && !has_null) {
    problem(path, "The type allows null, so 'enum' must list null too.");
  }
  return true;
}

void Walker::visit_leaf(const Json& node, const NodeType& type, const std::string& path,
                        bool in_list) {
  const bool is_number = type.name == "number" || type.name == "integer";
  if (!is_number && node.contains("x-medperf")) problem(path, "x-medperf belongs to numbers.");
  if (has_fixed_values(node, type, path)) {
    if (is_number && node.contains("x-medperf")) {
      problem(path, "A number with fixed values needs no x-medperf.");
    }
    return;
  }
  if (type.name == "string") visit_text(node, path, in_list);
  if (is_number) visit_number(node, type.name == "integer", path);
}

void Walker::visit_text(const Json& node, const std::string& path, bool in_list) {
  if (in_list) return problem(path, "Text in a list needs 'enum' or 'const'.");
  const Json* length = node.find("maxLength");
  const Json* pattern = node.find("pattern");
  if (length == nullptr || !length->is_int() || length->as_int() < 1 ||
      length->as_int() > kLongestText) {
    problem(path, "Text needs 'enum', 'const', or 'maxLength' of at most 64 and a 'pattern'.");
  }
  if (pattern == nullptr || !pattern->is_string() || !is_tame_pattern(pattern->as_string())) {
    problem(
        path,
        "Text without 'enum' needs a 'pattern' from ^ to $ that lists the characters it allows.");
  }
}

void Walker::visit_number(const Json& node, bool integer, const std::string& path) {
  const auto bound = [&](std::string_view inclusive, std::string_view exclusive) {
    const Json* value = node.find(inclusive);
    if (value == nullptr) value = node.find(exclusive);
    const bool fits = value != nullptr && value->is_number() &&
                      value->as_double() >= -kLargestInteger &&
                      value->as_double() <= kLargestInteger;
    if (!fits) problem(path, "A number needs '" + std::string(inclusive) + "'.");
  };
  bound("minimum", "exclusiveMinimum");
  bound("maximum", "exclusiveMaximum");
  const Json* declaration = node.find("x-medperf");
  if (declaration == nullptr || !declaration->is_object()) {
    return problem(path, "A number needs 'x-medperf', or 'const' or 'enum'.");
  }
  metrics.push_back(read_declaration(*declaration, path, integer, errors));
  metrics.back().title = node.get_string("title");
}

// Replaces each path of suppress_with by the leaves it means, and checks that all may be null.
void Walker::resolve_suppression() {
  const auto may_be_null = [this](const std::string& path) {
    return std::any_of(leaves_.begin(), leaves_.end(),
                       [&path](const Leaf& leaf) { return leaf.path == path && leaf.nullable; });
  };
  for (MetricDeclaration& metric : metrics) {
    if (!metric.minimum_count) continue;
    if (!may_be_null(metric.path)) {
      problem(metric.path, "A count with minimum_count must allow null.");
    }
    std::vector<std::string> targets;
    for (const std::string& named : metric.suppress_with) {
      bool found = false;
      for (const Leaf& leaf : leaves_) {
        if (leaf.path != named && !leaf.path.starts_with(named + ".")) continue;
        found = true;
        if (leaf.path == metric.path) continue;
        if (!leaf.nullable)
          problem(leaf.path, "It is suppressed with a count, so must allow null.");
        targets.push_back(leaf.path);
      }
      if (!found) problem(metric.path, "suppress_with names nothing: " + named + ".");
    }
    metric.suppress_with = std::move(targets);
  }
}

bool in_list(std::string_view path) {
  return path.find('*') != std::string_view::npos;
}

void Walker::check_merging() {
  for (const MetricDeclaration& metric : metrics) {
    for (const auto& [part, named] : metric.merge_from) {
      if (in_list(metric.path) || in_list(named) || !is_declared(named)) {
        std::string text = "merge_from.";
        text.append(part).append(" names no number outside lists: ").append(named);
        problem(metric.path, text);
      }
    }
  }
}

std::vector<std::string> Walker::shown(const Json& document) {
  std::vector<std::string> paths;
  if (const Json* named = document.find_path({"x-medperf", "shown"}); named != nullptr) {
    for (const Json& path : named->is_array() ? named->items() : Json::Array{Json()}) {
      const std::string text = path.is_string() ? path.as_string() : "";
      if (in_list(text) || !is_declared(text)) {
        problem("", "x-medperf.shown must list numbers outside lists, not '" + text + "'.");
      }
      paths.push_back(text);
    }
    return paths;
  }
  for (const MetricDeclaration& metric : metrics) {
    if (metric.merge != "none" && !in_list(metric.path)) paths.push_back(metric.path);
  }
  return paths;
}

}  // namespace

Result<ResultSchema> ResultSchema::parse(const Json& document) {
  Walker walker;
  walker.walk(document);
  std::vector<std::string> shown;
  if (walker.errors.empty()) {
    walker.resolve_suppression();
    walker.check_merging();
    shown = walker.shown(document);
  }
  if (!walker.errors.empty()) return domain::field_errors(std::move(walker.errors));
  MEDPERF_TRY(JsonSchema validator, JsonSchema::compile(document));
  return ResultSchema(document, std::move(validator), std::move(walker.metrics), std::move(shown),
                      std::move(walker.summary));
}

const MetricDeclaration* ResultSchema::metric(std::string_view path) const {
  const auto found =
      std::find_if(metrics_.begin(), metrics_.end(),
                   [path](const MetricDeclaration& metric) { return metric.path == path; });
  return found == metrics_.end() ? nullptr : &*found;
}

}  // namespace medperf::result
