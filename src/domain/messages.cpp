#include "domain/messages.h"

#include "domain/names.h"

namespace medperf::domain {

std::string max_length_message(int limit) {
  return "Ensure this field has no more than " + std::to_string(limit) + " characters.";
}

std::string max_bytes_message(int limit) {
  return "Ensure this document has no more than " + std::to_string(limit) +
         " bytes. The hub holds no images, weights or data, only where they are.";
}

std::string list_message(std::string_view type) {
  return "Expected a list of items but got type \"" + std::string(type) + "\".";
}

std::string choice_message(std::string_view value) {
  return "\"" + std::string(value) + "\" is not a valid choice.";
}

std::string reference_type_message(std::string_view type) {
  return "Incorrect type. Expected pk value, received " + std::string(type) + ".";
}

std::string missing_reference_message(std::int64_t id) {
  return "Invalid pk \"" + std::to_string(id) + "\" - object does not exist.";
}

std::string unique_message(const EntityTable& table, std::string_view field) {
  return std::string(table.label) + " with this " + std::string(field) + " already exists.";
}

Error field_error(std::string_view field, std::string_view message) {
  return field_errors({{std::string(field), std::string(message)}});
}

Error object_error(std::string_view message) {
  return field_error(kNonFieldErrors, message);
}

Error field_errors(std::vector<FieldError> fields) {
  std::string where;
  std::string what;
  for (const FieldError& field : fields) {
    if (!where.empty()) where += ", ";
    where += field.field;
    if (!what.empty()) what += ' ';
    what += fields.size() > 1 ? field.field + ": " + field.message : field.message;
  }
  if (where == kNonFieldErrors) where.clear();
  Error error = make_error(ErrorKind::kInvalid, std::move(where), std::move(what));
  error.fields = std::move(fields);
  return error;
}

}  // namespace medperf::domain
