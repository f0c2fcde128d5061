#pragma once
// The result schema of a benchmark: JSON Schema draft 7 with x-medperf keys, which says
// everything that may leave a site.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "result/summary_rule.h"

namespace medperf::result {

inline constexpr std::string_view kResultSchemaFormat = "medperf/result-schema/v1";
/// Most values that a result may hold, so that it cannot carry cases.
inline constexpr std::int64_t kMostValues = 2'000;

/// One declared number (a leaf of the schema with "x-medperf").
struct MetricDeclaration {
  std::string path;        ///< dotted: "auc.value"; "*" for any item of a list: "bins.*.count"
  std::string metric;      ///< vocabulary id: "auroc"
  std::string convention;  ///< e.g. "mann-whitney; DeLong interval"
  std::string direction;   ///< "higher", "lower" or "none"
  std::string unit;
  std::optional<int> digits;                  ///< decimals that may leave; none: integers and text
  std::optional<std::int64_t> minimum_count;  ///< small cells below it are suppressed (counts)
  std::string title;  ///< JSON Schema's own keyword: the name for people; may be empty
  std::string merge;  ///< how sites are merged: "none", "sum" or "random-effects-logit"
  /// The leaves that random effects need beside the value, by their part: "se", "positives" and
  /// "negatives" (a standard error, for areas), or "events" and "total" (a proportion). Empty: this
  /// figure cannot be merged.
  std::map<std::string, std::string, std::less<>> merge_from;
  /// Leaves that would reveal this count, so they are suppressed with it (paths like `path`).
  std::vector<std::string> suppress_with;
};

class ResultSchema {
 public:
  /// Accepts the part of draft 7 in which everything that can leave is bounded. Errors: invalid,
  /// with every problem as a field error:
  /// - an object needs additionalProperties false; a list needs maxItems; no other combining
  /// keywords;
  /// - text needs an enum, a const, or (outside lists) maxLength of at most 64 and a pattern from ^
  /// to
  ///   $ without wildcards;
  /// - a number needs minimum and maximum, and x-medperf with a metric; if it is no integer, digits
  ///   (0 to 15) too. A const or enum needs none of these;
  /// - merge_from must name declared numbers outside lists;
  /// - an object whose x-medperf names a summary (summary_rule.h) has no properties of its own,
  /// stands
  ///   once and outside lists, and must allow null;
  /// - a count with minimum_count, and all that suppress_with names (leaves, or objects for all of
  ///   their leaves), must allow null.
  static Result<ResultSchema> parse(const Json& document);
  const std::vector<MetricDeclaration>& metrics() const { return metrics_; }
  /// The declaration of a leaf, by a path as in MetricDeclaration; null pointer if it has none.
  const MetricDeclaration* metric(std::string_view path) const;
  /// The site's mergeable summary that leaves with a result; null pointer if none does.
  const SummaryDeclaration* summary() const { return summary_ ? &*summary_ : nullptr; }
  /// What a table of sites shows, in its order: paths of x-medperf.shown at the root; without it
  /// every number outside lists that is merged.
  const std::vector<std::string>& shown() const { return shown_; }
  const JsonSchema& validator() const { return validator_; }
  const Json& document() const { return document_; }

 private:
  ResultSchema(Json document, JsonSchema validator, std::vector<MetricDeclaration> metrics,
               std::vector<std::string> shown, std::optional<SummaryDeclaration> summary)
      : document_(std::move(document)),
        validator_(std::move(validator)),
        metrics_(std::move(metrics)),
        shown_(std::move(shown)),
        summary_(std::move(summary)) {}
  Json document_;
  JsonSchema validator_;
  std::vector<MetricDeclaration> metrics_;
  std::vector<std::string> shown_;
  std::optional<SummaryDeclaration> summary_;
};

}  // namespace medperf::result
