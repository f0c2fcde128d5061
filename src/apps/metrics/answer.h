#pragma once
// What `medperf-metrics` does for each request: call the room cohort and print.

#include <optional>

#include "apps/metrics/request.h"
#include "base/json.h"
#include "base/result.h"
#include "cohort/figures.h"
#include "metrics/pooling/site_summary.h"
#include "metrics/statistics/bootstrap.h"
#include "metrics/vocabulary.h"

namespace medperf::metrics_app {

/// Prints the answer; gives the exit code.
Result<int> answer_segmentation(const Request& request);
Result<int> answer_classification(const Request& request);
Result<int> answer_regression(const Request& request);
Result<int> answer_compare(const Request& request);
Result<int> answer_noise(const Request& request);
Result<int> answer_rank(const Request& request);
Result<int> answer_values(const Request& request);
Result<int> answer_meta(const Request& request);
Result<int> answer_pool(const Request& request);
Result<int> answer_list(const Request& request);
Result<int> answer_describe(const Request& request);

/// The name and version that documents carry.
inline constexpr std::string_view kProgram = "medperf-metrics " MEDPERF_VERSION;

/// The bootstrap that the options ask for.
metrics::BootstrapOptions bootstrap_of(const Request& request);
/// Which side is better, if it was said.
std::optional<metrics::Direction> better_of(const Request& request);
/// What documents repeat of the bootstrap.
Json statistics_of(const Request& request);

/// Prints figures, and writes the files that were asked for.
Result<int> answer_figures(const Request& request, const cohort::FigureSet& set,
                           const Json& options);
/// Writes the site's summary if --summary-file asks for it.
Status save_summary(const Request& request, const metrics::SiteSummary& summary);
/// Standard output, all of it or an error (unavailable), e.g. when the disk is full.
Status print(std::string_view text);
/// Writes a file that was asked for by an option; nothing without a name.
Status save(const std::string& file, std::string_view text);

}  // namespace medperf::metrics_app
