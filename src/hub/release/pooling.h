#pragma once
// One model over its sites: figures pooled by room metrics.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "metrics/meta_analysis.h"

namespace medperf::hub {

/// One counted result: a model at a site.
struct SiteResult {
  std::int64_t result = 0;
  std::int64_t dataset = 0;
  std::string site;  ///< the dataset's name
  std::int64_t dataset_owner = 0;
  Json results;  ///< `results` of the envelope
};

struct Pooled {
  std::optional<metrics::MetaAnalysis> auc;
  std::optional<metrics::MetaAnalysis> sensitivity;
  std::optional<metrics::MetaAnalysis> specificity;
  std::vector<std::string> warnings;  ///< sentences
};

/// Random effects (REML, logit scale, Hartung-Knapp) over the sites that have the figure; a site
/// whose figure is suppressed is left out with a warning.
Pooled pool(const std::vector<SiteResult>& sites);
/// {"auc": {...}, "sensitivity": ..., "specificity": ..., "heterogeneity": of the AUC, "warnings"}.
Json to_json(const Pooled& pooled);

}  // namespace medperf::hub
