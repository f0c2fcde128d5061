#pragma once
// What `medperf-metrics` does for each request: call the room cohort and print.

#include "apps/metrics/request.h"
#include "base/result.h"

namespace medperf::metrics_app {

/// Prints the answer; gives the exit code.
Result<int> answer_segmentation(const Request& request);
Result<int> answer_classification(const Request& request);
Result<int> answer_regression(const Request& request);
Result<int> answer_list(const Request& request);
Result<int> answer_describe(const Request& request);

/// Standard output, all of it or an error (unavailable), e.g. when the disk is full.
Status print(std::string_view text);
/// Writes a file that was asked for by an option; nothing without a name.
Status save(const std::string& file, std::string_view text);

}  // namespace medperf::metrics_app
