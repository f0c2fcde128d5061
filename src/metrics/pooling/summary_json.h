#pragma once
// A site's mergeable summary as a document, medperf/summary/v1 (docs/schemas/summary-v1.json).

#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "metrics/pooling/site_summary.h"

namespace medperf::metrics {

inline constexpr std::string_view kSummaryFormat = "medperf/summary/v1";
/// Positive if and only if score >= threshold.
inline constexpr std::string_view kDecisionRule = "score-at-least/1";

/// One document for each summary: the same counts and sums give the same text. Bins without a case
/// are left out.
Json summary_document(const SiteSummary& summary, std::string_view program);

/// Reads what summary_document wrote, strictly: unknown keys, counts and sums that no cases can
/// have, and parts that do not account for every case are refused. At most 8 MiB and 1,000 parts.
/// Errors: invalid (with the part and key), conflict for another version of a rule, too_large.
Result<SiteSummary> parse_summary(std::string_view text);
Result<SiteSummary> read_summary(const Json& document);

}  // namespace medperf::metrics
