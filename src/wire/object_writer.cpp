// Objects as JSON text, straight from where their values lie.

#include <algorithm>
#include <charconv>

#include "base/json_writing.h"
#include "wire/entity_json.h"

namespace medperf::wire {
namespace {

using domain::FieldType;

void append_integer(std::string& out, std::int64_t number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

void append_value(std::string& out, FieldType type, std::size_t field, const FieldSource& source) {
  switch (type) {
    case FieldType::kText:
    case FieldType::kChoice:
      return append_json_string(out, source.text(field));
    case FieldType::kBoolean:
      out += source.integer(field) != 0 ? "true" : "false";
      return;
    case FieldType::kInteger:
    case FieldType::kIdentifier:
    case FieldType::kReference:
      return append_integer(out, source.integer(field));
    case FieldType::kJson:
      out += source.text(field);
      return;
    case FieldType::kTime:
      out += '"';
      append_iso8601(out, Timestamp{source.integer(field)});
      out += '"';
      return;
  }
}

}  // namespace

ObjectWriter::ObjectWriter(domain::Entity entity, Form form) {
  const auto fields = domain::table_of(entity).fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const domain::Field& field = fields[i];
    if (form == Form::kPublic && field.visibility == domain::Visibility::kPrivate) continue;
    // Names are those of our tables: nothing to escape.
    const std::string before = (members_.empty() ? "{\"" : ",\"") + std::string(field.name) + "\":";
    const bool when_set = field.visibility == domain::Visibility::kWhenSet;
    members_.push_back({field.name, before, i, field.type, when_set});
  }
}

void ObjectWriter::append(std::string& out, const FieldSource& source,
                          std::span<const Nested> nested) const {
  for (const Member& member : members_) {
    if (member.when_set && source.is_null(member.field)) continue;
    out += member.before;
    if (source.is_null(member.field)) {
      out += "null";
      continue;
    }
    const auto inside = std::find_if(nested.begin(), nested.end(),
                                     [&](const Nested& one) { return one.field == member.name; });
    if (inside != nested.end()) {
      inside->writer->append(out, *inside->source);
    } else {
      append_value(out, member.type, member.field, source);
    }
  }
  out += '}';
}

}  // namespace medperf::wire
