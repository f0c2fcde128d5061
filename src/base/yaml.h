#pragma once
// YAML (1.2 core types) read into Json values and written from them, with limits.

#include <string>
#include <string_view>

#include "base/json.h"

namespace medperf {

/// What to do with .nan and .inf, which JSON cannot hold.
enum class NonFinite {
  kRefuse,
  kAsText,  ///< the v0 strings "nan", "Infinity", "-Infinity"
};

/// Parses one YAML document. Anchors and aliases count against limits.values; tags other than the
/// core schema's are refused. Plain scalars follow the core schema: null, bool, int, float, else
/// text.
Result<Json> parse_yaml(std::string_view text, const JsonLimits& limits = {},
                        NonFinite non_finite = NonFinite::kRefuse);
/// Block style, keys sorted; strings that would read as another type are quoted.
std::string to_yaml(const Json& value);

}  // namespace medperf
