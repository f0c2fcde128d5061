#include "metrics/estimate_json.h"

#include <cmath>

namespace medperf::metrics {

Json or_null(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json();
}

std::string_view or_ok(std::string_view flag) {
  return flag.empty() ? "ok" : flag;
}

void set_members(Json& row, const Estimate& estimate, bool with_se) {
  const Estimate e = finite(estimate);
  row.set("value", or_null(e.value));
  if (with_se) row.set("se", or_null(e.se));
  row.set("low", e.interval ? Json(e.interval->low) : Json());
  row.set("high", e.interval ? Json(e.interval->high) : Json());
  row.set("flag", or_ok(e.flag));
}

}  // namespace medperf::metrics
