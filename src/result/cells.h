#pragma once
// Walking a result beside its schema: what is undeclared, and where each value is.

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "result/schema.h"

namespace medperf::result {

/// One value of a result. Valid while the result's structure does not change.
struct Cell {
  std::string pattern;  ///< path in the schema: "bins.*.count"
  std::string path;     ///< path in the result: "bins.2.count"
  const Json* schema;   ///< the schema of the value
  Json* value;
};

/// Keys that the schema does not declare, each with its path.
std::vector<FieldError> undeclared_keys(const Json& schema, const Json& result);
/// The leaves of a result that fits the schema, in the order of the result.
std::vector<Cell> cells_of(const Json& schema, Json& result);
/// True if `cell` is what `pattern` means next to `origin`: the same items of lists they share.
bool is_sibling(const Cell& cell, std::string_view pattern, const Cell& origin);

}  // namespace medperf::result
