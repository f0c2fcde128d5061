#pragma once
// One field's value from and to JSON, by its row in the table: coercions and messages of v0
// section 1.2.

#include <string>
#include <variant>

#include "base/json.h"
#include "domain/field.h"
#include "domain/record.h"

namespace medperf::wire {

/// The value, or the message for the field.
using FieldReading = std::variant<domain::FieldValue, std::string>;

/// A value from a request: trimmed, numbers as text where text is asked for, checked against the
/// row. `value` may be null; a field that is missing is the caller's business.
FieldReading read_field(const domain::Field& field, const Json& value);
/// A value from a hub's answer: only its type matters, null is taken as it is, and a reference may
/// be the nested object with its id.
FieldReading read_answered_field(const domain::Field& field, const Json& value);

/// The value as JSON text; JSON fields as their stored bytes.
std::string field_text(const domain::FieldValue& value);
Json field_json(const domain::FieldValue& value);

}  // namespace medperf::wire
