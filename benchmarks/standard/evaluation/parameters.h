#pragma once
// What a benchmark chooses in parameters.yaml.

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "cohort/segmentation.h"
#include "metrics/statistics/bootstrap.h"

namespace evaluator {

struct Parameters {
  std::string kind;  ///< "segmentation", "classification" or "regression"
  double threshold = 0.5;
  medperf::cohort::SegmentationOptions segmentation;
  medperf::metrics::BootstrapOptions bootstrap;
};

/// Unknown keys are errors: a misspelt one would silently give another benchmark.
medperf::Result<Parameters> read_parameters(const medperf::Json& document);

}  // namespace evaluator
