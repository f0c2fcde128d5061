#include "hub/api/schemas.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "domain/names.h"

namespace medperf::hub {

using domain::Entity;
using domain::Field;
using domain::FieldType;

namespace {

Json either(Json one, Json other) {
  return Json::object({{"anyOf", Json::array({std::move(one), std::move(other)})}});
}

Json or_null(Json schema) {
  if (schema.members().empty()) return schema;  // any value: null too
  return either(std::move(schema), Json::object({{"type", "null"}}));
}

bool wraps(Entity entity, const Field& field) {
  return entity == Entity::kModel && field.type == FieldType::kReference &&
         (field.target == Entity::kContainer || field.target == Entity::kAsset);
}

bool has_private(Entity entity) {
  const auto fields = domain::table_of(entity).fields;
  return std::any_of(fields.begin(), fields.end(), [](const Field& field) {
    return field.visibility == domain::Visibility::kPrivate;
  });
}

Json described(Json schema, const Field& field) {
  if (!field.sentence.empty()) schema.set("description", field.sentence);
  return schema;
}

Json object_schema(Json properties, Json required) {
  Json schema = Json::object({{"type", "object"}, {"properties", std::move(properties)}});
  if (!required.items().empty()) schema.set("required", std::move(required));
  return schema;
}

/// Additions are left out where they are null.
bool always_there(const Field& field) {
  return field.visibility != domain::Visibility::kWhenSet;
}

/// A field as answers hold it.
Json answered(const Field& field) {
  Json schema = type_schema(field);
  if (field.nullable && always_there(field)) schema = or_null(std::move(schema));
  return schema;
}

Json whole_object(Entity entity, bool with_private, bool nested) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const auto& field : domain::table_of(entity).fields) {
    if (!with_private && field.visibility == domain::Visibility::kPrivate) continue;
    Json schema = nested && wraps(entity, field)
                      ? or_null(schema_reference(schema_name(field.target)))
                      : answered(field);
    properties.set(field.name, described(std::move(schema), field));
    if (always_there(field)) required.push(field.name);
  }
  Json schema = object_schema(std::move(properties), std::move(required));
  schema.set("additionalProperties", false);
  return schema;
}

/// A body: the fields that a request of this kind may write. Other keys are ignored.
Json body_object(Entity entity, unsigned writable) {
  const bool creates = writable == domain::kOnCreate;
  Json properties = Json::object();
  Json required = Json::array();
  for (const auto& field : domain::table_of(entity).fields) {
    if ((field.writable & writable) == 0) continue;
    Json schema = creates && wraps(entity, field) ? schema_reference(create_name(field.target))
                                                  : type_schema(field);
    if (field.nullable || field.null_is_unsent) schema = or_null(std::move(schema));
    schema = described(std::move(schema), field);
    if (creates && !field.default_json.empty()) {
      if (auto value = parse_json(field.default_json); value.ok()) schema.set("default", *value);
    }
    properties.set(field.name, std::move(schema));
    if (creates && field.required) required.push(field.name);
  }
  return object_schema(std::move(properties), std::move(required));
}

Json texts() {
  return Json::object(
      {{"type", "array"}, {"minItems", 1}, {"items", Json::object({{"type", "string"}})}});
}

void add_errors(Json& schemas) {
  const auto text = [](std::string_view sentence) {
    return Json::object({{"type", "string"}, {"description", sentence}});
  };
  const Json sentence = text("One sentence for people.");
  Json detail = object_schema(Json::object({{"detail", sentence}}), Json::array({"detail"}));
  detail.set("additionalProperties", false);
  detail.set("description", "One sentence for people.");
  schemas.set(kDetailName, std::move(detail));

  Json unauthenticated = object_schema(
      Json::object(
          {{"detail", sentence},
           {"code", text("The reason, for programs.")},
           {"messages", Json::object({{"type", "array"},
                                      {"description", "What was wrong with which token."}})}}),
      Json::array({"detail"}));
  unauthenticated.set("additionalProperties", false);
  unauthenticated.set("description",
                      "Why the credentials were not taken; the code of a bad token.");
  schemas.set(kUnauthenticatedName, std::move(unauthenticated));

  Json fields = Json::object(
      {{"type", "object"},
       {"minProperties", 1},
       {"additionalProperties", either(texts(), schema_reference(kFieldErrorsName))},
       {"description",
        "Messages by field; those of a nested object nest, those of item 3 of an array are under "
        "\"3\", those of the whole object under \"non_field_errors\"."}});
  schemas.set(kFieldErrorsName, std::move(fields));
}

}  // namespace

Json schema_reference(std::string_view name) {
  return Json::object({{"$ref", "#/components/schemas/" + std::string(name)}});
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
      schema.set("minimum", std::int64_t{INT32_MIN});
      schema.set("maximum", std::int64_t{INT32_MAX});
      break;
    case FieldType::kIdentifier:
    case FieldType::kReference:
      schema.set("type", "integer");
      schema.set("format", "int64");
      break;
    case FieldType::kJson:
      if (field.text_list) {
        schema.set("type", "array");
        schema.set("items", Json::object({{"type", "string"}}));
      } else if (!field.nullable) {  // else any value
        schema.set("type", Json::array({"object", "array", "string", "number", "boolean"}));
      }
      break;
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

std::string schema_name(Entity entity) {
  return std::string(domain::table_of(entity).plural);
}

std::string public_name(Entity entity) {
  return schema_name(entity) + (has_private(entity) ? "_public" : "");
}

std::string create_name(Entity entity) {
  return schema_name(entity) + "_create";
}

std::string update_name(Entity entity) {
  return schema_name(entity) + "_update";
}

Json row_schema(Entity entity, std::span<const std::string_view> shown, bool expands_owner) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const auto& field : domain::table_of(entity).fields) {
    const bool wanted =
        shown.empty() || std::find(shown.begin(), shown.end(), field.name) != shown.end();
    if (!wanted) continue;
    const bool owner = expands_owner && field.name == domain::kOwnerField;
    properties.set(
        field.name,
        described(owner ? schema_reference(schema_name(Entity::kUser)) : answered(field), field));
    if (always_there(field)) required.push(field.name);
  }
  Json schema = object_schema(std::move(properties), std::move(required));
  schema.set("additionalProperties", false);
  return schema;
}

Json component_schemas() {
  Json schemas = Json::object();
  for (const auto entity : domain::all_entities()) {
    schemas.set(schema_name(entity), whole_object(entity, true, false));
    if (has_private(entity)) schemas.set(public_name(entity), whole_object(entity, false, false));
    schemas.set(create_name(entity), body_object(entity, domain::kOnCreate));
    schemas.set(update_name(entity), body_object(entity, domain::kOnUpdate | domain::kInOperation));
  }
  schemas.set(kNestedModelName, whole_object(Entity::kModel, true, true));
  add_errors(schemas);
  return schemas;
}

}  // namespace medperf::hub
