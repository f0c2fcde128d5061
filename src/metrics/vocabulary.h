#pragma once
// The metrics this platform knows by id. A result schema names them; pages in docs/metrics describe
// them.

#include <optional>
#include <span>
#include <string_view>

namespace medperf::metrics {

enum class Direction { kHigher, kLower, kNone };
/// "higher", "lower", "none": what the result schema writes.
std::string_view to_string(Direction direction);

struct MetricEntry {
  std::string_view id;          ///< "auroc"
  std::string_view name;        ///< for people
  Direction direction;          ///< which way is better
  std::string_view convention;  ///< the default definition
  std::string_view unit;        ///< "1" for pure numbers, "cases"
  std::string_view merge;       ///< how sites are pooled: "random-effects-logit", "sum", "none"
  std::string_view page;        ///< file in docs/metrics
};

/// Every metric, sorted by id.
std::span<const MetricEntry> vocabulary();
/// The entry of an id, or null pointer.
const MetricEntry* find_metric(std::string_view id);
/// The value of a perfect model, of a metric without a direction that may err to both sides (bias:
/// 0, calibration slope: 1). Nothing for all others.
std::optional<double> ideal_of(std::string_view id);

}  // namespace medperf::metrics
