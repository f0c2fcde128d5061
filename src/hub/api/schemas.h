#pragma once
// JSON Schemas (2020-12) of entities, made from their field tables.

#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "domain/field.h"

namespace medperf::hub {

/// {"$ref": ...} to a named schema of the document.
Json schema_reference(std::string_view name);
/// What a request or an answer holds in this field, without its description.
Json type_schema(const domain::Field& field);

/// Name of an entity's whole object.
std::string schema_name(domain::Entity entity);
/// Names of its other forms. The public form is the whole one if nothing of the entity is private.
std::string public_name(domain::Entity entity);
std::string create_name(domain::Entity entity);
std::string update_name(domain::Entity entity);
inline constexpr std::string_view kNestedModelName = "models_nested";
inline constexpr std::string_view kDetailName = "detail";
inline constexpr std::string_view kUnauthenticatedName = "unauthenticated";
inline constexpr std::string_view kFieldErrorsName = "field_errors";

/// An object with some fields of an entity (all when `shown` is empty), all of them there.
Json row_schema(domain::Entity entity, std::span<const std::string_view> shown, bool expands_owner);
/// Every named schema.
Json component_schemas();

}  // namespace medperf::hub
