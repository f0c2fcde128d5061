#pragma once
// What of a site's mergeable summary (medperf/summary/v1) may leave, and when it must not.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "metrics/pooling/site_summary.h"

namespace medperf::result {

/// One part of the summary, pinned so far that the parts of any two sites can be merged.
struct SummaryFigure {
  std::string metric;                ///< vocabulary id
  std::string of;                    ///< "WT"; empty: nothing to add
  std::string bins;                  ///< "equal-width 0..1 512", of a part that has bins
  std::optional<double> threshold;   ///< of the 2x2 table
  std::vector<std::string> classes;  ///< of a table of classes, in its order
  std::vector<std::string> reasons;  ///< for which a case may have no value: "ref_empty"
};

/// An object of the result schema whose x-medperf has "summary". Its inside is described by
/// medperf/summary/v1; what the benchmark adds leaves no text free, so that nothing else can leave
/// in it. The sums in it are exact: they are not rounded to digits.
struct SummaryDeclaration {
  std::string path;
  std::string kind;
  std::string rules;
  std::vector<SummaryFigure> figures;  ///< all of them, in this order
  std::int64_t most_cases = 0;
  /// The whole summary is suppressed if it tells of 1 to minimum - 1 cases: of the site, of a
  /// class, of those with or without a figure. The model's decisions and single bins do not count.
  std::int64_t minimum_count = 0;
};

/// Whether a node of a result schema declares a summary (well or not).
bool declares_summary(const Json& node);
/// Reads x-medperf of such a node; problems are added to `errors` under `path`.
SummaryDeclaration read_summary_declaration(const Json& node, const std::string& path,
                                            std::vector<FieldError>& errors);

/// A summary of one site that is what the benchmark declares. Two of them merge, unless they have
/// more cases than counts hold. Errors: invalid, conflict, too_large, with the place in it.
Result<metrics::SiteSummary> read_declared_summary(const SummaryDeclaration& declared,
                                                   const Json& document);
/// The same of one that was let through before, when it left or came: how it is written is not
/// looked at again, which takes longer than to read it.
Result<metrics::SiteSummary> read_accepted_summary(const SummaryDeclaration& declared,
                                                   const Json& document);
/// Whether it must be suppressed.
bool tells_of_few(const SummaryDeclaration& declared, const metrics::SiteSummary& summary);

}  // namespace medperf::result
