// Several models on the same cases.

#include <filesystem>

#include "apps/metrics/answer.h"
#include "base/files.h"
#include "cohort/comparison.h"

namespace medperf::metrics_app {
namespace {

/// The predictions of each model, named as their file without its ending.
Result<std::vector<cohort::ModelTable>> models_of(const Request& request) {
  std::vector<cohort::ModelTable> models;
  for (const std::string& file : request.inputs) {
    MEDPERF_TRY(std::string text, read_file(file));
    models.push_back({fs::path(file).stem().string(), std::move(text)});
  }
  return models;
}

Error wrong_files(std::string_view what) {
  return make_error(ErrorKind::kInvalid, "FILE...", std::string(what),
                    "Give --labels and the predictions of each model, or one table of values "
                    "without --labels.");
}

Result<cohort::FigureSet> compared(const Request& request,
                                   const cohort::ComparisonOptions& options) {
  if (!request.labels_file.empty()) {
    if (!request.metrics.empty()) return wrong_files("--metric is of a table of values");
    MEDPERF_TRY(const auto models, models_of(request));
    MEDPERF_TRY(const std::string labels, read_file(request.labels_file));
    std::string patients;
    if (!request.patients.empty()) {
      MEDPERF_TRY(patients, read_file(request.patients));
    }
    return cohort::compare_scores(models, labels, patients, options);
  }
  if (request.inputs.size() != 1) return wrong_files("there are several tables of values");
  if (!request.patients.empty()) return wrong_files("a table of values has its own patients");
  MEDPERF_TRY(const std::string table, read_file(request.inputs[0]));
  MEDPERF_TRY(const auto missing, cohort::parse_missing_rule(request.missing));
  auto set = cohort::compare_values(table, request.metrics.empty() ? "" : request.metrics[0],
                                    missing, options);
  if (!set) return std::move(set).error().at(request.inputs[0]);
  return set;
}

}  // namespace

Result<int> answer_compare(const Request& request) {
  cohort::ComparisonOptions options{request.threshold, bootstrap_of(request)};
  if (request.interval == "bca") options.bootstrap.interval = metrics::BootstrapInterval::kBca;
  MEDPERF_TRY(const auto set, compared(request, options));
  Json said = statistics_of(request);
  said.set("interval", request.interval.empty() ? "percentile" : request.interval);
  if (!request.labels_file.empty()) {
    said.set("threshold", request.threshold);
  } else {
    said.set("missing", request.missing);
  }
  return answer_figures(request, set, said);
}

}  // namespace medperf::metrics_app
