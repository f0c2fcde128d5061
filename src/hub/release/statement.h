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

/// Names the model whose pooled `figure` is best, whether its lead is more than chance, its worst
/// site beside the runner-up's, and how far the sites differ; a warning below `minimum_sites`.
/// `figure` may be null: then nothing can be said.
std::string summary_sentence(const Figure* figure, const std::vector<ModelFigures>& models,
                             std::int64_t minimum_sites);

}  // namespace medperf::hub
