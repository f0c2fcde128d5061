#pragma once
// What a benchmark chooses in parameters.yaml.

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "cohort/binary_evaluation.h"
#include "cohort/segmentation.h"
#include "metrics/statistics/bootstrap.h"

namespace evaluator {

struct Parameters {
  std::string kind;  ///< "segmentation", "binary-classification", ...: see README.md
  double threshold = 0.5;
  bool summary = false;  ///< add the site's mergeable summary
  std::int64_t minimum_patients = medperf::cohort::kMinimumPatients;  ///< of a group
  medperf::cohort::SegmentationOptions segmentation;
  medperf::metrics::BootstrapOptions bootstrap;
  medperf::cohort::BinaryOptions binary() const { return {threshold, bootstrap, true}; }
};

/// Unknown keys are errors: a misspelt one would silently give another benchmark.
medperf::Result<Parameters> read_parameters(const medperf::Json& document);

}  // namespace evaluator
