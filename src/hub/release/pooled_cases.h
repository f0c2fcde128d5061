#pragma once
// All cases of one model as if they lay in one list, from the summaries in the sites' results.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "metrics/pooling/site_summary.h"
#include "result/summary_rule.h"

namespace medperf::hub {

struct PooledCases {
  std::size_t sites = 0;  ///< whose summary is in it
  metrics::SiteSummary merged;
};

/// The summaries in `results` (of each site, as its envelope holds them), merged; nothing if there
/// is none. What cannot be used is told in `warnings`, which name no site: who reads them may not
/// be shown one.
std::optional<PooledCases> pool_cases(const result::SummaryDeclaration& declared,
                                      const std::vector<const Json*>& results,
                                      std::vector<std::string>& warnings);

/// {"sites", "n_cases", "n_patients", "n_failed", "level", "figures": [{"metric", "name", "of",
/// "value", "low", "high", "bound", "flag", "convention", of logits also "clipped"}], "undefined":
/// {"dice WT": {reason: cases}}}. Figures only: the merged sums stay on the hub.
Json to_json(const PooledCases& pooled);

}  // namespace medperf::hub
