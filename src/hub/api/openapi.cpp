#include "hub/api/openapi.h"

#include <algorithm>
#include <string>

#include "base/encoding.h"
#include "hub/api/query.h"
#include "hub/api/routes.h"

namespace medperf::hub {

using domain::Entity;
using domain::Field;
using domain::FieldType;

namespace {

std::string schema_name(Entity entity) {
  return std::string(domain::table_of(entity).plural);
}

Json type_schema(const Field& field) {
  Json schema = Json::object();
  switch (field.type) {
    case FieldType::kText:
      schema.set("type", "string");
      if (field.max_length > 0) schema.set("maxLength", field.max_length);
      if (!field.blank) schema.set("minLength", 1);
      break;
    case FieldType::kBoolean:
      schema.set("type", "boolean");
      break;
    case FieldType::kInteger:
      schema.set("type", "integer");
      schema.set("format", "int32");
      break;
    case FieldType::kIdentifier:
    case FieldType::kReference:
      schema.set("type", "integer");
      schema.set("format", "int64");
      break;
    case FieldType::kJson:
      break;  // any value
    case FieldType::kTime:
      schema.set("type", "string");
      schema.set("format", "date-time");
      break;
    case FieldType::kChoice: {
      Json choices = Json::array();
      for (const auto choice : field.choices) choices.push(choice);
      schema.set("type", "string");
      schema.set("enum", std::move(choices));
      break;
    }
  }
  return schema;
}

Json nested_model_part(Entity entity) {
  return Json::object({{"$ref", "#/components/schemas/" + schema_name(entity)}});
}

Json field_schema(Entity entity, const Field& field) {
  Json schema = type_schema(field);
  const bool nests = entity == Entity::kModel &&
                     (field.target == Entity::kContainer || field.target == Entity::kAsset);
  if (nests && field.type == FieldType::kReference) {
    schema = Json::object({{"anyOf", Json::array({nested_model_part(field.target),
                                                  Json::object({{"type", "integer"}})})}});
  }
  if (field.nullable && !schema.members().empty()) {
    schema = Json::object({{"anyOf", Json::array({schema, Json::object({{"type", "null"}})})}});
  }
  if (!field.sentence.empty()) schema.set("description", field.sentence);
  if (field.writable == domain::kReadOnly) schema.set("readOnly", true);
  if (!field.default_json.empty()) {
    if (auto value = parse_json(field.default_json); value.ok()) schema.set("default", *value);
  }
  return schema;
}

/// `writable`: only fields that a request of this kind may write.
Json entity_schema(Entity entity, unsigned writable) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const auto& field : domain::table_of(entity).fields) {
    if (writable != 0 && (field.writable & writable) == 0) continue;
    properties.set(field.name, field_schema(entity, field));
    if (field.required && (writable & domain::kOnCreate) != 0) required.push(field.name);
  }
  Json schema = Json::object({{"type", "object"}, {"properties", std::move(properties)}});
  if (!required.items().empty()) schema.set("required", std::move(required));
  return schema;
}

Json reference(const std::string& name) {
  return Json::object({{"$ref", "#/components/schemas/" + name}});
}

Json content(Json schema) {
  return Json::object({{"application/json", Json::object({{"schema", std::move(schema)}})}});
}

Json page_schema(const std::string& name) {
  const Json link = Json::object({{"type", Json::array({Json("string"), Json("null")})}});
  return Json::object(
      {{"type", "object"},
       {"properties", Json::object({{"count", Json::object({{"type", "integer"}})},
                                    {"next", link},
                                    {"previous", link},
                                    {"results", Json::object({{"type", "array"},
                                                              {"items", reference(name)}})}})}});
}

Json parameter(std::string_view name, std::string_view where, Json schema) {
  return Json::object({{"name", name},
                       {"in", where},
                       {"required", where == "path"},
                       {"schema", std::move(schema)}});
}

Json parameters(const Endpoint& endpoint) {
  const Json integer = Json::object({{"type", "integer"}});
  const Json text = Json::object({{"type", "string"}});
  Json list = Json::array();
  for (const auto part : split(endpoint.path, '/')) {
    if (!part.starts_with('{')) continue;
    const auto name = part.substr(1, part.size() - 2);
    list.push(parameter(name, "path", name == "key_id" ? text : integer));
  }
  if (endpoint.shape == Shape::kPage) {
    list.push(parameter("limit", "query", integer));
    list.push(parameter("offset", "query", integer));
  }
  for (const auto filter : endpoint.filters) {
    const Field* field = domain::table_of(*endpoint.answer).find(filter);
    list.push(parameter(filter, "query", type_schema(*field)));
  }
  if (!endpoint.filters.empty()) list.push(parameter("ordering", "query", text));
  if (endpoint.method == "POST" && endpoint.handler != nullptr) {
    list.push(parameter("Idempotency-Key", "header",
                        Json::object({{"type", "string"}, {"maxLength", 128}})));
  }
  return list;
}

Json answer_content(const Endpoint& endpoint) {
  switch (endpoint.shape) {
    case Shape::kObject:
      return content(reference(schema_name(*endpoint.answer)));
    case Shape::kPage:
      return content(page_schema(schema_name(*endpoint.answer)));
    case Shape::kList:
      return content(
          Json::object({{"type", "array"}, {"items", reference(schema_name(*endpoint.answer))}}));
    case Shape::kOther: {
      Json any = Json::object();
      if (endpoint.method == "GET" && !endpoint.example.empty()) {
        if (auto example = parse_json(endpoint.example); example.ok()) {
          any.set("examples", Json::array({*example}));
        }
      }
      return content(std::move(any));
    }
    case Shape::kNone:
      break;
  }
  return {};
}

std::string_view meaning(int status) {
  switch (status) {
    case 200:
      return "Done.";
    case 201:
      return "Created.";
    case 204:
      return "Removed.";
    case 400:
      return "The request is wrong; messages for each field.";
    case 401:
      return "No or bad credentials.";
    case 403:
      return "The caller may not do this.";
    case 404:
      return "No such object.";
    case 409:
      return "In conflict with what is stored.";
    default:
      return "The hub cannot answer now.";
  }
}

Json responses(const Endpoint& endpoint) {
  Json list = Json::object();
  const auto add = [&](int status) {
    Json response = Json::object({{"description", meaning(status)}});
    if (status < 300 && endpoint.shape != Shape::kNone) {
      response.set("content", answer_content(endpoint));
    } else if (status >= 400) {
      response.set("content", content(reference("error")));
    }
    list.set(std::to_string(status), std::move(response));
  };
  for (const int status : endpoint.statuses) {
    if (status != 0) add(status);
  }
  if (endpoint.handler != nullptr) add(401);
  return list;
}

Json request_body(const Endpoint& endpoint) {
  Json media = Json::object();
  if (endpoint.body) {
    const std::string suffix = endpoint.method == "POST" ? "_create" : "_update";
    media.set("schema", reference(schema_name(*endpoint.body) + suffix));
  }
  if (auto example = parse_json(endpoint.example); example.ok()) media.set("example", *example);
  return Json::object(
      {{"required", true}, {"content", Json::object({{"application/json", std::move(media)}})}});
}

Json operation(const Endpoint& endpoint) {
  Json who = Json::array();
  for (const auto name : domain::names_of(endpoint.who)) who.push(name);
  Json entry = Json::object({{"operationId", endpoint.operation},
                             {"summary", endpoint.sentence},
                             {"x-medperf-who", std::move(who)},
                             {"parameters", parameters(endpoint)},
                             {"responses", responses(endpoint)}});
  if (!endpoint.narrowing_key.empty()) {
    Json narrowed = Json::array();
    for (const auto name : domain::names_of(endpoint.narrowed_who)) narrowed.push(name);
    entry.set("x-medperf-narrowed",
              Json::object({{"key", endpoint.narrowing_key}, {"who", std::move(narrowed)}}));
  }
  if (endpoint.method == "POST" || endpoint.method == "PUT") {
    entry.set("requestBody", request_body(endpoint));
  }
  if (endpoint.open != nullptr) entry.set("security", Json::array());
  return entry;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

Json component_schemas() {
  Json schemas = Json::object();
  for (const auto entity : domain::all_entities()) {
    const std::string name = schema_name(entity);
    schemas.set(name, entity_schema(entity, 0));
    schemas.set(name + "_create", entity_schema(entity, domain::kOnCreate));
    schemas.set(name + "_update", entity_schema(entity, domain::kOnUpdate | domain::kInOperation));
  }
  schemas.set("error",
              Json::object({{"type", "object"},
                            {"description", "{\"detail\": text}, or messages by field name."}}));
  return schemas;
}

}  // namespace

Json openapi_document(std::span<const Endpoint> endpoints) {
  Json paths = Json::object();
  for (const auto& endpoint : endpoints) {
    const std::string path = full_path(endpoint);
    if (!paths.contains(path)) paths.set(path, Json::object());
    paths.find(path)->set(lower_case(endpoint.method), operation(endpoint));
  }
  const Json bearer =
      Json::object({{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}});
  return Json::object(
      {{"openapi", "3.1.0"},
       {"info", Json::object({{"title", "MedPerf hub"}, {"version", "v0"}})},
       {"paths", std::move(paths)},
       {"components", Json::object({{"schemas", component_schemas()},
                                    {"securitySchemes", Json::object({{"bearer", bearer}})}})},
       {"security", Json::array({Json::object({{"bearer", Json::array()}})})}});
}

}  // namespace medperf::hub
