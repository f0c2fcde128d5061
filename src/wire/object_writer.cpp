// Objects as JSON text, straight from where their values lie.

#include <algorithm>

#include "wire/entity_json.h"

namespace medperf::wire {
namespace {

using domain::FieldType;

void append_value(TextBuffer& out, FieldType type, const Cell& cell) {
  switch (type) {
    case FieldType::kText:
    case FieldType::kChoice:
      return append_json_string(out, cell.text);
    case FieldType::kBoolean:
      return out.append(cell.integer != 0 ? "true" : "false");
    case FieldType::kInteger:
    case FieldType::kIdentifier:
    case FieldType::kReference:
      return append_integer(out, cell.integer);
    case FieldType::kJson:
      return out.append(cell.text);
    case FieldType::kTime:
      out.append('"');
      append_iso8601(out, Timestamp{cell.integer});
      return out.append('"');
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

void ObjectWriter::append(TextBuffer& out, std::span<const Cell> cells,
                          std::span<const Nested> nested) const {
  for (const Member& member : members_) {
    const Cell& cell = cells[member.field];
    if (cell.null && member.when_set) continue;
    out.append(member.before);
    if (cell.null) {
      out.append("null");
      continue;
    }
    const auto inside = std::find_if(nested.begin(), nested.end(),
                                     [&](const Nested& one) { return one.field == member.name; });
    if (inside != nested.end()) {
      inside->writer->append(out, inside->cells);
    } else {
      append_value(out, member.type, cell);
    }
  }
  out.append('}');
}

}  // namespace medperf::wire
