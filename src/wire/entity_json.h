#pragma once
// AGREED. Entities <-> JSON, driven by the field tables (domain/field.h). v0 messages and coercions.

#include <string>
#include <vector>

#include "base/json.h"
#include "domain/record.h"

namespace medperf::wire {

/// Values of a create body: defaults applied, read-only and unknown keys ignored, all field errors
/// reported together (Error kind invalid with `fields`). References are only checked for type here.
Result<domain::Record> read_create(domain::Entity entity, const Json& body);

struct Update {
  domain::Record record;             ///< stored values with the body's applied
  std::vector<std::string> sent;     ///< writable keys present in the body
  bool has(std::string_view key) const;
};
/// Partial update: keys not sent keep their value.
Result<Update> read_update(const domain::Record& stored, const Json& body);

enum class Form { kFull, kPublic };
/// The JSON object as text, fields in table order; JSON fields are written as their stored bytes.
std::string write_text(const domain::Record& record, Form form);
Json write_json(const domain::Record& record, Form form);
/// What the client reads from a hub: every field of the answer that the table knows; missing ones
/// take defaults (foreign hubs lack our additions).
Result<domain::Record> read_answer(domain::Entity entity, const Json& answer);

}  // namespace medperf::wire
