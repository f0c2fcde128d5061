#include "domain/record.h"

#include <stdexcept>

namespace medperf::domain {
namespace {

// Defaults are JSON literals of our own tables, so each type knows the few forms that occur.
FieldValue default_of(const Field& field) {
  const std::string_view text = field.default_json;
  if (text.empty()) return {};
  switch (field.type) {
    case FieldType::kText:
    case FieldType::kChoice:
      return std::string(text.substr(1, text.size() - 2));
    case FieldType::kBoolean:
      return text == "true";
    case FieldType::kInteger:
    case FieldType::kIdentifier:
    case FieldType::kReference:
      return static_cast<std::int64_t>(std::stoll(std::string(text)));
    case FieldType::kJson:
      return JsonText{std::string(text)};
    case FieldType::kTime:
      break;
  }
  throw std::logic_error("field '" + std::string(field.name) + "' cannot have a default");
}

}  // namespace

Record::Record(Entity entity) : table_(&table_of(entity)) {
  values_.reserve(table_->fields.size());
  for (const Field& field : table_->fields) values_.push_back(default_of(field));
}

bool Record::is_null(std::string_view name) const {
  return std::holds_alternative<std::monostate>(get(name));
}

const std::string& Record::text(std::string_view name) const {
  static const std::string kEmpty;
  const FieldValue& value = get(name);
  return std::holds_alternative<std::monostate>(value) ? kEmpty : std::get<std::string>(value);
}

std::int64_t Record::integer(std::string_view name) const {
  const FieldValue& value = get(name);
  return std::holds_alternative<std::monostate>(value) ? 0 : std::get<std::int64_t>(value);
}

bool Record::boolean(std::string_view name) const {
  const FieldValue& value = get(name);
  return !std::holds_alternative<std::monostate>(value) && std::get<bool>(value);
}

Json Record::json(std::string_view name) const {
  const FieldValue& value = get(name);
  if (std::holds_alternative<std::monostate>(value)) return {};
  // The bytes were checked when they came in; if they are damaged since, null is what is left.
  return parse_json(std::get<JsonText>(value).bytes).value_or(Json());
}

}  // namespace medperf::domain
