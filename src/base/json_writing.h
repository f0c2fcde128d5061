#pragma once
// Writing JSON piece by piece into a text, where building values first would cost more.

#include <string>
#include <string_view>

#include "base/clock.h"

namespace medperf {

/// Appends a JSON string: quoted and escaped as to_text does.
void append_json_string(std::string& out, std::string_view text);
/// Appends a time in the form of to_iso8601, which needs no escaping.
void append_iso8601(std::string& out, Timestamp time);

}  // namespace medperf
