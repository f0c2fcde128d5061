#pragma once
// Which JSON Schema keywords a result schema may use, and reading of one x-medperf object.

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "result/schema.h"

namespace medperf::result {

/// The type of a schema node: "object", "array", "string", "number", "integer" or "boolean" (empty
/// if it has none of these or several), and whether null is allowed beside it.
struct NodeType {
  std::string name;
  bool nullable = false;
};
NodeType type_of(const Json& node);

/// True if `key` may stand in a node of this type; `root` allows $schema and $id too.
bool is_known_keyword(std::string_view key, std::string_view type, bool root);
/// True if a pattern is anchored at both ends and lists what it allows: no wildcard, no negation.
bool is_tame_pattern(std::string_view pattern);
/// A name that can stand in a dotted path: a letter, then letters, digits, "_" or "-"; at most 64.
bool is_plain_name(std::string_view name);

/// Reads x-medperf of a number; problems are added to `errors` under the node's path.
MetricDeclaration read_declaration(const Json& declaration, const std::string& path, bool integer,
                                   std::vector<FieldError>& errors);

}  // namespace medperf::result
