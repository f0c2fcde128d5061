// One table of values or scores: its distribution, and what wrong labels would do to it.

#include "apps/metrics/answer.h"
#include "base/files.h"
#include "cohort/noise.h"
#include "cohort/value_figures.h"

namespace medperf::metrics_app {
namespace {

Json numbers_of(const std::vector<double>& numbers) {
  return Json(Json::Array(numbers.begin(), numbers.end()));
}

}  // namespace

Result<int> answer_values(const Request& request) {
  cohort::ValueOptions options;
  options.quantiles = request.quantiles;
  options.bootstrap = bootstrap_of(request);
  options.better = better_of(request);
  options.minimum_patients = request.minimum_patients;
  if (request.interval == "bootstrap") options.interval = cohort::MeanInterval::kBootstrap;
  MEDPERF_TRY(const auto missing, cohort::parse_missing_rule(request.missing));
  MEDPERF_TRY(const std::string table, read_file(request.inputs[0]));
  auto set = cohort::summarise_values(table, request.metrics.empty() ? "" : request.metrics[0],
                                      missing, options);
  if (!set) return std::move(set).error().at(request.inputs[0]);
  Json said = statistics_of(request);
  said.set("interval", request.interval.empty() ? "t" : request.interval);
  said.set("quantiles", numbers_of(request.quantiles));
  said.set("missing", request.missing);
  said.set("minimum_patients", request.minimum_patients);
  return answer_figures(request, *set, said);
}

Result<int> answer_noise(const Request& request) {
  MEDPERF_TRY(const std::string predictions, read_file(request.inputs[0]));
  MEDPERF_TRY(const std::string labels, read_file(request.inputs[1]));
  MEDPERF_TRY(const auto set,
              cohort::doubt_labels(predictions, labels,
                                   {request.shares, request.threshold, bootstrap_of(request)}));
  Json said = statistics_of(request);
  said.set("threshold", request.threshold);
  said.set("shares", numbers_of(request.shares));
  return answer_figures(request, set, said);
}

}  // namespace medperf::metrics_app
