#pragma once
// The sentence under the table: what the figures say, and what they do not.

#include <string>
#include <vector>

#include "hub/release/pooling.h"

namespace medperf::hub {

/// One model's figures for the sentence.
struct ModelFigures {
  std::string name;
  const std::vector<SiteResult>* sites;  ///< null: not shown to this viewer
  const Pooled* pooled;                  ///< null: not shown to this viewer
};

/// Names the model with the highest pooled AUC, whether its lead is more than chance, its lowest
/// site beside the runner-up's, and how far the sites differ; a warning below `minimum_sites`.
std::string summary_sentence(const std::vector<ModelFigures>& models, std::int64_t minimum_sites);

}  // namespace medperf::hub
