// JSON Schema through valijson, which reads nlohmann's values: the document is converted for it.
#define VALIJSON_USE_EXCEPTIONS 1  // else it ends the process on a malformed schema
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "base/encoding.h"
#include "base/json.h"

namespace medperf {
namespace {

using Adapter = valijson::adapters::NlohmannJsonAdapter;

// std::regex recurses once a character: longer texts could exhaust the stack.
constexpr std::size_t kLongestMatchedText = 4096;
constexpr std::size_t kLongestPattern = 256;

nlohmann::json convert(const Json& value) {
  if (value.is_null()) return nullptr;
  if (value.is_bool()) return value.as_bool();
  if (value.is_int()) return value.as_int();
  if (value.is_double()) {
    // Draft 7: 1.0 is an integer.
    const double number = value.as_double();
    if (std::trunc(number) == number && std::abs(number) <= 0x1p53)
      return static_cast<std::int64_t>(number);
    return number;
  }
  if (value.is_string()) return value.as_string();
  if (value.is_array()) {
    auto array = nlohmann::json::array();
    for (const auto& item : value.items()) array.push_back(convert(item));
    return array;
  }
  auto object = nlohmann::json::object();
  for (const auto& member : value.members()) object[member.first] = convert(member.second);
  return object;
}

/// Finds what a schema from outside may not use: references (a cycle of them would never end) and
/// long patterns. Sets `has_pattern` when texts will be matched.
Status check_schema(const Json& schema, const std::string& path, bool& has_pattern) {
  auto place = [&](std::string_view key) {
    return path.empty() ? std::string(key) : path + "." + std::string(key);
  };
  if (schema.is_array()) {
    for (std::size_t i = 0; i < schema.items().size(); ++i)
      MEDPERF_CHECK(check_schema(schema.items()[i], place(std::to_string(i)), has_pattern));
    return {};
  }
  if (!schema.is_object()) return {};
  for (const auto& [key, value] : schema.members()) {
    if (key == "$ref" && value.is_string() &&
        !(value.as_string().rfind("#/definitions/", 0) == 0 &&
          path.find("definitions") == std::string::npos)) {
      return make_error(ErrorKind::kInvalid, printable(place(key), 200),
                        "A schema may refer only to #/definitions/..., and not from within them",
                        "Write the referred schema in its place.");
    }
    if (key == "pattern" || key == "patternProperties" || key == "format") has_pattern = true;
    const bool is_long_pattern =
        key == "pattern" && value.is_string() && value.as_string().size() > kLongestPattern;
    if (is_long_pattern) {
      return make_error(ErrorKind::kInvalid, printable(place(key), 200),
                        "The pattern is longer than " + std::to_string(kLongestPattern) + " bytes",
                        "Shorten it.");
    }
    MEDPERF_CHECK(check_schema(value, place(printable(key, 80)), has_pattern));
  }
  return {};
}

void find_long_texts(const Json& value, const std::string& path, std::vector<FieldError>& found) {
  auto place = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  if (value.is_string() && value.as_string().size() > kLongestMatchedText) {
    found.push_back({path, "The text is longer than " + std::to_string(kLongestMatchedText) +
                               " bytes, the most that is matched against a pattern."});
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.items().size(); ++i)
      find_long_texts(value.items()[i], place(std::to_string(i)), found);
  } else if (value.is_object()) {
    for (const auto& [key, member] : value.members()) {
      if (key.size() > kLongestMatchedText)
        found.push_back({path, "A key is too long to be matched against a pattern."});
      find_long_texts(member, place(printable(key, 80)), found);
    }
  }
}

/// {"<root>", "[metrics]", "[0]"} -> "metrics.0"
std::string dotted(const std::vector<std::string>& context) {
  std::string path;
  for (std::size_t i = 1; i < context.size(); ++i) {
    std::string_view part = context[i];
    if (part.size() >= 2 && part.front() == '[') part = part.substr(1, part.size() - 2);
    if (!path.empty()) path += '.';
    path += printable(part, 80);
  }
  return path;
}

/// valijson reports a broken rule at each level above it again; those lines say nothing new.
bool is_echo(std::string_view message) {
  for (const std::string_view start :
       {"Failed to validate against schema associated with", "Failed to validate item #",
        "Failed to validate against additional properties schema",
        "Failed to validate against child schema #"})
    if (message.substr(0, start.size()) == start) return true;
  return false;
}

}  // namespace

struct JsonSchema::Compiled {
  valijson::Schema schema;
  bool has_pattern = false;
};

JsonSchema::JsonSchema(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
JsonSchema::JsonSchema(JsonSchema&&) noexcept = default;
JsonSchema& JsonSchema::operator=(JsonSchema&&) noexcept = default;
JsonSchema::~JsonSchema() = default;

Result<JsonSchema> JsonSchema::compile(const Json& schema) {
  if (!schema.is_object()) {
    return make_error(ErrorKind::kInvalid, "", "A JSON Schema must be an object",
                      "Give a draft 7 schema.");
  }
  auto compiled = std::make_unique<Compiled>();
  MEDPERF_CHECK(check_schema(schema, "", compiled->has_pattern));
  try {
    const nlohmann::json document = convert(schema);
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(Adapter(document), compiled->schema);
  } catch (const std::exception& exception) {
    return make_error(ErrorKind::kInvalid, "", "This is not a usable JSON Schema (draft 7)",
                      "Correct the schema: " + printable(exception.what(), 300));
  }
  return JsonSchema(std::move(compiled));
}

std::vector<FieldError> JsonSchema::violations(const Json& document) const {
  std::vector<FieldError> found;
  if (compiled_->has_pattern) find_long_texts(document, "", found);
  if (!found.empty()) return found;
  try {
    const nlohmann::json converted = convert(document);
    const Adapter adapter(converted);
    valijson::ValidationResults results;
    valijson::Validator validator;  // one a call: it caches patterns without a lock
    if (validator.validate(compiled_->schema, adapter, &results)) return found;
    std::vector<FieldError> echoes;
    valijson::ValidationResults::Error error;
    while (results.popError(error)) {
      FieldError field{dotted(error.context), printable(error.description, 300)};
      (is_echo(error.description) ? echoes : found).push_back(std::move(field));
    }
    if (found.empty()) found = std::move(echoes);
    if (found.empty()) found.push_back({"", "The document does not match the schema."});
  } catch (const std::exception& exception) {
    found.push_back({"", "The document cannot be checked: " + printable(exception.what(), 300)});
  }
  return found;
}

}  // namespace medperf
