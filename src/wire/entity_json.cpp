#include "wire/entity_json.h"

#include <algorithm>

#include "base/encoding.h"
#include "domain/messages.h"
#include "domain/names.h"
#include "domain/rules.h"
#include "wire/field_value.h"

namespace medperf::wire {
namespace {

using domain::Entity;
using domain::EntityTable;
using domain::Field;
using domain::FieldValue;
using domain::Record;

Status check_is_object(const Json& body) {
  if (body.is_object()) return {};
  if (body.is_null()) return domain::object_error(domain::kNoDataMessage);
  return domain::object_error("Invalid data. Expected a dictionary, but got " +
                              std::string(body.type_name()) + ".");
}

// Reads one field of a request into `record`, or adds its message to `errors`.
void read_into(Record& record, const Field& field, const Json& value, const FieldCheck& check,
               std::vector<FieldError>& errors) {
  FieldReading reading = read_field(field, value);
  if (const auto* message = std::get_if<std::string>(&reading)) {
    errors.push_back({std::string(field.name), *message});
    return;
  }
  FieldValue& checked = std::get<FieldValue>(reading);
  if (check && !std::holds_alternative<std::monostate>(checked)) {
    if (auto message = check(record.entity(), field, checked)) {
      errors.push_back({std::string(field.name), std::move(*message)});
      return;
    }
  }
  record.set(field.name, std::move(checked));
}

// Reads the fields that a create may write, but for `skipped`.
void read_created_fields(Record& record, const Json& body, const FieldCheck& check,
                         std::initializer_list<std::string_view> skipped,
                         std::vector<FieldError>& errors) {
  for (const Field& field : record.table().fields) {
    if ((field.writable & domain::kOnCreate) == 0) continue;
    if (std::find(skipped.begin(), skipped.end(), field.name) != skipped.end()) continue;
    const Json* value = body.find(field.name);
    if (value == nullptr || (value->is_null() && field.null_is_unsent)) {
      if (field.required) {
        errors.push_back({std::string(field.name), std::string(domain::kRequiredMessage)});
      }
      continue;
    }
    read_into(record, field, *value, check, errors);
  }
}

// The nested object of a model's create body. Absent and null both mean none.
std::optional<Record> read_nested(Entity entity, std::string_view key, const Json& body,
                                  const FieldCheck& check, std::vector<FieldError>& errors) {
  const Json* value = body.find(key);
  if (value == nullptr || value->is_null()) return std::nullopt;
  auto record = read_create(entity, *value, check);
  if (record.ok() && entity == Entity::kContainer) {
    if (auto status = domain::check_additional_files(*record); !status.ok()) {
      record = std::move(status).error();
    }
  }
  if (record.ok()) return std::move(record).value();
  for (FieldError& error : record.error().fields) {
    errors.push_back({std::string(key) + "." + error.field, std::move(error.message)});
  }
  return std::nullopt;
}

bool left_out(const Field& field, const FieldValue& value, Form form) {
  switch (field.visibility) {
    case domain::Visibility::kPrivate:
      return form == Form::kPublic;
    case domain::Visibility::kWhenSet:
      return std::holds_alternative<std::monostate>(value);
    case domain::Visibility::kEveryone:
      break;
  }
  return false;
}

void append_member(std::string& text, std::string_view name, std::string_view value) {
  if (text.size() > 1) text += ',';
  text += '"';
  text += name;  // names are those of our tables: nothing to escape
  text += "\":";
  text += value;
}

}  // namespace

bool Update::has(std::string_view key) const {
  return std::find(sent.begin(), sent.end(), key) != sent.end();
}

Result<Record> read_create(Entity entity, const Json& body, const FieldCheck& check) {
  MEDPERF_CHECK(check_is_object(body));
  Record record(entity);
  std::vector<FieldError> errors;
  read_created_fields(record, body, check, {}, errors);
  if (!errors.empty()) return domain::field_errors(std::move(errors));
  return record;
}

Result<Update> read_update(const Record& stored, const Json& body, const FieldCheck& check) {
  MEDPERF_CHECK(check_is_object(body));
  Update update{stored, {}};
  std::vector<FieldError> errors;
  for (const Field& field : stored.table().fields) {
    if ((field.writable & (domain::kOnUpdate | domain::kInOperation)) == 0) continue;
    const Json* value = body.find(field.name);
    if (value == nullptr || (value->is_null() && field.null_is_unsent)) continue;
    update.sent.emplace_back(field.name);
    read_into(update.record, field, *value, check, errors);
  }
  if (!errors.empty()) return domain::field_errors(std::move(errors));
  return update;
}

Result<NestedModel> read_model_create(const Json& body, const FieldCheck& check) {
  MEDPERF_CHECK(check_is_object(body));
  NestedModel nested;
  std::vector<FieldError> errors;
  read_created_fields(nested.model, body, check, {"container", "asset"}, errors);
  nested.container = read_nested(Entity::kContainer, "container", body, check, errors);
  nested.asset = read_nested(Entity::kAsset, "asset", body, check, errors);
  if (!errors.empty()) return domain::field_errors(std::move(errors));
  MEDPERF_CHECK(domain::check_model_parts(nested.model.text("type"), nested.container.has_value(),
                                          nested.asset.has_value()));
  MEDPERF_CHECK(domain::check_model_agrees(
      nested.model, nested.container.has_value() ? *nested.container : *nested.asset));
  return nested;
}

std::string write_text(const Record& record, Form form) {
  std::string text = "{";
  const auto fields = record.table().fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (left_out(fields[i], record.at(i), form)) continue;
    append_member(text, fields[i].name, field_text(record.at(i)));
  }
  text += '}';
  return text;
}

std::string write_text(const NestedModel& model) {
  std::string text = "{";
  const auto fields = model.model.table().fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string_view name = fields[i].name;
    if (left_out(fields[i], model.model.at(i), Form::kFull)) continue;
    if (name == "container" && model.container.has_value()) {
      append_member(text, name, write_text(*model.container, Form::kFull));
    } else if (name == "asset" && model.asset.has_value()) {
      append_member(text, name, write_text(*model.asset, Form::kFull));
    } else {
      append_member(text, name, field_text(model.model.at(i)));
    }
  }
  text += '}';
  return text;
}

Json write_json(const Record& record, Form form) {
  Json json = Json::object();
  const auto fields = record.table().fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (left_out(fields[i], record.at(i), form)) continue;
    json.members().emplace_back(std::string(fields[i].name), field_json(record.at(i)));
  }
  return json;
}

Result<Record> read_answer(Entity entity, const Json& answer) {
  Record record(entity);
  const EntityTable& table = record.table();
  if (!answer.is_object()) {
    return make_error(ErrorKind::kCorrupt, std::string(table.plural),
                      "The hub's answer is not an object but " + std::string(answer.type_name()),
                      "Check that the address is that of a MedPerf hub.");
  }
  for (const Field& field : table.fields) {
    const Json* value = answer.find(field.name);
    if (value == nullptr) continue;
    FieldReading reading = read_answered_field(field, *value);
    if (const auto* message = std::get_if<std::string>(&reading)) {
      return make_error(ErrorKind::kCorrupt,
                        std::string(table.plural) + "." + std::string(field.name),
                        "The hub's answer does not fit: " + *message,
                        "Check that client and hub speak the same version.");
    }
    record.set(field.name, std::move(std::get<FieldValue>(reading)));
  }
  return record;
}

Result<NestedModel> read_model_answer(const Json& answer) {
  NestedModel nested;
  MEDPERF_TRY(nested.model, read_answer(Entity::kModel, answer));
  if (const Json* part = answer.find("container"); part != nullptr && part->is_object()) {
    MEDPERF_TRY(nested.container, read_answer(Entity::kContainer, *part));
  }
  if (const Json* part = answer.find("asset"); part != nullptr && part->is_object()) {
    MEDPERF_TRY(nested.asset, read_answer(Entity::kAsset, *part));
  }
  return nested;
}

Json field_errors_json(const std::vector<FieldError>& errors) {
  Json body = Json::object();
  for (const FieldError& error : errors) {
    Json* place = &body;
    const auto keys = split(error.field, '.');
    for (std::size_t i = 0; i < keys.size(); ++i) {
      Json* next = place->find(keys[i]);
      if (next == nullptr) {
        place->set(keys[i], i + 1 == keys.size() ? Json::array() : Json::object());
        next = place->find(keys[i]);
      }
      if (!next->is_object()) {
        place = next;
        break;
      }
      place = next;
    }
    // Messages on a whole nested object beside those of its fields.
    if (place->is_object()) {
      if (!place->contains(domain::kNonFieldErrors)) {
        place->set(domain::kNonFieldErrors, Json::array());
      }
      place = place->find(domain::kNonFieldErrors);
    }
    place->push(error.message);
  }
  return body;
}

}  // namespace medperf::wire
