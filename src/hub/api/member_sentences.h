#pragma once
// What members of answers and bodies are that no field table describes.

#include "base/json.h"

namespace medperf::hub {

/// Gives each property of a row's own schema, nested ones too, its sentence, unless it has one.
void describe_members(Json& schema);

}  // namespace medperf::hub
