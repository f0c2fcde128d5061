#pragma once
// A figure as members of a JSON object: the one way in which documents get it.

#include <optional>
#include <string_view>

#include "base/json.h"
#include "metrics/estimate.h"

namespace medperf::metrics {

/// Undefined is null, and so is what JSON has no form of.
Json or_null(const std::optional<double>& value);
/// What documents write for a flag: "ok" for none.
std::string_view or_ok(std::string_view flag);

/// Sets "value", "se" (unless left out), "low", "high" and "flag" of an estimate that is made
/// finite first: no document fails for a number that JSON has no form of.
void set_members(Json& row, const Estimate& estimate, bool with_se = true);

}  // namespace medperf::metrics
