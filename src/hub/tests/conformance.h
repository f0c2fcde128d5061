#pragma once
// Whether an answer is one that the OpenAPI document describes. Every answer of every test of the
// hub goes through here.

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "hub/api/hub.h"
#include "hub/api/openapi.h"
#include "hub/api/routes.h"

namespace medperf::hub {

inline const Json& served_document() {
  static const Json document = openapi_document(all_endpoints());
  return document;
}

/// The schema of an endpoint's answer with this status; null without a body.
inline Json answer_schema_of(const Endpoint& endpoint, int status) {
  std::string method(endpoint.method);
  std::transform(method.begin(), method.end(), method.begin(), ::tolower);
  const Json* operation = served_document().find("paths")->find(full_path(endpoint))->find(method);
  const Json* response = operation->find("responses")->find(std::to_string(status));
  if (const Json* named = response->find("$ref"); named != nullptr) {
    const std::string& path = named->as_string();
    response =
        served_document().find_path({"components", "responses", path.substr(path.rfind('/') + 1)});
  }
  const Json* schema = response->find_path({"content", "application/json", "schema"});
  return schema == nullptr ? Json() : *schema;
}

/// A schema with what it refers to written in its place, as the checker wants it. Errors nest
/// without end: below the fifth level anything goes. Formats are not checked here.
inline Json expanded(const Json& schema, int levels) {
  if (schema.is_array()) {
    Json items = Json::array();
    for (const auto& item : schema.items()) items.push(expanded(item, levels));
    return items;
  }
  if (!schema.is_object()) return schema;
  if (const Json* named = schema.find("$ref"); named != nullptr && named->is_string()) {
    if (levels == 0) return Json::object();
    const std::string& path = named->as_string();
    return expanded(
        *served_document().find_path({"components", "schemas", path.substr(path.rfind('/') + 1)}),
        levels - 1);
  }
  Json whole = Json::object();
  for (const auto& [key, value] : schema.members()) {
    if (key != "format" && key != "examples") whole.set(key, expanded(value, levels));
  }
  return whole;
}

inline std::unique_ptr<JsonSchema> compiled(const Json& schema) {
  auto made = JsonSchema::compile(expanded(schema, 5));
  return made.ok() ? std::make_unique<JsonSchema>(std::move(made).value()) : nullptr;
}

/// What is wrong with the answer; empty: nothing.
inline std::string undescribed(const std::string& method, const std::string& path, int status,
                               const std::string& body) {
  static const Router kRouter(all_endpoints());
  const Route route = kRouter.find(method, path);
  if (route.endpoint == nullptr || method == "HEAD") return {};
  const Endpoint& endpoint = *route.endpoint;
  const std::string place = std::string(endpoint.operation) + " " + std::to_string(status);
  const auto statuses = possible_statuses(endpoint);
  if (std::find(statuses.begin(), statuses.end(), status) == statuses.end()) {
    return place + " is not a status of the document";
  }
  static std::map<std::string, std::unique_ptr<JsonSchema>> schemas;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (!schemas.contains(place)) {
    const Json schema = answer_schema_of(endpoint, status);
    schemas[place] = schema.is_null() ? nullptr : compiled(schema);
    if (!schema.is_null() && schemas[place] == nullptr) return place + ": the schema is wrong";
  }
  const auto& schema = schemas[place];
  if (schema == nullptr) return body.empty() ? "" : place + " has a body";
  const auto parsed = parse_json(body);
  if (!parsed.ok()) return place + " is not JSON";
  std::string problems;
  for (const auto& violation : schema->violations(*parsed)) {
    problems += place + " " + violation.field + ": " + violation.message + "\n";
  }
  return problems;
}

}  // namespace medperf::hub
