#include "hub/api/openapi.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "domain/names.h"
#include "hub/api/member_sentences.h"
#include "hub/api/preconditions.h"
#include "hub/api/query.h"
#include "hub/api/routes.h"
#include "hub/api/schemas.h"
#include "hub/store/repository.h"
#include "wire/entity_json.h"

namespace medperf::hub {

using domain::Entity;
using domain::Field;

namespace {

constexpr std::int64_t kHighestPathId = 999'999'999'999'999'999;

Json content(Json schema) {
  describe_members(schema);
  return Json::object({{"application/json", Json::object({{"schema", std::move(schema)}})}});
}

Json own_schema(std::string_view text) {
  auto schema = parse_json(text);
  return schema.ok() ? std::move(schema).value() : Json::object();
}

Json list_schema(Json item) {
  return Json::object({{"type", "array"}, {"items", std::move(item)}});
}

Json page_schema(Json item) {
  const Json link = Json::object({{"type", Json::array({"string", "null"})},
                                  {"description", "Address of that page; null if there is none."}});
  Json rows = list_schema(std::move(item));
  rows.set("description", "The rows of this page.");
  return Json::object(
      {{"type", "object"},
       {"properties",
        Json::object({{"count", Json::object({{"type", "integer"},
                                              {"description", "Of all pages together."}})},
                      {"next", link},
                      {"previous", link},
                      {"results", std::move(rows)}})},
       {"required", Json::array({"count", "next", "previous", "results"})},
       {"additionalProperties", false}});
}

Json parameter(std::string_view name, std::string_view where, Json schema,
               std::string_view sentence) {
  return Json::object({{"name", name},
                       {"in", where},
                       {"required", where == "path"},
                       {"description", sentence},
                       {"schema", std::move(schema)}});
}

void add_path_parameters(const Endpoint& endpoint, Json& list) {
  for (const auto part : split(endpoint.path, '/')) {
    if (!part.starts_with('{')) continue;
    const auto name = part.substr(1, part.size() - 2);
    if (name == "key_id") {
      list.push(parameter(name, "path", Json::object({{"type", "string"}, {"minLength", 1}}),
                          "The key's id."));
      continue;
    }
    list.push(
        parameter(name, "path",
                  Json::object({{"type", "integer"}, {"minimum", 0}, {"maximum", kHighestPathId}}),
                  name == "id" ? "The object's id." : "The id of what it is associated with."));
  }
}

void add_list_parameters(const Endpoint& endpoint, Json& list) {
  if (endpoint.shape == Shape::kPage) {
    list.push(
        parameter("limit", "query",
                  Json::object({{"type", "integer"}, {"minimum", 1}, {"default", kDefaultLimit}}),
                  "Rows of a page. What is no positive number counts as the default."));
    list.push(parameter("offset", "query",
                        Json::object({{"type", "integer"}, {"minimum", 0}, {"default", 0}}),
                        "Rows before the page."));
  }
  for (const auto filter : endpoint.filters) {
    const Field* field = domain::table_of(*endpoint.answer).find(filter);
    list.push(parameter(filter, "query", type_schema(*field),
                        "Only rows whose " + std::string(filter) + " is this."));
  }
  const auto& filters = endpoint.filters;
  const bool named = std::find(filters.begin(), filters.end(), domain::kIsValid) != filters.end();
  if (endpoint.shape == Shape::kPage && !named && !validity_condition(*endpoint.answer).empty()) {
    list.push(parameter(domain::kIsValid, "query", Json::object({{"type", "boolean"}}),
                        "Only valid rows; those of an association are as valid as the dataset or "
                        "model."));
  }
  if (filters.empty()) return;
  list.push(parameter("ordering", "query", Json::object({{"type", "string"}}),
                      "Names of fields, separated by commas; a minus before a name turns the order "
                      "round."));
}

Json parameters(const Endpoint& endpoint) {
  Json list = Json::array();
  add_path_parameters(endpoint, list);
  add_list_parameters(endpoint, list);
  if (endpoint.method == "POST" && endpoint.handler != nullptr) {
    list.push(parameter("Idempotency-Key", "header",
                        Json::object({{"type", "string"}, {"maxLength", 128}}),
                        "A repeated request with the same key gets the first answer again."));
  }
  const Json tag = Json::object({{"type", "string"}});
  if (has_tag(endpoint)) {
    list.push(parameter("If-None-Match", "header", tag,
                        "The ETag of an earlier answer: 304 while the object looks the same."));
  }
  if (takes_tag(endpoint)) {
    list.push(parameter("If-Match", "header", tag,
                        "The ETag of what the caller saw: 412 when the object looks different."));
  }
  return list;
}

/// The forms in which the object crosses the wire: whole, without what is private, or as the
/// caller stands to it.
Json object_form(const Endpoint& endpoint) {
  const Entity entity = *endpoint.answer;
  if (endpoint.nested) return schema_reference(kNestedModelName);
  if (!endpoint.shown.empty() || endpoint.expands_owner) {
    Json row = row_schema(entity, endpoint.shown, endpoint.expands_owner);
    const Json more = own_schema(endpoint.adds.empty() ? "{}" : endpoint.adds);
    for (const auto& [name, schema] : more.members()) row.find("properties")->set(name, schema);
    return row;
  }
  const Json whole = schema_reference(schema_name(entity));
  const Json shown = schema_reference(public_name(entity));
  if (endpoint.full_for.has(domain::Relation::kSignedIn) || whole == shown) return whole;
  if (endpoint.full_for == domain::Relations()) return shown;
  return Json::object({{"anyOf", Json::array({whole, shown})}});
}

Json answer_schema(const Endpoint& endpoint) {
  switch (endpoint.shape) {
    case Shape::kObject:
      return object_form(endpoint);
    case Shape::kPage:
      return page_schema(object_form(endpoint));
    case Shape::kList:
      return list_schema(object_form(endpoint));
    case Shape::kOther:
      return own_schema(endpoint.schema);
    case Shape::kNone:
      break;
  }
  return Json::object();
}

struct Meaning {
  int status;
  std::string_view sentence;
  std::string_view schema = {};
};

constexpr Meaning kMeanings[] = {
    {200, "Done."},
    {201, "Created."},
    {204, "Removed."},
    {304, "As the ETag in If-None-Match says."},
    {400, "The request is wrong: messages by field, or one sentence.", kFieldErrorsName},
    {401, "No or bad credentials.", kUnauthenticatedName},
    {403, "The caller may not do this.", kDetailName},
    {404, "No such object.", kDetailName},
    {408, "The request did not arrive in time.", kDetailName},
    {409, "In conflict with what is stored.", kDetailName},
    {412, "Not what the ETag in If-Match says.", kDetailName},
    {413, "The body is too large.", kDetailName},
    {414, "The path and query are too long.", kDetailName},
    {415, "The body is not JSON.", kDetailName},
    {429, "Too many requests; Retry-After says when to come again.", kDetailName},
    {431, "The headers are too large.", kDetailName},
    {500, "A fault of the hub; it is in its log with the request's id.", kDetailName},
    {503, "The hub cannot answer now.", kDetailName},
};

const Meaning& meaning_of(int status) {
  for (const auto& meaning : kMeanings) {
    if (meaning.status == status) return meaning;
  }
  return kMeanings[0];
}

std::string response_name(int status) {
  return "status_" + std::to_string(status);
}

/// The answers of errors, which look the same everywhere.
Json component_responses() {
  Json all = Json::object();
  for (const auto& meaning : kMeanings) {
    if (meaning.schema.empty()) continue;
    Json schema = schema_reference(meaning.schema);
    if (meaning.schema == kFieldErrorsName) {
      schema = Json::object({{"anyOf", Json::array({schema_reference(kDetailName), schema})}});
    }
    Json response =
        Json::object({{"description", meaning.sentence}, {"content", content(std::move(schema))}});
    const Json text = Json::object({{"schema", Json::object({{"type", "string"}})}});
    if (meaning.status == 401) {
      response.set("headers", Json::object({{"WWW-Authenticate", text}}));
    }
    if (meaning.status == 429 || meaning.status == 503)
      response.set("headers", Json::object({{"Retry-After", text}}));
    all.set(response_name(meaning.status), std::move(response));
  }
  return all;
}

/// An answer that the row itself describes.
Json own_response(const Endpoint& endpoint, int status) {
  Json response = Json::object({{"description", meaning_of(status).sentence}});
  if (endpoint.shape == Shape::kNone || status == 304) return response;
  Json body = content(answer_schema(endpoint));
  if (endpoint.method == "GET") {
    auto example = parse_json(endpoint.example);
    if (example.ok()) body.find("application/json")->set("example", *example);
  }
  response.set("content", std::move(body));
  return response;
}

/// A status 400 that the row describes, beside the usual ones.
Json own_refusal(const Endpoint& endpoint) {
  Json schema = Json::object(
      {{"anyOf", Json::array({own_schema(endpoint.refusal_schema), schema_reference(kDetailName),
                              schema_reference(kFieldErrorsName)})}});
  return Json::object(
      {{"description", meaning_of(400).sentence}, {"content", content(std::move(schema))}});
}

Json responses(const Endpoint& endpoint) {
  Json list = Json::object();
  for (const int status : possible_statuses(endpoint)) {
    if (status == 400 && !endpoint.refusal_schema.empty()) {
      list.set("400", own_refusal(endpoint));
      continue;
    }
    // Being not ready is an answer of its own, not an error.
    const bool unready = endpoint.open != nullptr && !endpoint.writes() && status == 503;
    const bool own = status < 400 || unready;
    list.set(std::to_string(status),
             own ? own_response(endpoint, status)
                 : Json::object({{"$ref", "#/components/responses/" + response_name(status)}}));
  }
  return list;
}

Json body_schema(const Endpoint& endpoint) {
  if (!endpoint.body) return own_schema(endpoint.body_schema);
  const bool creates = endpoint.method == "POST";
  Json one = schema_reference(creates ? create_name(*endpoint.body) : update_name(*endpoint.body));
  if (endpoint.ids_in != IdsIn::kBodyList) return one;
  if (creates) return list_schema(std::move(one));
  const Json with_id =
      Json::object({{"type", "object"},
                    {"properties", Json::object({{"id", Json::object({{"type", "integer"}})}})},
                    {"required", Json::array({"id"})}});
  return list_schema(Json::object({{"allOf", Json::array({std::move(one), with_id})}}));
}

Json request_body(const Endpoint& endpoint) {
  Json schema = body_schema(endpoint);
  describe_members(schema);
  Json media = Json::object({{"schema", std::move(schema)}});
  if (auto example = parse_json(endpoint.example); example.ok()) media.set("example", *example);
  return Json::object(
      {{"required", true}, {"content", Json::object({{"application/json", std::move(media)}})}});
}

Json names(domain::Relations relations) {
  Json list = Json::array();
  for (const auto name : domain::names_of(relations)) list.push(name);
  return list;
}

std::string who_may(const Endpoint& endpoint) {
  std::string text = "Who: ";
  for (const auto name : domain::names_of(endpoint.who)) {
    if (!text.ends_with(": ")) text += ", ";
    text += name;
  }
  return text + ".";
}

Json operation(const Endpoint& endpoint) {
  std::string_view path = endpoint.path;
  if (path.starts_with('/')) path = "hub/";
  Json entry = Json::object({{"operationId", endpoint.operation},
                             {"tags", Json::array({path.substr(0, path.find('/'))})},
                             {"summary", endpoint.sentence},
                             {"description", who_may(endpoint)},
                             {"x-medperf-who", names(endpoint.who)},
                             {"parameters", parameters(endpoint)},
                             {"responses", responses(endpoint)}});
  if (!endpoint.narrowing_key.empty()) {
    entry.set("x-medperf-narrowed", Json::object({{"key", endpoint.narrowing_key},
                                                  {"who", names(endpoint.narrowed_who)},
                                                  {"but", names(endpoint.narrowed_but)}}));
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

/// An object as the example of its create row makes it.
Json example_of(std::span<const Endpoint> endpoints, Entity entity) {
  const auto row = std::find_if(endpoints.begin(), endpoints.end(), [entity](const Endpoint& e) {
    return e.method == "POST" && e.body == entity;
  });
  if (row == endpoints.end()) return {};
  auto body = parse_json(row->example);
  if (!body.ok()) return {};
  const Json given = body->is_array() ? body->items().front() : *body;
  Json example = wire::write_json(domain::Record(entity), wire::Form::kFull);
  for (const auto& field : domain::table_of(entity).fields) {
    const Json* value = given.find(field.name);
    if (value != nullptr && !value->is_object()) example.set(field.name, *value);
    if (value != nullptr && field.type == domain::FieldType::kJson) example.set(field.name, *value);
    const Json* made = example.find(field.name);  // absent: shown only when it is set
    if (made == nullptr || !made->is_null() || field.nullable) continue;
    switch (field.type) {
      case domain::FieldType::kTime:
        example.set(field.name, "2026-01-02T03:04:05.123456Z");
        break;
      case domain::FieldType::kText:
        example.set(field.name, "given by the hub");
        break;
      default:
        example.set(field.name, 1);
    }
  }
  return example;
}

Json all_schemas(std::span<const Endpoint> endpoints) {
  Json schemas = component_schemas();
  for (const auto entity : domain::all_entities()) {
    Json example = example_of(endpoints, entity);
    if (example.is_null() || entity == Entity::kModel) continue;
    schemas.find(schema_name(entity))->set("examples", Json::array({std::move(example)}));
  }
  return schemas;
}

}  // namespace

std::vector<int> possible_statuses(const Endpoint& endpoint) {
  std::set<int> all = {400, 408, 414,
                       429, 431, 500};  // what the server itself refuses, and its faults
  for (const int status : endpoint.statuses) {
    if (status != 0) all.insert(status);
  }
  if (endpoint.handler != nullptr) all.insert({401, 503});
  if (endpoint.open != nullptr && endpoint.writes()) all.insert(503);
  // The scope of a token made for a program, or a write by cookie that no page of the hub sent.
  if (endpoint.handler != nullptr && (endpoint.writes() || endpoint.by_person)) all.insert(403);
  if (endpoint.path.find('{') != std::string_view::npos) all.insert(404);
  if (endpoint.method == "POST" || endpoint.method == "PUT") all.insert({413, 415});
  if (endpoint.method == "POST" && endpoint.handler != nullptr) all.insert(409);
  if (has_tag(endpoint)) all.insert(304);
  if (takes_tag(endpoint)) all.insert(412);
  return {all.begin(), all.end()};
}

Json openapi_document(std::span<const Endpoint> endpoints) {
  Json paths = Json::object();
  for (const auto& endpoint : endpoints) {
    const std::string path = full_path(endpoint);
    if (!paths.contains(path)) paths.set(path, Json::object());
    paths.find(path)->set(lower_case(endpoint.method), operation(endpoint));
  }
  const Json bearer = Json::object({{"type", "http"},
                                    {"scheme", "bearer"},
                                    {"bearerFormat", "JWT"},
                                    {"description",
                                     "A token that this hub gave for a sign-in, or one of the "
                                     "platform's identity provider."}});
  return Json::object(
      {{"openapi", "3.1.0"},
       {"info", Json::object(
                    {{"title", "MedPerf hub"},
                     {"version", "v0"},
                     {"description",
                      "Federated evaluation of medical AI: models travel to the data. Every answer "
                      "has an X-Request-Id. Unknown and read-only keys of a body are ignored."}})},
       {"paths", std::move(paths)},
       {"components", Json::object({{"schemas", all_schemas(endpoints)},
                                    {"responses", component_responses()},
                                    {"securitySchemes", Json::object({{"bearer", bearer}})}})},
       {"security", Json::array({Json::object({{"bearer", Json::array()}})})}});
}

}  // namespace medperf::hub
