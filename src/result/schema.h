#pragma once
// AGREED. The result schema of a benchmark: JSON Schema draft 7 with x-medperf keys, which says
// everything that may leave a site.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace medperf::result {

/// One declared number (a leaf of the schema with "x-medperf").
struct MetricDeclaration {
  std::string path;        ///< dotted: "auc.value"
  std::string metric;      ///< vocabulary id: "auroc"
  std::string convention;  ///< e.g. "mann-whitney; DeLong interval"
  std::string direction;   ///< "higher", "lower" or "none"
  std::string unit;
  std::optional<int> digits;  ///< decimals that may leave; none: integers and text
  std::optional<std::int64_t> minimum_count;  ///< small cells below it are suppressed (counts)
  std::string merge;  ///< "none", "sum", "random-effects-logit" ...
};

class ResultSchema {
 public:
  /// Errors: invalid, with every problem: additionalProperties must be false in each object, each
  /// number needs x-medperf, strings need an enum, const or a maxLength of at most 64 ...
  static Result<ResultSchema> parse(const Json& document);
  const std::vector<MetricDeclaration>& metrics() const { return metrics_; }
  const JsonSchema& validator() const { return validator_; }
  const Json& document() const { return document_; }

 private:
  ResultSchema(Json document, JsonSchema validator, std::vector<MetricDeclaration> metrics)
      : document_(std::move(document)), validator_(std::move(validator)), metrics_(std::move(metrics)) {}
  Json document_;
  JsonSchema validator_;
  std::vector<MetricDeclaration> metrics_;
};

}  // namespace medperf::result
